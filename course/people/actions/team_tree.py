"""Changing the tree of teams. What was before stays in `team_change`, so that any past day can be read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.audit.rules import changed_values
from course.context import Context
from course.db import insert_once
from course.events import publish
from course.people.actions.directory import Refusal
from course.people.actions.locking import lock_people
from course.people.actions.roles import end_role, note_own_roles
from course.people.actions.team_settings import follow_team_pathways, people_below
from course.people.events import TeamsMerged
from course.people.models import Membership, OwnedField, Person, RoleGrant, Team, TeamChange
from course.people.rules import role_in_log, team_subtree
from course.text import comparison_key, normalise_line
from course.translation import lazy_gettext as _

NAME_TAKEN = _("There is already a team with this name here.")
AssignmentRow = TypeVar("AssignmentRow", Membership, RoleGrant)


def change_team(context: Context, team_id: int, name: str, parent_id: int | None, reason: str) -> Refusal | None:
    """Give a team another name, another place in the tree, or both; the same again changes nothing.

    Raises LookupError if there is no open team `team_id`.
    """
    session = context.session
    teams = _lock_open_teams(session)
    team = _get_open_team(teams, team_id)
    name = normalise_line(name)
    if parent_id is not None and parent_id not in teams:
        return Refusal("parent", _("This team is closed. Choose another one."))
    if parent_id is not None and parent_id in _subtree_ids(teams, team_id):
        return Refusal("parent", _("A team cannot be part of itself or of its sub-teams."))
    if _is_name_taken(teams, name, parent_id, team_id):
        return Refusal("name", NAME_TAKEN)
    if (team.name, team.parent_id) == (name, parent_id):
        return None
    before = {"name": team.name, "part_of": _team_name(teams, team.parent_id)}
    old = team.name, team.parent_id
    try:
        with session.begin_nested():
            team.name, team.parent_id = name, parent_id
            session.flush()
    except IntegrityError:
        return Refusal("name", NAME_TAKEN)  # opened by somebody else at this moment
    _record_change(context, team, "changed", reason, was=old)
    session.flush()
    details = changed_values(before, {"name": name, "part_of": _team_name(teams, parent_id)})
    record_event(context, "team.changed", ("team", team_id), details | {"reason": reason})
    if old[1] != parent_id:
        follow_team_pathways(context, people_below(session, [team_id]))
    return None


def merge_teams(context: Context, team_id: int, into_id: int, reason: str) -> Refusal | None:
    """Close a team; its people, managers and the teams below it belong to another one from now on.

    Raises LookupError if there is no open team `team_id`.
    """
    session = context.session
    teams = _lock_open_teams(session)
    team = _get_open_team(teams, team_id)
    if into_id not in teams:
        return Refusal("into", _("This team is closed. Choose another one."))
    if into_id in _subtree_ids(teams, team_id):
        return Refusal("into", _("Choose another team that is not a sub-team of this one."))
    children = [one for one in teams.values() if one.parent_id == team_id]
    twice = next((one.name for one in children if _is_name_taken(teams, one.name, into_id, one.id)), None)
    if twice is not None:
        return Refusal("into", _("Both have a sub-team “%(twice)s”. Rename one of them first.", twice=twice))
    for child in children:
        _record_change(context, child, "changed", reason)
        child.parent_id = into_id
    into = teams[into_id]
    _lock_people_of(session, team_id, into_id)
    for person_id, _role, there in _reassign(context, Membership, team_id, into_id):
        record_event(context, "team.left", ("person", person_id), {"team": team.name})
        if not there:
            record_event(context, "team.joined", ("person", person_id), {"team": into.name})
    for person_id, role, there in _reassign(context, RoleGrant, team_id, into_id):
        record_event(context, "role.ended", ("person", person_id), {"role": role_in_log(role, team.name)})
        if not there:
            record_event(context, "role.granted", ("person", person_id), {"role": role_in_log(role, into.name)})
    _record_change(context, team, "merged", reason, into_id)
    team.closed_at = context.now
    session.flush()
    details = {"into": into.name, "reason": reason}
    record_event(context, "team.merged", ("team", team_id), details)
    publish(session, TeamsMerged(team_id, into_id, context.actor, context.now))
    follow_team_pathways(context, people_below(session, [into_id]))
    return None


def close_team(context: Context, team_id: int, reason: str) -> Refusal | None:
    """Close a team in which nobody is any more; nobody manages it from now on either.

    Raises LookupError if there is no open team `team_id`.
    """
    session = context.session
    teams = _lock_open_teams(session)
    team = _get_open_team(teams, team_id)
    inside = select(Membership.id).join(Person, Person.id == Membership.person_id)
    inside = inside.where(Membership.team_id == team_id, Membership.until.is_(None), Person.left_at.is_(None))
    if session.execute(inside.limit(1)).first() is not None:
        return Refusal("reason", _("There are people in this team. Move them or merge the team first."))
    if any(one.parent_id == team_id for one in teams.values()):
        return Refusal("reason", _("This team has sub-teams. Move, close or merge them first."))
    _lock_people_of(session, team_id)
    grants = select(RoleGrant).where(RoleGrant.team_id == team_id, RoleGrant.until.is_(None))
    for grant in session.execute(grants.order_by(RoleGrant.person_id, RoleGrant.id)).scalars():
        end_role(context, grant)
    _record_change(context, team, "closed", reason)
    team.closed_at = context.now
    session.flush()
    record_event(context, "team.closed", ("team", team_id), {"reason": reason})
    return None


def _lock_people_of(session: Session, *team_ids: int) -> None:
    """Lock whoever is in one of these teams or has a role in it. What somebody else ends for one of them at this moment would
    be read as open otherwise, and go on in the other team. Nobody comes into a team that is locked."""
    ids: set[int] = set()
    for table in (Membership, RoleGrant):
        bound = select(table.person_id).where(table.team_id.in_(team_ids), table.until.is_(None))
        ids.update(session.execute(bound).scalars())
    lock_people(session, ids)


def _reassign(context: Context, table: type[AssignmentRow], old: int, new: int) -> list[tuple[int, str, bool]]:
    """End what binds people to one team, and bind them to another unless they are already; who that was, by id, as what,
    and whether they were bound to the other one already. A role whose last day has passed is left as it is."""
    session = context.session
    bonds = select(table).where(table.team_id.in_((old, new)), table.until.is_(None)).order_by(table.id)
    rows = [row for row in session.execute(bonds).scalars() if not _has_passed(row, context.today)]
    there = {(row.person_id, _role_of(row)) for row in rows if row.team_id == new}
    moved = []
    for row in rows:
        if row.team_id != old:
            continue
        role = _role_of(row)
        key = (row.person_id, role)
        row.until = context.now
        if role:
            note_own_roles(context, row.person_id)
        moved.append((row.person_id, role, key in there))
        if key not in there:
            there.add(key)
            more: dict[str, object] = {"role": row.role, "last_day": row.last_day} if isinstance(row, RoleGrant) else {}
            session.add(table(person_id=row.person_id, team_id=new, since=context.now, **more))
    # Who audits a team audits it by hand.
    given = {person_id for person_id, role, there in moved if not there and role in ("", "manager")}
    _move_ownership(context, table, (old, new), given)
    return moved


def _move_ownership(
    context: Context, table: type[AssignmentRow], teams: tuple[int, int], moved: Collection[int]
) -> None:
    """What another system gave in a team that is merged, it has given in the other one: it can take it again there. What
    somebody had in both by hand stays theirs."""
    session, (old, new), field = context.session, teams, "manager" if table is RoleGrant else "team"
    rows = select(OwnedField).where(OwnedField.team_id == old, OwnedField.field == field, OwnedField.until.is_(None))
    for row in session.execute(rows.order_by(OwnedField.id)).scalars():
        row.until = context.now
        if row.person_id in moved:
            insert_once(
                session, OwnedField, person_id=row.person_id, field=field, team_id=new, source=row.source,
                source_name=row.source_name, since=context.now,
            )  # fmt: skip
    session.flush()


def _role_of(row: Membership | RoleGrant) -> str:
    return row.role if isinstance(row, RoleGrant) else ""


def _has_passed(row: Membership | RoleGrant, today: date) -> bool:
    return isinstance(row, RoleGrant) and row.last_day is not None and row.last_day < today


def _lock_open_teams(session: Session) -> dict[int, Team]:
    """The open teams by id; whoever else changes the tree waits, so that two moves at once cannot make a circle."""
    session.execute(select(Team.id).where(Team.closed_at.is_(None)).order_by(Team.id).with_for_update())
    # Read when all are locked: one that was opened below them while this waited is not among those that were found above.
    rows = select(Team).where(Team.closed_at.is_(None)).order_by(Team.id)
    return {team.id: team for team in session.execute(rows.execution_options(populate_existing=True)).scalars()}


def _get_open_team(teams: dict[int, Team], team_id: int) -> Team:
    if team_id not in teams:
        raise LookupError(f"there is no open team {team_id}")
    return teams[team_id]


def _subtree_ids(teams: dict[int, Team], team_id: int) -> set[int]:
    return team_subtree(team_id, {one.id: one.parent_id for one in teams.values()})


def _is_name_taken(teams: dict[int, Team], name: str, parent_id: int | None, but: int) -> bool:
    return any(
        one.parent_id == parent_id and comparison_key(one.name) == comparison_key(name) and one.id != but
        for one in teams.values()
    )


def _team_name(teams: dict[int, Team], team_id: int | None) -> str | None:
    return teams[team_id].name if team_id in teams else None


def _record_change(
    context: Context,
    team: Team,
    kind: str,
    reason: str,
    into: int | None = None,
    was: tuple[str, int | None] | None = None,
) -> None:
    name, parent_id = was or (team.name, team.parent_id)
    context.session.add(
        TeamChange(team_id=team.id, kind=kind, name=name, parent_id=parent_id, into_id=into,
                   reason=reason, changed_by=context.actor, changed_at=context.now)
    )  # fmt: skip
