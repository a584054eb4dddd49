"""Signing the credentials of certificates, revoking them, and looking after the keys."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.credentials.models import CredentialRevocation, KeyWithdrawal, SignedCredential, SigningKey, StatusList
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
from course.credentials.rules.signing import JsonLdDocument, UnsignableDataError
from course.credentials.rules.signing import add_proof as signed
from course.db import insert_once

_LOG = logging.getLogger("course")
# A place is chosen at random. When so many in a row are taken, the list is more than half full: the next one begins.
_MAX_INDEX_ATTEMPTS = 8


@dataclass(frozen=True)
class _UnlockedKey:
    """A key that is at hand, and its private part."""

    key: SigningKey
    private: Ed25519PrivateKey

    def text(self, document: JsonLdDocument, at: datetime) -> str:
        return document_bytes(signed(document, self.private, self.key.address, at)).decode()


def signing_settings(session: Session) -> SigningSettings:
    """What this installation signs with; whoever makes the sessions puts it there."""
    seal: SigningSettings = session.info["seal"]
    return seal


def sign_credential(session: Session, certified: CertificateData, at: datetime) -> bool:
    """Sign and keep the credential of a certificate. Nothing is done if it has one with the key of today.

    False, and a warning in the log, if it cannot be signed: a certificate is issued all the same, and signed later.
    """
    seal = signing_settings(session)
    try:
        signer = _current_key(session, seal, at)
        _assign_list_index(session, seal, signer, certified, at)
    except (KeyLockedError, UnsignableDataError) as error:
        _LOG.warning("certificate %s has no signed credential yet: %s", certified.number, error)
        return False
    return True


def _assign_list_index(
    session: Session, seal: SigningSettings, signer: _UnlockedKey, certified: CertificateData, at: datetime
) -> None:
    """Give a certificate a place of its own in a status list, and sign its credential with it."""
    newest = session.execute(select(func.max(StatusList.number))).scalar_one()
    number, tries = newest or 1, 0
    same = (SignedCredential.certificate_id == certified.certificate_id, SignedCredential.key_id == signer.key.id)
    while session.execute(select(SignedCredential.id).where(*same)).first() is None:
        if tries == _MAX_INDEX_ATTEMPTS:
            number, tries = number + 1, 0
        tries += 1
        place = secrets.randbelow(STATUS_LIST_SIZE)
        insert_once(
            session,
            SignedCredential,
            certificate_id=certified.certificate_id,
            key_id=signer.key.id,
            list_number=number,
            place=place,
            document=signer.text(credential_document(certified, seal, number, place), at),
            signed_at=at,
        )
    if newest is None or number > newest:
        _publish_status_list(session, seal, signer, number, at)


def revoke_credential(session: Session, certificate_id: int, at: datetime) -> None:
    """The credentials of a certificate are not valid any more: their places in the status lists say so."""
    insert_once(session, CredentialRevocation, certificate_id=certificate_id, made_at=at)
    statement = select(SignedCredential.list_number).where(SignedCredential.certificate_id == certificate_id)
    numbers = sorted(set(session.execute(statement).scalars()))
    seal = signing_settings(session)
    try:
        for number in numbers:
            _publish_status_list(session, seal, _current_key(session, seal, at), number, at)
    except KeyLockedError as error:
        _LOG.warning("status list %s does not say yet that a certificate was revoked: %s", numbers[0], error)


def _publish_status_list(
    session: Session, seal: SigningSettings, signer: _UnlockedKey, number: int, at: datetime
) -> None:
    """Sign a status list as it is now."""
    # One after another: each must see what the one before it revoked.
    session.execute(select(SigningKey.id).order_by(SigningKey.id).with_for_update(key_share=True))
    statement = (
        select(SignedCredential.place)
        .join(CredentialRevocation, CredentialRevocation.certificate_id == SignedCredential.certificate_id)
        .where(SignedCredential.list_number == number)
    )
    revoked = session.execute(statement).scalars()
    document = signer.text(status_list_document(seal, number, revoked, at), at)
    session.add(StatusList(number=number, key_id=signer.key.id, document=document, signed_at=at))
    session.flush()


def _current_key(session: Session, seal: SigningSettings, at: datetime) -> _UnlockedKey:
    """The newest key for the address of today that was not withdrawn; a new one if there is none.

    Raises KeyLockedError.
    """
    statement = (
        select(SigningKey, KeyWithdrawal.id)
        .outerjoin(KeyWithdrawal, KeyWithdrawal.key_id == SigningKey.id)
        .order_by(SigningKey.number.desc())
    )
    keys = session.execute(statement).all()
    ours = (key for key, withdrawn in keys if withdrawn is None and key.issuer == issuer_address(seal.address))
    found = next(ours, None)
    if found is None:
        # The number is the next one after those seen here: whoever else saw the same makes the same key.
        newest = keys[0][0].number if keys else 0
        return _create_key(session, seal, newest + 1, "There was no key for this address.", at)
    return _UnlockedKey(found, unlock_key(found.locked, found.public, seal.secret))


def _create_key(session: Session, seal: SigningSettings, number: int, reason: str, at: datetime) -> _UnlockedKey:
    """A new key. Every status list is signed with it at once, so that only the newest key is needed."""
    public, locked = create_key_pair(seal.secret)
    insert_once(
        session,
        SigningKey,
        number=number,
        address=key_address(seal.address, number),
        issuer=issuer_address(seal.address),
        public=public,
        locked=locked,
        reason=reason,
        made_at=at,
    )
    # Somebody else may have made it at the same moment: then theirs is the key.
    key = session.execute(select(SigningKey).where(SigningKey.number == number)).scalar_one()
    signer = _UnlockedKey(key, unlock_key(key.locked, key.public, seal.secret))
    for wanted in session.execute(select(StatusList.number).distinct()).scalars().all():
        _publish_status_list(session, seal, signer, wanted, at)
    return signer


@dataclass(frozen=True)
class Signer:
    """The key that signs today: its public part, and what signs bytes with the private one."""

    key: Key
    sign: Callable[[bytes], bytes]


def current_signer(session: Session, at: datetime) -> Signer:
    """What signs other things than credentials, with the same key; a new one if there is none yet.

    Raises KeyLockedError.
    """
    signer = _current_key(session, signing_settings(session), at)
    return Signer(Key(signer.key.address, signer.key.issuer, signer.key.public), signer.private.sign)


def rotate_key(session: Session, reason: str, at: datetime) -> str:
    """Sign with a new key from now on; what the earlier ones signed stays valid. Returns its address."""
    newest = session.execute(select(func.max(SigningKey.number))).scalar_one() or 0
    return _create_key(session, signing_settings(session), newest + 1, reason, at).key.address


def withdraw_key(session: Session, number: int, since: datetime, reason: str, at: datetime) -> None:
    """What this key signed proves nothing any more from a moment on. Another key signs from now on.

    Raises LookupError for a key that does not exist, ValueError for one that was withdrawn before, KeyLockedError
    if the key that would sign from now on does not open.
    """
    key_id = session.execute(select(SigningKey.id).where(SigningKey.number == number)).scalar_one_or_none()
    if key_id is None:
        raise LookupError(f"there is no key {number}")
    if insert_once(session, KeyWithdrawal, key_id=key_id, since=since, reason=reason, made_at=at) is None:
        raise ValueError(f"key {number} was withdrawn before")
    seal = signing_settings(session)
    signer = _current_key(session, seal, at)
    newest = select(func.max(StatusList.id)).group_by(StatusList.number)
    behind = select(StatusList.number).where(StatusList.id.in_(newest), StatusList.key_id == key_id)
    for wanted in session.execute(behind).scalars().all():
        _publish_status_list(session, seal, signer, wanted, at)
