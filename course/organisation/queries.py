"""The organisation as pages show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from course.content.schema import Nation, Setting
from course.dates import civil_date
from course.db import RowSource
from course.organisation.models import Contact, Organisation, OrganisationLook
from course.organisation.rules.contacts import ContactView as ContactView
from course.organisation.rules.contacts import is_review_overdue
from course.organisation.rules.sites import (
    Site,
    SiteDirectory,
    TeamSettings,
    all_sites,
    organisation_for_teams,
    sites_of_teams,
)
from course.people.models import Person, Team, TeamChange, TeamSetting, UsualLanguage
from course.people.queries import USUAL_LANGUAGE, team_setting_values, teams_of_people
from course.people.rules import TEAM_SETTINGS, team_and_above


@dataclass(frozen=True)
class ContactOwner:
    """The owner of a contact, who reviews it; `is_active` is False once the person has left."""

    name: str
    email: str | None
    is_active: bool


@dataclass(frozen=True)
class OrganisationView:
    """The organisation with its newest contacts and look, as a whole or as somebody has it (`for_teams`).

    `contacts` are by kind: lead, deputy, out-of-hours, social-care; a kind that nobody filled in is missing. `logo` is
    the hash of the logo, `colour` six hexadecimal digits; both are None for the default look. `directory` is what teams
    have set for themselves; `sites` are those of the people for whom this view is, none for the whole organisation.
    `language` is that of people who have chosen none (BCP 47), if one was set.
    """

    name: str
    nation: Nation
    pathway: Setting
    contacts: Mapping[str, ContactView]
    logo: str | None = None
    colour: str | None = None
    directory: SiteDirectory = field(default_factory=SiteDirectory)
    sites: tuple[Site, ...] = ()
    language: str | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.nation, self.pathway, *self.contacts.values()))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def as_site(self) -> Site:
        """What holds where no team has set anything."""
        return Site(None, self.name, self.nation, self.pathway, self.contacts)

    @cached_property
    def all_sites(self) -> tuple[Site, ...]:
        """Every site of the organisation, by name. Only for the whole organisation."""
        return all_sites(self.directory, self.as_site)

    def for_teams(self, teams: Iterable[int]) -> OrganisationView:
        """The organisation as a person in these teams has it: with their title, nation, pathway, contacts and sites. The
        teams are in the order in which the person joined them. Only for the whole organisation."""
        if not self.directory.settings:
            return self
        ids = tuple(teams)
        own = organisation_for_teams(ids, self.directory, self.as_site)
        return replace(
            self, name=own.name, nation=own.nation, pathway=own.pathway, contacts=own.contacts,
            sites=sites_of_teams(ids, self.directory, self.as_site),
        )  # fmt: skip


# Tables, not classes: this query runs on every page and needs rows only, without the cost of mapped objects.
_organisation, _contact, _look = Organisation.__table__, Contact.__table__, OrganisationLook.__table__
_setting, _team, _team_change = TeamSetting.__table__, Team.__table__, TeamChange.__table__
_usual_language = UsualLanguage.__table__
_newest_contact_ids = select(func.max(_contact.c.id)).where(_contact.c.team_id.is_(None)).group_by(_contact.c.kind)
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
    select(func.max(_setting.c.id)).scalar_subquery().label("setting"),
    select(func.max(_contact.c.id)).where(_contact.c.team_id.is_not(None)).scalar_subquery().label("team_contact"),
    USUAL_LANGUAGE.label("language"),
).select_from(
    _organisation.outerjoin(_contact, _contact.c.id.in_(_newest_contact_ids)).outerjoin(
        _look, _look.c.id == _newest_look_id
    )
)


class OrganisationVersion(NamedTuple):
    """The version of the organisation's data: it changes whenever the data does.

    Rows of contacts, looks and settings of teams are never changed, only added, so that the newest ids identify them; and a
    change of the tree of teams adds a team or a change of one. All are None before the set-up.
    """

    name: str | None
    nation: Nation | None
    pathway: Setting | None
    contact: int | None
    look: int | None
    setting: int | None = None
    team: int | None = None
    team_change: int | None = None
    language: int | None = None


def _scalar_subquery(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(column).scalar_subquery()


# The columns of an OrganisationVersion, to be added to a query that every page runs anyway.
VERSION_COLUMNS = (
    _scalar_subquery(_organisation.c.name),
    _scalar_subquery(_organisation.c.nation),
    _scalar_subquery(_organisation.c.pathway),
    _scalar_subquery(func.max(_contact.c.id)),
    _scalar_subquery(func.max(_look.c.id)),
    _scalar_subquery(func.max(_setting.c.id)),
    _scalar_subquery(func.max(_team.c.id)),
    _scalar_subquery(func.max(_team_change.c.id)),
    _scalar_subquery(func.max(_usual_language.c.id)),
)


def organisation(session: RowSource) -> OrganisationView | None:
    """The organisation with its newest contacts, in one query, and in six once a team has settings of its own; None before
    the set-up."""
    rows = session.execute(_ORGANISATION_QUERY).all()
    if not rows:
        return None
    contacts = {row.kind: _contact_view(row) for row in rows if row.kind and (row.contact or row.phone)}
    first = rows[0]
    has_directory = first.setting is not None or first.team_contact is not None
    directory = site_directory(session) if has_directory else SiteDirectory()
    return OrganisationView(
        first.name, first.nation, first.pathway, contacts, first.logo_sha256, first.colour, directory,
        language=first.language,
    )  # fmt: skip


def _contact_view(row: Any, team_id: int | None = None) -> ContactView:
    return ContactView(
        row.id, row.kind, row.contact, row.phone, row.email, row.confirmed_at, row.owner_id, row.review_months, team_id
    )


def site_directory(session: RowSource) -> SiteDirectory:
    """The open teams, and what each of them has set for itself and all below it. Five queries."""
    teams = session.execute(
        select(_team.c.id, _team.c.name, _team.c.parent_id).where(_team.c.closed_at.is_(None))
    ).all()
    values = {kind: team_setting_values(session, kind) for kind in TEAM_SETTINGS}
    newest = select(func.max(_contact.c.id)).where(_contact.c.team_id.is_not(None))
    rows = session.execute(
        select(
            _contact.c.id, _contact.c.team_id, _contact.c.kind, _contact.c.name.label("contact"), _contact.c.phone,
            _contact.c.email, _contact.c.confirmed_at, _contact.c.owner_id, _contact.c.review_months,
        ).where(_contact.c.id.in_(newest.group_by(_contact.c.team_id, _contact.c.kind)))
    )  # fmt: skip
    contacts: dict[int, dict[str, ContactView]] = defaultdict(dict)
    for row in rows:
        if row.contact or row.phone:
            contacts[row.team_id][row.kind] = _contact_view(row, row.team_id)
    found: set[int] = set(contacts).union(*values.values())
    settings = {
        row.id: TeamSettings(
            values["title"].get(row.id),
            cast("Nation | None", values["nation"].get(row.id)),
            cast("Setting | None", values["pathway"].get(row.id)),
            contacts.get(row.id, {}),
        )
        for row in teams
        if row.id in found
    }
    return SiteDirectory({row.id: row.name for row in teams}, {row.id: row.parent_id for row in teams}, settings)


def organisation_of_people(session: RowSource, people: Collection[int]) -> dict[int, OrganisationView]:
    """The organisation as each of these people has it, by person; empty before the set-up. One query more than for the
    organisation once a team has settings of its own."""
    whole = organisation(session)
    if whole is None:
        return {}
    teams = teams_of_people(session, people) if whole.directory.settings else {}
    return {person: whole.for_teams(teams.get(person, ())) for person in people}


def organisation_of(session: RowSource, person_id: int) -> OrganisationView | None:
    """The organisation as one person has it; None before the set-up."""
    return organisation_of_people(session, [person_id]).get(person_id)


def lead_of_teams(teams: Iterable[int], whole: OrganisationView) -> set[int]:
    """The teams whose own safeguarding lead is that of a person in these teams: of each team the nearest, among itself and
    those above it, that names one. Without an entry where the lead is that of the organisation."""
    settings, parents = whole.directory.settings, whole.directory.parents
    found = (
        next(
            (one for one in team_and_above(team, parents) if one in settings and "lead" in settings[one].contacts), None
        )
        for team in teams
    )
    return {team for team in found if team is not None}


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


def contacts_everywhere(view: OrganisationView | None) -> list[ContactView]:
    """The contacts of the organisation and those that open teams have of their own."""
    if view is None:
        return []
    return [
        *view.contacts.values(),
        *(one for own in view.directory.settings.values() for one in own.contacts.values()),
    ]


def stale_contacts(view: OrganisationView | None, zone: str, today: date) -> list[ContactView]:
    """The contacts of the whole organisation and of open teams whose review is overdue on `today`."""
    return [
        entry
        for entry in contacts_everywhere(view)
        if is_review_overdue(civil_date(entry.confirmed_at, zone), entry.review_months, today)
    ]


def contact_owners(session: Session, view: OrganisationView | None) -> dict[int, ContactOwner]:
    """The owners of the contacts of the whole organisation and of open teams, by person id."""
    ids = {entry.owner_id for entry in contacts_everywhere(view)} - {None}
    rows = session.execute(select(Person.id, Person.name, Person.email, Person.left_at).where(Person.id.in_(ids)))
    return {row.id: ContactOwner(row.name, row.email, row.left_at is None) for row in rows}
