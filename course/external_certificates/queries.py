"""Reading the trusted issuers, whose certificates are accepted here."""

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
    """A trusted issuer, with who decided on the trust, when and why."""

    id: int
    issuer: Issuer
    reason: str
    trusted_by: str | None
    trusted_at: datetime


def count_issuer_rows(session: Session, address: str) -> int:
    """The number of decisions about this issuer."""
    statement = select(func.count()).select_from(TrustedIssuer).where(TrustedIssuer.address == address)
    return session.execute(statement).scalar_one()


def latest_decision(session: Session, address: str) -> tuple[str, str] | None:
    """The latest decision about this issuer, trusted or ended, and the profile at that time; None if there is none."""
    statement = select(TrustedIssuer.kind, TrustedIssuer.profile).where(TrustedIssuer.address == address)
    row = session.execute(statement.order_by(TrustedIssuer.id.desc()).limit(1)).first()
    return None if row is None else (row.kind, row.profile)


def trusted_issuers(session: Session) -> list[TrustedIssuerView]:
    """The issuers that are trusted today, by name."""
    newest = select(func.max(TrustedIssuer.id)).group_by(TrustedIssuer.address)
    rows = session.execute(
        select(TrustedIssuer, Person.name)
        .outerjoin(Person, Person.id == TrustedIssuer.made_by)
        .where(TrustedIssuer.id.in_(newest), TrustedIssuer.kind == "trusted")
        .order_by(TrustedIssuer.name, TrustedIssuer.id)
    )
    return [TrustedIssuerView(row.id, read_profile(row.profile), row.reason, by, row.made_at) for row, by in rows]
