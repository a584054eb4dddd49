"""The organisation as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import ScalarSelect, String, cast, func, select

from course.db import Rows
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

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.nation, *self.contacts.values()))

    def __hash__(self) -> int:
        return self._hash


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


# What tells one state of the organisation from another. Contacts are never changed, only added to.
_mark = select(
    func.coalesce(func.max(_organisation.c.name), "")
    + "\n"
    + func.coalesce(func.max(_organisation.c.nation), "")
    + "\n"
    + func.coalesce(select(cast(func.max(_contact.c.id), String)).scalar_subquery(), "")
)
MARK: ScalarSelect[str] = _mark.scalar_subquery()


def organisation(session: Rows) -> OrganisationView | None:
    """The organisation with its newest contacts, in one query; None before the set-up."""
    found = session.execute(_ORGANISATION).all()
    if not found:
        return None
    contacts = {
        row.kind: ContactView(row.kind, row.contact, row.phone, row.email, row.confirmed_at)
        for row in found
        if row.kind and (row.contact or row.phone)
    }
    return OrganisationView(found[0].name, found[0].nation, contacts)
