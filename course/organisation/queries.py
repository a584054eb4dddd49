"""The organisation as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.organisation.models import Contact, Organisation


@dataclass(frozen=True)
class ContactView:
    kind: str
    name: str
    phone: str
    email: str
    confirmed_at: datetime


@dataclass(frozen=True)
class OrganisationView:
    """`contacts` by kind: lead, deputy, out-of-hours, social-care; a kind nobody filled in is missing."""

    name: str
    nation: str
    contacts: dict[str, ContactView]


_newest = select(func.max(Contact.id)).group_by(Contact.kind)
_ORGANISATION = select(
    Organisation.name,
    Organisation.nation,
    Contact.kind,
    Contact.name.label("contact"),
    Contact.phone,
    Contact.email,
    Contact.confirmed_at,
).outerjoin(Contact, Contact.id.in_(_newest))


def organisation(session: Session) -> OrganisationView | None:
    """The organisation with its newest contacts, in one query; None before the set-up."""
    rows = session.execute(_ORGANISATION).all()
    if not rows:
        return None
    contacts = {
        row.kind: ContactView(row.kind, row.contact, row.phone, row.email, row.confirmed_at)
        for row in rows
        if row.kind and (row.contact or row.phone)
    }
    return OrganisationView(rows[0].name, rows[0].nation, contacts)
