"""Reading public keys, signed credentials and status lists."""

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
    """Every public key with which this installation ever signed, oldest first."""
    return tuple(Key(*row) for row in session.execute(_KEYS))


def key(session: Session, number: int) -> Key | None:
    """A public key by its number; None if there is none."""
    found = session.execute(_KEYS.where(SigningKey.number == number)).one_or_none()
    return None if found is None else Key(*found)


def numbered_keys(session: Session) -> list[tuple[int, Key]]:
    """The same with their numbers."""
    rows = session.execute(_KEYS.add_columns(SigningKey.number))
    return [(number, Key(*values)) for *values, number in rows]


def signed_credential(session: Session, certificate_id: int) -> bytes | None:
    """The signed credential of a certificate, as JSON; None if there is none, or only one by a withdrawn key."""
    statement = (
        select(SignedCredential.document)
        .where(SignedCredential.certificate_id == certificate_id, _KEY_NOT_WITHDRAWN)
        .order_by(SignedCredential.id.desc())
        .limit(1)
    )
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else found.encode()


def signed_certificate_ids(session: Session) -> set[int]:
    """The ids of certificates with a credential whose key has not been withdrawn."""
    return set(session.execute(select(SignedCredential.certificate_id).where(_KEY_NOT_WITHDRAWN)).scalars())


def status_list(session: Session, number: int) -> bytes | None:
    """The last signed version of a status list; None if there is no list of that number."""
    statement = select(StatusList.document).where(StatusList.number == number).order_by(StatusList.id.desc()).limit(1)
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else found.encode()
