"""Who is there, who belongs where, and whom a viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, and_, column, exists, func, or_, select, table
from sqlalchemy.orm import Session, aliased

from course.content.schema import Setting
from course.mail.queries import newest_failure
from course.people.models import Deputy, Membership, PathwayChoice, Person, RoleGrant, Team
from course.people.rules import Viewer, build_viewer, name_key, normalise_email
from course.text import sort_key

# Sign-in is built on top of people, so its table is named here and not imported: whoever has a row in it
# has chosen a password.
CREDENTIAL = table("credential", column("person_id"))


@dataclass(frozen=True)
class PersonView:
    """One person as a list shows them. `roles` are in words; `active` once they have chosen a password;
    `pathway` if one was chosen for them; `failure` says why the newest mail to them has not left; `invited_at` is when
    they were invited last, None if they were not. `twin` says that somebody else who is here has the same name."""

    id: int
    name: str
    email: str
    teams: tuple[str, ...]
    roles: tuple[str, ...]
    active: bool
    pathway: Setting | None = None
    failure: str | None = None
    invited_at: datetime | None = None
    staff_number: str | None = None
    twin: bool = False


@dataclass(frozen=True)
class PathwayView:
    """Which pathway was chosen for somebody, when, by whom (None: by a command), and why."""

    pathway: Setting
    reason: str
    at: datetime
    by: str | None


@dataclass(frozen=True)
class TeamView:
    """A team that is open; `depth` is 0 at the top of the tree."""

    id: int
    name: str
    parent_id: int | None
    depth: int


def person(session: Session, person_id: int) -> Person | None:
    """The person, whether they are still here or have left."""
    return session.get(Person, person_id)


def person_by_email(session: Session, email: str) -> Person | None:
    """The person with this address, in any spelling of its capitals."""
    return session.execute(select(Person).where(Person.email == normalise_email(email))).scalar_one_or_none()


def person_id_by_email(session: Session, email: str) -> int | None:
    """The id of the person with this address; None if there is nobody."""
    found = person_by_email(session, email)
    return None if found is None else found.id


def people_visible_to(session: Session, viewer: Viewer) -> list[PersonView]:
    """The people who are still here and whom the viewer may see, by name.

    An administrator sees everyone; a manager the members of the teams they manage and of all below;
    everyone else only themselves.
    """
    return _person_views(session, _visible_condition(viewer))


def ids_visible_to(session: Session, viewer: Viewer, among: Collection[int] | None = None) -> list[int]:
    """The same people, only their ids; only those `among` these if they are given."""
    wanted = [] if among is None else [Person.id.in_(among)]
    return list(
        session.execute(
            select(Person.id).where(Person.left_at.is_(None), _visible_condition(viewer), *wanted)
        ).scalars()
    )


PEOPLE_PER_PAGE = 50  # people on one page of the list


@dataclass(frozen=True)
class PeoplePage:
    """One page of the list: `page` counts from 1, `total` is how many there are on all pages. `waiting` says how many of
    all who are here have not chosen a password, and `new` how many of those were not invited; only where anybody is
    shown."""

    people: list[PersonView]
    page: int
    total: int
    waiting: int = 0
    new: int = 0

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PEOPLE_PER_PAGE))


def people_page(session: Session, viewer: Viewer, words: str = "", page: int = 1) -> PeoplePage:
    """Those whom `people_visible_to` gives, in pages; with words, those in whose name or address they stand. A name is
    found with or without its accents and capitals."""
    wanted = and_(Person.left_at.is_(None), _visible_condition(viewer))
    if words:
        wanted = and_(wanted, or_(matches_words(words), Person.staff_number == words))
    # The total comes with the page; behind the last page there is nothing for it to come with.
    # So do the others: one query less for a page that is opened often.
    every = _without_password_query().subquery()
    counts = (
        select(func.count()).select_from(every).scalar_subquery(),
        select(func.count()).select_from(every).where(every.c.invited_at.is_(None)).scalar_subquery(),
    )
    rows = select(Person.id, func.count().over(), *counts).where(wanted).order_by(*BY_NAME)
    found = session.execute(rows.limit(PEOPLE_PER_PAGE).offset((page - 1) * PEOPLE_PER_PAGE)).all()
    if not found and page > 1:
        return people_page(session, viewer, words)
    total, waiting, new = found[0][1:] if found else (0, 0, 0)
    people = _person_views(session, Person.id.in_([row.id for row in found]))
    return PeoplePage(people, page, total, waiting, new)


# As people expect names to be ordered, and always the same.
BY_NAME = (Person.name_key, Person.name, Person.id)


def matches_words(words: str) -> ColumnElement[bool]:
    """Whether words stand in somebody's name or address, as part of another query."""
    email = Person.email.icontains(words, autoescape=True)
    key = name_key(words)
    return or_(Person.name_key.contains(key, autoescape=True), email) if key else email


