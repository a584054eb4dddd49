"""A person's certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate, CertificateChange, CertificateLinkEnd
from course.certificates.rules import CertificateChangeKind, CertificateChangeView


def certificates(session: Session, person_id: int) -> list[Certificate]:
    """All certificates of a person that still bear a name, the newest first."""
    statement = (
        select(Certificate)
        .where(Certificate.person_id == person_id, Certificate.name != "")
        .order_by(Certificate.id.desc())
    )
    return list(session.execute(statement).scalars())


def certificate(session: Session, person_id: int, number: str) -> Certificate | None:
    """A certificate by its number; None if it is not this person's, or does not bear a name any more."""
    mine = (Certificate.person_id == person_id, Certificate.number == number, Certificate.name != "")
    statement = select(Certificate).where(*mine)
    return session.execute(statement).scalar_one_or_none()


def certificates_in_another_name(session: Session, person_id: int, name: str) -> list[Certificate]:
    """A person's certificates that were neither replaced nor revoked and bear another name, oldest first."""
    changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    statement = select(Certificate).where(
        Certificate.person_id == person_id, Certificate.name.not_in((name, "")), ~changed
    )
    return list(session.execute(statement.order_by(Certificate.id)).scalars())


def certificate_link_number(session: Session, person_id: int) -> int:
    """Which of a person's links to their certificates works, counted from 0: the one after the last that was ended."""
    ended = select(func.max(CertificateLinkEnd.number)).where(CertificateLinkEnd.person_id == person_id)
    last = session.execute(ended).scalar_one()
    return 0 if last is None else last + 1


@dataclass(frozen=True)
class CertificateCheck:
    """A certificate as anybody may check it, and what became of it. The reason of a
    change is told to its holder only."""

    certificate: Certificate
    change: CertificateChangeView | None


def check_certificate(session: Session, number: str) -> CertificateCheck | None:
    """A certificate by its number, whoever holds it; None if there is none."""
    found = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one_or_none()
    if found is None:
        return None
    change = (
        session.execute(
            select(CertificateChange).where(CertificateChange.certificate_id == found.id).order_by(CertificateChange.id)
        )
        .scalars()
        .first()
    )
    what = (
        None
        if change is None
        else CertificateChangeView(cast("CertificateChangeKind", change.kind), change.changed_at, change.reason)
    )
    return CertificateCheck(found, what)
