"""A person's certificates."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate


def certificates(session: Session, person_id: int) -> list[Certificate]:
    """All certificates of a person, the newest first."""
    statement = select(Certificate).where(Certificate.person_id == person_id).order_by(Certificate.id.desc())
    return list(session.execute(statement).scalars())


def certificate(session: Session, person_id: int, number: str) -> Certificate | None:
    """A certificate by its number; None if it is not this person's."""
    statement = select(Certificate).where(Certificate.person_id == person_id, Certificate.number == number)
    return session.execute(statement).scalar_one_or_none()
