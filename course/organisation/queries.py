"""The organisation as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from course.content.schema import Nation, Setting
from course.dates import civil_date
from course.db import RowSource
from course.organisation.models import Contact, Organisation, OrganisationLook
from course.organisation.rules.contacts import is_review_overdue
from course.people.models import Person


@dataclass(frozen=True)
class ContactView:
    """A contact as pages show it: the newest row of its kind."""

    id: int
    kind: str
    name: str
    phone: str
    email: str
    confirmed_at: datetime
    owner_id: int | None = None
    review_months: int = 12


@dataclass(frozen=True)
class ContactOwner:
    """The owner of a contact, who reviews it; `is_active` is False once the person has left."""

    name: str
    email: str | None
    is_active: bool


@dataclass(frozen=True)
class OrganisationView:
    """The organisation with its newest contacts and look.

    `contacts` are by kind: lead, deputy, out-of-hours, social-care; a kind that nobody filled in is missing. `logo` is
    the hash of the logo, `colour` six hexadecimal digits; both are None for the default look.
    """

    name: str
    nation: Nation
    pathway: Setting
    contacts: Mapping[str, ContactView]
    logo: str | None = None
    colour: str | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.nation, self.pathway, *self.contacts.values()))

    def __hash__(self) -> int:
        return self._hash


# Tables, not classes: this query runs on every page and needs rows only, without the cost of mapped objects.
_organisation, _contact, _look = Organisation.__table__, Contact.__table__, OrganisationLook.__table__
_newest_contact_ids = select(func.max(_contact.c.id)).group_by(_contact.c.kind)
_newest_look_id = select(func.max(_look.c.id)).scalar_subquery()
_ORGANISATION_QUERY = select(
    _organisation.c.name,
    _organisation.c.nation,
    _organisation.c.pathway,
    _contact.c.id,
    _contact.c.kind,
    _contact.c.name.label("contact"),
    _contact.c.phone,
    _contact.c.email,
    _contact.c.confirmed_at,
    _contact.c.owner_id,
    _contact.c.review_months,
    _look.c.logo_sha256,
    _look.c.colour,
).select_from(
    _organisation.outerjoin(_contact, _contact.c.id.in_(_newest_contact_ids)).outerjoin(
        _look, _look.c.id == _newest_look_id
    )
)


class OrganisationVersion(NamedTuple):
    """The version of the organisation's data: it changes whenever the data does.

    Rows of contacts and looks are never changed, only added, so that the newest ids identify them. All are None before
    the set-up.
    """

    name: str | None
    nation: Nation | None
    pathway: Setting | None
    contact: int | None
    look: int | None


def _scalar_subquery(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(column).scalar_subquery()


# The columns of an OrganisationVersion, to be added to a query that every page runs anyway.
VERSION_COLUMNS = (
    _scalar_subquery(_organisation.c.name),
    _scalar_subquery(_organisation.c.nation),
    _scalar_subquery(_organisation.c.pathway),
    _scalar_subquery(func.max(_contact.c.id)),
    _scalar_subquery(func.max(_look.c.id)),
)


def organisation(session: RowSource) -> OrganisationView | None:
    """The organisation with its newest contacts, in one query; None before the set-up."""
    rows = session.execute(_ORGANISATION_QUERY).all()
    if not rows:
        return None
    contacts = {
        row.kind: ContactView(
            row.id, row.kind, row.contact, row.phone, row.email, row.confirmed_at, row.owner_id, row.review_months
        )
        for row in rows
        if row.kind and (row.contact or row.phone)
    }
    first = rows[0]
    return OrganisationView(first.name, first.nation, first.pathway, contacts, first.logo_sha256, first.colour)


@dataclass(frozen=True)
class Signatory:
    """Who signs the certificates: a name and a role. Both are empty while nobody does."""

    name: str = ""
    role: str = ""


def signatory(session: RowSource) -> Signatory:
    """Who signs new certificates."""
    row = session.execute(select(_organisation.c.signatory_name, _organisation.c.signatory_role)).first()
    return Signatory(*row) if row is not None else Signatory()


def logo_at(session: Session, at: datetime) -> bytes | None:
    """The logo, as PNG, that each page showed at that moment; None if there was none. Two queries."""
    earlier = select(OrganisationLook.logo_sha256).where(OrganisationLook.made_at <= at)
    sha256 = session.execute(earlier.order_by(OrganisationLook.id.desc()).limit(1)).scalar()
    return logo(session, sha256) if sha256 else None


def logo(session: Session, sha256: str) -> bytes | None:
    """The logo with this hash as PNG, whether pages show it today or did earlier; None if it does not exist."""
    rows = select(OrganisationLook.logo).where(
        OrganisationLook.logo_sha256 == sha256, OrganisationLook.logo.is_not(None)
    )
    return session.execute(rows.limit(1)).scalar()


def stale_contacts(view: OrganisationView | None, zone: str, today: date) -> list[ContactView]:
    """The contacts whose review is overdue on `today`."""
    entries = view.contacts.values() if view else ()
    return [e for e in entries if is_review_overdue(civil_date(e.confirmed_at, zone), e.review_months, today)]


def contact_owners(session: Session, view: OrganisationView | None) -> dict[int, ContactOwner]:
    """The owners of the contacts, by person id."""
    ids = {entry.owner_id for entry in view.contacts.values()} - {None} if view else set()
    rows = session.execute(select(Person.id, Person.name, Person.email, Person.left_at).where(Person.id.in_(ids)))
    return {row.id: ContactOwner(row.name, row.email, row.left_at is None) for row in rows}
