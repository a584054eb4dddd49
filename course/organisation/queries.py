"""The organisation as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
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
    contacts: Mapping[str, ContactView]

    def __hash__(self) -> int:
        return hash((self.name, self.nation, *self.contacts.values()))


# Tables, not classes: this is asked for on every page, and rows are all it needs.
_organisation, _contact = Organisation.__table__, Contact.__table__
_newest = select(func.max(_contact.c.id)).group_by(_contact.c.kind)
_ORGANISATION = select(
    _organisation.c.name,
    _organisation.c.nation,
    _contact.c.kind,
    _contact.c.name.label("contact"),
    _contact.c.phone,
    _contact.c.email,
    _contact.c.confirmed_at,
).outerjoin(_contact, _contact.c.id.in_(_newest))


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