def visible_person(session: Session, viewer: Viewer, person_id: int) -> PersonView | None:
    """One person as a list shows them; None when they have left, or the viewer may not see them."""
    return next(iter(_person_views(session, and_(Person.id == person_id, _visible_condition(viewer)))), None)


def ids_recordable_by(session: Session, viewer: Viewer, among: Collection[int]) -> list[int]:
    """Those of these people about whom the viewer may record something or do something: see `_recordable_condition`."""
    wanted = Person.left_at.is_(None), Person.id.in_(among), _recordable_condition(viewer)
    return list(session.execute(select(Person.id).where(*wanted)).scalars())


def may_record(session: Session, viewer: Viewer, person_id: int) -> bool:
    """Whether the viewer may record something about this person, or do something that concerns them."""
    return bool(ids_recordable_by(session, viewer, [person_id]))


def person_overview(session: Session, person_id: int) -> PersonView | None:
    """One person as a list shows them; None when they have left."""
    return next(iter(_person_views(session, Person.id == person_id)), None)


_choice = PathwayChoice.__table__


def newest_pathway(person: ColumnElement[int]) -> ScalarSelect[str]:
    """The pathway chosen for a person, as part of another query; null if none was."""
    return (
        select(_choice.c.pathway)
        .where(_choice.c.person_id == person)
        .order_by(_choice.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class Invitee:
    """Somebody who has not chosen a password: `invited_at` is None if they were not invited."""

    id: int
    name: str
    invited_at: datetime | None


def people_without_password(session: Session, among: Collection[int] | None = None) -> list[Invitee]:
    """Who is here and has no password, of these people or of all; without those whose address takes no mail. One query."""
    rows = _without_password_query().order_by(*BY_NAME)
    found, ids = [Invitee(row.id, row.name, row.invited_at) for row in session.execute(rows)], set(among or ())
    return found if among is None else [one for one in found if one.id in ids]


def _without_password_query() -> Select[int, str, datetime | None]:
    active = exists().where(CREDENTIAL.c.person_id == Person.id)
    rows = select(Person.id, Person.name, Person.invited_at).where(Person.left_at.is_(None), ~active)
    return rows.where(Person.email.not_like("%.invalid"))


def chosen_pathway(session: Session, person_id: int) -> PathwayView | None:
    """The choice that holds for a person; None if it is the organisation's usual pathway."""
    row = session.execute(
        select(PathwayChoice, Person.name)
        .outerjoin(Person, Person.id == PathwayChoice.chosen_by)
        .where(PathwayChoice.person_id == person_id)
        .order_by(PathwayChoice.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    choice: PathwayChoice = row[0]
    return PathwayView(cast("Setting", choice.pathway), choice.reason, choice.chosen_at, row[1])


def members_below(session: Session, team_id: int) -> list[int]:
    """The people who are in a team or in one below it now."""
    below = _team_subtree([team_id])
    return list(
        session.execute(
            select(Membership.person_id)
            .join(Person, Person.id == Membership.person_id)
            .where(Membership.until.is_(None), Person.left_at.is_(None), Membership.team_id.in_(select(below.c.id)))
            .distinct()
            .order_by(Membership.person_id)
        ).scalars()
    )


def visible_team_ids(viewer: Viewer) -> Select[int]:
    """The teams that somebody sees and all below them, by id, as part of another query."""
    below = _team_subtree(viewer.manages)
    return select(below.c.id)


def may_manage_team(session: Session, viewer: Viewer, team_id: int) -> bool:
    """Whether somebody may do something for a team: they are an administrator, or manage it or one above it
    themselves."""
    below = _team_subtree(viewer.leads)
    return viewer.administrator or session.execute(select(below.c.id).where(below.c.id == team_id)).first() is not None


def _team_subtree(teams: Iterable[int]) -> CTE:
    """The teams and all below them."""
    below = select(Team.id).where(Team.id.in_(teams)).cte("below", recursive=True)
    child = aliased(Team)
    return below.union(select(child.id).where(child.parent_id == below.c.id))


def _visible_condition(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.administrator:
        return Person.left_at.is_(None)
    if not viewer.manages:
        return Person.id == viewer.id
    return _member_condition(viewer.manages)


def _recordable_condition(viewer: Viewer) -> ColumnElement[bool]:
    """About whom the viewer may record something: an administrator about everybody; a manager about the people of the
    teams that they manage themselves, but neither about themselves nor about a manager who made them their deputy.
    What they see only as a deputy they read."""
    if viewer.administrator:
        return Person.left_at.is_(None)
    others = Person.id.not_in((viewer.id, *viewer.appointed_by))
    return and_(others, _member_condition(viewer.leads))


def _member_condition(teams: Iterable[int]) -> ColumnElement[bool]:
    below = _team_subtree(teams)
    members = select(Membership.person_id).where(Membership.until.is_(None), Membership.team_id.in_(select(below.c.id)))
    return Person.id.in_(members)


def _person_views(session: Session, which: ColumnElement[bool]) -> list[PersonView]:
    """One query; a person with several teams or roles comes in several rows, which are put together."""
    found: dict[int, PersonView] = {}
    for row in session.execute(_people_query(which)):
        known = found.get(row.id) or PersonView(
            row.id,
            row.name,
            row.email,
            (),
            (),
            row.active is not None,
            row.pathway,
            row.failure,
            row.invited_at,
            row.staff_number,
            row.twin,
        )
        found[row.id] = replace(
            known,
            teams=_append_unique(known.teams, row.team),
            roles=_append_unique(known.roles, _role_label(row.role, row.manages)),
        )
    return list(found.values())


def _people_query(
    which: ColumnElement[bool],
) -> Select[*tuple[Any, ...]]:
    managed, other = aliased(Team), aliased(Person)
    twin = exists().where(other.name_key == Person.name_key, other.id != Person.id, other.left_at.is_(None))
    return (
        select(
            Person.id,
            Person.name,
            Person.email,
            Team.name.label("team"),
            RoleGrant.role,
            managed.name.label("manages"),
            CREDENTIAL.c.person_id.label("active"),
            newest_pathway(Person.__table__.c.id).label("pathway"),
            newest_failure(Person.__table__.c.email).label("failure"),
            Person.invited_at,
            Person.staff_number,
            twin.label("twin"),
        )
        .outerjoin(Membership, and_(Membership.person_id == Person.id, Membership.until.is_(None)))
        .outerjoin(Team, Team.id == Membership.team_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.until.is_(None)))
        .outerjoin(managed, managed.id == RoleGrant.team_id)
        .outerjoin(CREDENTIAL, CREDENTIAL.c.person_id == Person.id)
        .where(Person.left_at.is_(None), which)
        .order_by(*BY_NAME, Team.name, RoleGrant.role, managed.name)
    )


def _role_label(role: str | None, team: str | None) -> str | None:
    return f"Manager of {team}" if role == "manager" else role.capitalize() if role else None


def _append_unique(known: tuple[str, ...], new: str | None) -> tuple[str, ...]:
    return known if new is None or new in known else (*known, new)


def teams(session: Session) -> list[TeamView]:
    """The open teams in the order of the tree: each is followed by those below it, siblings by name."""
    statement = select(Team.id, Team.name, Team.parent_id).where(Team.closed_at.is_(None))
    return order_as_tree(TeamView(row.id, row.name, row.parent_id, 0) for row in session.execute(statement))


def order_as_tree(teams: Iterable[TeamView]) -> list[TeamView]:
    """The teams in the order of the tree, with their depth."""
    rows = sorted(teams, key=lambda row: (*sort_key(row.name), row.id))
    ids = {row.id for row in rows}
    below: dict[int | None, list[TeamView]] = {}
    for row in rows:
        # A team under one that is closed stands at the top, so that it is not lost from the list.
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)
    return list(_walk_branch(below, None, 0))


def _walk_branch(below: dict[int | None, list[TeamView]], parent: int | None, depth: int) -> Iterable[TeamView]:
    for row in below.get(parent, ()):
        yield replace(row, depth=depth)
        yield from _walk_branch(below, row.id, depth + 1)


def viewers(session: Session, ids: Collection[int], today: date) -> dict[int, Viewer]:
    """What these people may see on that day, also as deputies; who has left is missing. Two queries."""
    here = select(Person.id, Person.name, Person.email, RoleGrant.role, RoleGrant.team_id).outerjoin(
        RoleGrant, (RoleGrant.person_id == Person.id) & RoleGrant.until.is_(None)
    )
    rows = session.execute(here.where(Person.id.in_(ids), Person.left_at.is_(None))).all()
    managed = select(Deputy.deputy_id, RoleGrant.team_id, Deputy.manager_id).join(
        RoleGrant, RoleGrant.person_id == Deputy.manager_id
    )
    lent = session.execute(
        managed.where(
            Deputy.deputy_id.in_(ids), Deputy.ended_at.is_(None), Deputy.until >= today,
            RoleGrant.role == "manager", RoleGrant.until.is_(None), RoleGrant.team_id.is_not(None),
        )
    ).all()  # fmt: skip
    managed_by: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.role == "manager" and row.team_id is not None:
            managed_by[row.id].add(row.team_id)
    lent_to: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for number, team, manager in lent:
        if team is not None:
            lent_to[number].add((team, manager))
    bosses = {row.id for row in rows if row.role == "administrator"}
    return {
        row.id: build_viewer(row.id, row.name, row.email, row.id in bosses, managed_by[row.id], lent_to[row.id])
        for row in rows
    }
