"""Signing and revoking the credentials of certificates, and managing the signing keys."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.credentials.models import CredentialRevocation, KeyWithdrawal, SignedCredential, SigningKey, StatusList
from course.credentials.rules.did_web import did_key, did_web, follows_as_did, is_did, issuer_name
from course.credentials.rules.documents import (
    STATUS_LIST_SIZE,
    CertificateData,
    SigningSettings,
    credential_document,
    document_bytes,
    issuer_address,
    key_address,
    status_list_document,
)
from course.credentials.rules.keys import Key, KeyLockedError, create_key_pair, unlock_key
from course.credentials.rules.signing import JsonLdDocument, UnsignableDataError, add_proof
from course.db import insert_once
from course.translation import lazy_gettext as _

_LOG = logging.getLogger("course")
# An index is chosen at random. When this many attempts in a row hit an assigned one, the list is more than half full,
# and the next list begins.
_MAX_INDEX_ATTEMPTS = 8


@dataclass(frozen=True)
class _UnlockedKey:
    """A signing key with its decrypted private part."""

    key: SigningKey
    private: Ed25519PrivateKey

    def sign_document(self, document: JsonLdDocument, at: datetime) -> str:
        """The document as JSON with a proof, in which the key bears a name of the same kind as the issuer does."""
        issuer = document["issuer"]
        name = issuer if isinstance(issuer, str) else issuer["id"]
        method = did_key(name, self.key.number) if is_did(name) else self.key.address
        return document_bytes(add_proof(document, self.private, method, at)).decode()


def signing_settings(session: Session) -> SigningSettings:
    """The signing settings of this installation, which the application factory stores in every session."""
    settings: SigningSettings = session.info["signing_settings"]
    return settings


def sign_credential(session: Session, certificate: CertificateData, at: datetime) -> bool:
    """Sign and store the credential of a certificate. Does nothing if there is one by the current key.

    Returns False, after a warning in the log, if the credential cannot be signed: the certificate is issued all the
    same, and signed later.
    """
    settings = signing_settings(session)
    try:
        signer = _current_key(session, settings, at)
        _assign_list_index(session, settings, signer, certificate, at)
    except (KeyLockedError, UnsignableDataError) as error:
        _LOG.warning("certificate %s has no signed credential yet: %s", certificate.number, error)
        return False
    return True


def _assign_list_index(
    session: Session, settings: SigningSettings, signer: _UnlockedKey, certificate: CertificateData, at: datetime
) -> None:
    """Assign an unused index in a status list to a certificate, and sign its credential with that index."""
    newest, last_issuer = _newest_list(session)
    number, attempts = newest or 1, 0
    issuer = issuer_name(settings.base_url, follows_as_did(last_issuer))
    is_signed = (
        SignedCredential.certificate_id == certificate.certificate_id,
        SignedCredential.key_id == signer.key.id,
    )
    while session.execute(select(SignedCredential.id).where(*is_signed)).first() is None:
        if attempts == _MAX_INDEX_ATTEMPTS:
            number, attempts = number + 1, 0
        attempts += 1
        list_index = secrets.randbelow(STATUS_LIST_SIZE)
        insert_once(
            session,
            SignedCredential,
            certificate_id=certificate.certificate_id,
            key_id=signer.key.id,
            list_number=number,
            place=list_index,
            document=signer.sign_document(credential_document(certificate, settings, number, list_index, issuer), at),
            signed_at=at,
        )
    if newest is None or number > newest:
        _publish_status_list(session, settings, signer, number, at)


def _newest_list(session: Session) -> tuple[int | None, str | None]:
    """The number of the newest status list, and its issuer; None twice if there is no list yet."""
    statement = select(StatusList.number, StatusList.document).order_by(StatusList.number.desc(), StatusList.id.desc())
    found = session.execute(statement.limit(1)).one_or_none()
    return (None, None) if found is None else (found.number, str(json.loads(found.document)["issuer"]))


def _list_issuer(session: Session, number: int) -> str | None:
    """The issuer of the last version of a status list; of a new list that of the newest one. None if there is no list."""
    statement = select(StatusList.document).where(StatusList.number <= number)
    found = session.execute(
        statement.order_by(StatusList.number.desc(), StatusList.id.desc()).limit(1)
    ).scalar_one_or_none()
    return None if found is None else str(json.loads(found)["issuer"])


def name_issuer(session: Session, as_did: bool, at: datetime) -> bool:
    """Name the issuer in new credentials by its did:web, or by its address, from now on. Credentials that were issued keep the
    name that they have, and their status lists too.

    A new status list begins: the newest one says which name is used. Returns False if the name is used already. Raises
    ValueError for the did:web of a plain http address, KeyLockedError.
    """
    settings = signing_settings(session)
    if as_did and did_web(settings.base_url) is None:
        raise ValueError("did:web needs a PUBLIC_URL that begins with https://")
    # Serialised by the lock, as publications are.
    session.execute(select(SigningKey.id).order_by(SigningKey.id).with_for_update(key_share=True))
    newest, last_issuer = _newest_list(session)
    if follows_as_did(last_issuer) == as_did:
        return False
    signer = _current_key(session, settings, at)
    _publish_status_list(session, settings, signer, (newest or 0) + 1, at, as_did)
    return True


def revoke_credential(session: Session, certificate_id: int, at: datetime) -> None:
    """Revoke the credentials of a certificate: the bits at their indexes in the status lists are set."""
    insert_once(session, CredentialRevocation, certificate_id=certificate_id, made_at=at)
    statement = select(SignedCredential.list_number).where(SignedCredential.certificate_id == certificate_id)
    numbers = sorted(set(session.execute(statement).scalars()))
    settings = signing_settings(session)
    try:
        for number in numbers:
            _publish_status_list(session, settings, _current_key(session, settings, at), number, at)
    except KeyLockedError as error:
        _LOG.warning("status list %s does not say yet that a certificate was revoked: %s", numbers[0], error)


def _publish_status_list(
    session: Session,
    settings: SigningSettings,
    signer: _UnlockedKey,
    number: int,
    at: datetime,
    as_did: bool | None = None,
) -> None:
    """Sign the current version of a status list. It names the issuer as its last version did, a new list as `as_did` says or
    (None) as the list before it does: verifiers want one issuer for a credential and its list."""
    # Serialised by the lock: each publication must include the revocations of the one before.
    session.execute(select(SigningKey.id).order_by(SigningKey.id).with_for_update(key_share=True))
    statement = (
        select(SignedCredential.place)
        .join(CredentialRevocation, CredentialRevocation.certificate_id == SignedCredential.certificate_id)
        .where(SignedCredential.list_number == number)
    )
    revoked = session.execute(statement).scalars()
    if as_did is None:
        as_did = follows_as_did(_list_issuer(session, number))
    issuer = issuer_name(settings.base_url, as_did)
    document = signer.sign_document(status_list_document(settings, number, revoked, at, issuer), at)
    session.add(StatusList(number=number, key_id=signer.key.id, document=document, signed_at=at))
    session.flush()


def _current_key(session: Session, settings: SigningSettings, at: datetime) -> _UnlockedKey:
    """The newest key for the current URL of the course that has not been withdrawn; a new key if there is none.

    Raises KeyLockedError.
    """
    statement = (
        select(SigningKey, KeyWithdrawal.id)
        .outerjoin(KeyWithdrawal, KeyWithdrawal.key_id == SigningKey.id)
        .order_by(SigningKey.number.desc())
    )
    keys = session.execute(statement).all()
    usable = (key for key, withdrawn in keys if withdrawn is None and key.issuer == issuer_address(settings.base_url))
    current = next(usable, None)
    if current is None:
        # The number follows the newest one that this transaction sees: concurrent transactions create the same number,
        # so only one key.
        newest = keys[0][0].number if keys else 0
        return _create_key(session, settings, newest + 1, _("There was no key for this address."), at)
    return _UnlockedKey(current, unlock_key(current.locked, current.public, settings.secret))


def _create_key(session: Session, settings: SigningSettings, number: int, reason: str, at: datetime) -> _UnlockedKey:
    """Create a key. Every status list is signed with it at once, so that only the newest private key is needed."""
    public, locked = create_key_pair(settings.secret)
    insert_once(
        session,
        SigningKey,
        number=number,
        address=key_address(settings.base_url, number),
        issuer=issuer_address(settings.base_url),
        public=public,
        locked=locked,
        reason=reason,
        made_at=at,
    )
    # A concurrent transaction may have created this number: then that key is used.
    key = session.execute(select(SigningKey).where(SigningKey.number == number)).scalar_one()
    signer = _UnlockedKey(key, unlock_key(key.locked, key.public, settings.secret))
    for list_number in session.execute(select(StatusList.number).distinct()).scalars().all():
        _publish_status_list(session, settings, signer, list_number, at)
    return signer


@dataclass(frozen=True)
class Signer:
    """The current signing key: its public part, and the function that signs bytes with the private part."""

    key: Key
    sign: Callable[[bytes], bytes]


def current_signer(session: Session, at: datetime) -> Signer:
    """The signer for documents other than credentials, with the same key; a new key if there is none yet.

    Raises KeyLockedError.
    """
    signer = _current_key(session, signing_settings(session), at)
    return Signer(Key(signer.key.address, signer.key.issuer, signer.key.public), signer.private.sign)


def rotate_key(session: Session, reason: str, at: datetime) -> str:
    """Sign with a new key from now on; earlier signatures stay valid. Returns the address of the key."""
    newest = session.execute(select(func.max(SigningKey.number))).scalar_one() or 0
    return _create_key(session, signing_settings(session), newest + 1, reason, at).key.address


def withdraw_key(session: Session, number: int, since: datetime, reason: str, at: datetime) -> None:
    """Declare the signatures of a key worthless from the moment `since` on. Another key signs from now on.

    Raises LookupError if the key does not exist, ValueError if it was withdrawn before, KeyLockedError if the key that
    would sign from now on cannot be unlocked.
    """
    key_id = session.execute(select(SigningKey.id).where(SigningKey.number == number)).scalar_one_or_none()
    if key_id is None:
        raise LookupError(f"there is no key {number}")
    if insert_once(session, KeyWithdrawal, key_id=key_id, since=since, reason=reason, made_at=at) is None:
        raise ValueError(f"key {number} was withdrawn before")
    settings = signing_settings(session)
    signer = _current_key(session, settings, at)
    newest = select(func.max(StatusList.id)).group_by(StatusList.number)
    affected = select(StatusList.number).where(StatusList.id.in_(newest), StatusList.key_id == key_id)
    for list_number in session.execute(affected).scalars().all():
        _publish_status_list(session, settings, signer, list_number, at)
