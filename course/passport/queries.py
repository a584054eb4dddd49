"""Whose certificates count here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.passport.models import TrustedIssuer
from course.passport.rules import Issuer, read_profile
from course.people.models import Person


@dataclass(frozen=True)
class Trusted:
    """A trusted issuer with who said so, when and why."""

    id: int
    issuer: Issuer
    reason: str
    by: str | None
    at: datetime


def trusted(session: Session) -> list[Trusted]:
    """The issuers whose certificates count today, by name."""
    newest = select(func.max(TrustedIssuer.id)).group_by(TrustedIssuer.address)
    rows = session.execute(
        select(TrustedIssuer, Person.name)
        .outerjoin(Person, Person.id == TrustedIssuer.made_by)
        .where(TrustedIssuer.id.in_(newest), TrustedIssuer.kind == "trusted")
        .order_by(TrustedIssuer.name, TrustedIssuer.id)
    )
    return [Trusted(row.id, read_profile(row.profile), row.reason, by, row.made_at) for row, by in rows]
