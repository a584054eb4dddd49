"""Which workers there are, which secret key the database is used with, and what could not be signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate, CertificateChange
from course.credentials.models import KeyWithdrawal, SignedCredential, SigningKey
from course.credentials.rules.keys import KeyLockedError, unlock_key
from course.server.models import SecretKeyFingerprint, WorkerBeat
from course.server.rules import SILENT_AFTER, KeyState, key_state


@dataclass(frozen=True)
class WorkerView:
    """A worker as it was last seen; `alive` if that was a moment ago."""

    name: str
    started_at: datetime
    seen_at: datetime
    stopped_at: datetime | None
    alive: bool
    settings: dict[str, str]


def workers(session: Session, at: datetime) -> list[WorkerView]:
    """The workers that were ever seen and are not forgotten, the one seen last first."""
    rows = session.execute(select(WorkerBeat).order_by(WorkerBeat.seen_at.desc(), WorkerBeat.id.desc())).scalars()
    return [
        WorkerView(
            w.name,
            w.started_at,
            w.seen_at,
            w.stopped_at,
            w.stopped_at is None and at - w.seen_at < SILENT_AFTER,
            json.loads(w.settings),
        )
        for w in rows
    ]


def secret_key_state(session: Session, secret: str) -> KeyState:
    """Whether this is the secret key that the database is used with."""
    newest = select(SecretKeyFingerprint.fingerprint).order_by(SecretKeyFingerprint.number.desc()).limit(1)
    stored = session.execute(newest).scalar_one_or_none()
    return key_state(secret, stored, signing_key_opens(session, secret) if stored is None else None)


def signing_key_opens(session: Session, secret: str) -> bool | None:
    """Whether the newest signing key opens with this secret key; None if there is no signing key that counts."""
    withdrawn = select(KeyWithdrawal.key_id)
    statement = (
        select(SigningKey.locked, SigningKey.public)
        .where(SigningKey.id.not_in(withdrawn))
        .order_by(SigningKey.number.desc())
        .limit(1)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    try:
        unlock_key(found.locked, found.public, secret)
    except KeyLockedError:
        return False
    return True


def count_unsigned_certificates(session: Session) -> int:
    """How many certificates that count have no signature that counts. Each needs 'flask credentials sign-missing'."""
    withdrawn = select(KeyWithdrawal.key_id)
    signed = select(SignedCredential.certificate_id).where(SignedCredential.key_id.not_in(withdrawn))
    changed = select(CertificateChange.certificate_id)
    statement = select(func.count()).select_from(Certificate).where(
        Certificate.name != "", Certificate.id.not_in(changed), Certificate.id.not_in(signed)
    )  # fmt: skip
    return session.execute(statement).scalar_one()
