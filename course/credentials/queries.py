"""Public keys, signed credentials and status lists."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.credentials.models import KeyWithdrawal, SignedCredential, SigningKey, StatusList
from course.credentials.rules.keys import Key

_KEYS = (
    select(SigningKey.address, SigningKey.issuer, SigningKey.public, KeyWithdrawal.since)
    .outerjoin(KeyWithdrawal, KeyWithdrawal.key_id == SigningKey.id)
    .order_by(SigningKey.number)
)
_KEY_NOT_WITHDRAWN = SignedCredential.key_id.not_in(select(KeyWithdrawal.key_id))


def keys(session: Session) -> tuple[Key, ...]:
    """Every public key that this installation ever signed with, the oldest first."""
    return tuple(Key(*row) for row in session.execute(_KEYS))


def key(session: Session, number: int) -> Key | None:
    """A public key by its number."""
    found = session.execute(_KEYS.where(SigningKey.number == number)).one_or_none()
    return None if found is None else Key(*found)


def signed_credential(session: Session, certificate_id: int) -> bytes | None:
    """The signed credential of a certificate, as a file; None if there is none whose key still counts."""
    statement = (
        select(SignedCredential.document)
        .where(SignedCredential.certificate_id == certificate_id, _KEY_NOT_WITHDRAWN)
        .order_by(SignedCredential.id.desc())
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else found.encode()


def signed_certificate_ids(session: Session) -> set[int]:
    """The certificates that have a credential whose key still counts."""
    return set(session.execute(select(SignedCredential.certificate_id).where(_KEY_NOT_WITHDRAWN)).scalars())


def status_list(session: Session, number: int) -> bytes | None:
    """A status list as it was last signed; None if there is none of that number."""
    statement = select(StatusList.document).where(StatusList.number == number).order_by(StatusList.id.desc()).limit(1)
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else found.encode()
