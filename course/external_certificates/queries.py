"""Whose certificates count here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.external_certificates.models import TrustedIssuer
from course.external_certificates.rules import Issuer, read_profile
from course.people.models import Person


@dataclass(frozen=True)
class TrustedIssuerView:
    """A trusted issuer with who said so, when and why."""

    id: int
    issuer: Issuer
    reason: str
    by: str | None
    at: datetime


def count_issuer_rows(session: Session, address: str) -> int:
    """How often something was said about this issuer."""
    of = select(func.count()).select_from(TrustedIssuer).where(TrustedIssuer.address == address)
    return session.execute(of).scalar_one()


def latest_decision(session: Session, address: str) -> tuple[str, str] | None:
    """What was said last about this issuer, trusted or ended, and its profile then."""
    of = select(TrustedIssuer.kind, TrustedIssuer.profile).where(TrustedIssuer.address == address)
    row = session.execute(of.order_by(TrustedIssuer.id.desc()).limit(1)).first()
    return None if row is None else (row.kind, row.profile)


def trusted_issuers(session: Session) -> list[TrustedIssuerView]:
    """The issuers whose certificates count today, by name."""
    newest = select(func.max(TrustedIssuer.id)).group_by(TrustedIssuer.address)
    rows = session.execute(
        select(TrustedIssuer, Person.name)
        .outerjoin(Person, Person.id == TrustedIssuer.made_by)
        .where(TrustedIssuer.id.in_(newest), TrustedIssuer.kind == "trusted")
        .order_by(TrustedIssuer.name, TrustedIssuer.id)
    )
    return [TrustedIssuerView(row.id, read_profile(row.profile), row.reason, by, row.made_at) for row, by in rows]
