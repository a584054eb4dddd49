"""Undoing a change: what it did is done back for each person, unless something else has happened to it since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.auth.actions.links import void_links
from course.bulk_changes import queries
from course.bulk_changes.models import BulkChange, BulkChangePerson
from course.bulk_changes.queries import BulkChangeView
from course.bulk_changes.rules.planning import (
    INVITE,
    LEAVE,
    LEFT_OUT,
    MOVE,
    PATHWAY,
    REMIND,
    ROLE,
    ROLE_NOT_GIVEN,
    ROLES_NOT_REMOVED,
    UNDONE,
    PersonState,
)
from course.context import Context
from course.organisation.models import Organisation
from course.people import actions as people
from course.people.actions.ownership import refuse_owned
from course.people.models import Team
from course.people.rules import ROLES
from course.reminders.models import Reminder
from course.reminders.queries import REQUESTED
from course.training_records.actions import withdraw_reminder
from course.translation import gettext as _
from course.translation import lazy_gettext

_TEAM_CLOSED = lazy_gettext("A team that they were in is closed now.")
_MANAGED_TEAM_CLOSED = lazy_gettext("A team that they managed is closed now.")


@dataclass(frozen=True)
class Undoing:
    """Who undoes which change: `name` is theirs, as people read it, and `reason` is stored with what is done. `grantable` are
    the roles that they may give and remove now, `guarded` those whose holders they may not change (see people/rules)."""

    change: BulkChangeView
    name: str
    reason: str
    grantable: Collection[str] = ROLES
    guarded: Collection[str] = ()


def begin_undo(context: Context, change_id: int) -> bool:
    """Say that a change is being undone; False if it was before, or is not finished, or is too old."""
    ready = (
        BulkChange.id == change_id, BulkChange.undone_at.is_(None), BulkChange.finished_at.is_not(None),
        BulkChange.finished_at > context.now - queries.UNDO_PERIOD,
    )  # fmt: skip
    values = {"undone_at": context.now, "undone_by": context.person_id}
    return (
        context.session.execute(update(BulkChange).where(*ready).values(values).returning(BulkChange.id)).first()
        is not None
    )


def finish_undo(context: Context, change_id: int) -> None:
    """Say that the undoing has come to its end."""
    undoing = BulkChange.id == change_id, BulkChange.undo_finished_at.is_(None)
    context.session.execute(update(BulkChange).where(*undoing).values(undo_finished_at=context.now))


def undo_portion(context: Context, undoing: Undoing, ids: Collection[int], is_time_up: Callable[[], bool]) -> int:
    """Undo for these people what the change did, and record for whom that was not possible and why. Returns how many had their
    turn: at least one, and no more once the time is up."""
    session = context.session
    rows = select(BulkChangePerson.person_id, BulkChangePerson.before).where(
        BulkChangePerson.change_id == undoing.change.id, BulkChangePerson.person_id.in_(ids)
    )
    before = {row.person_id: row.before for row in session.execute(rows)}
    people.lock_open_teams_among(session, {team for one in before.values() for team in _teams_in(one)})
    people.lock_people(session, ids)
    session.expire_all()
    done = 0
    for person in queries.person_states(session, context.zone, sorted(ids)):
        with session.begin_nested() as savepoint:
            refused, missing = _undo_for(context, undoing, person, before.get(person.id, {}))
            session.flush()
            if refused is not None:
                savepoint.rollback()
        own = BulkChangePerson.change_id == undoing.change.id, BulkChangePerson.person_id == person.id
        values = {"undo_outcome": LEFT_OUT if refused else UNDONE, "undo_note": (refused or missing)[:300]}
        session.execute(update(BulkChangePerson).where(*own).values(values))
        done += 1
        if is_time_up():
            break
    return done


def _teams_in(before: Mapping[str, Any]) -> set[int]:
    """The teams that may be given back to a person: as a place, or with a role."""
    roles = [*before.get("roles", ()), *before.get("ended", ())]
    return {*before.get("teams", ()), *(role[1] for role in roles if role[1] is not None)}


def _undo_for(
    context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]
) -> tuple[str | None, str]:  # fmt: skip
    """Why it is not undone for a person, None if it is; and what of it could not be given back."""
    if undoing.change.kind == LEAVE and person.has_left:
        return _undo_departure(context, undoing, person, before)
    return _refusal_for(context, undoing, person, before), ""


def _refusal_for(context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]) -> str | None:
    """Why what leaves nothing half undone is not undone for a person; None if it is."""
    kind = undoing.change.kind
    if kind == LEAVE:
        return _undo_planned_departure(context, undoing, person, before)
    if person.has_left:
        return _("They have left since.")
    if kind == INVITE:
        return _undo_invitation(context, person, before, undoing.change)
    if kind == REMIND:
        return _undo_reminder(context, person, undoing)
    if kind == MOVE:
        return _undo_move(context, person, before)
    if kind == PATHWAY:
        return _undo_pathway(context, undoing, person, before)
    if kind == ROLE:
        return _undo_role(context, undoing, person, before)
    raise ValueError(f"there is no change of the kind {kind!r}")


def _changed_since() -> str:
    return _("It was changed again since, and stays as it is now.")


def _undo_invitation(
    context: Context, person: PersonState, before: Mapping[str, Any], change: BulkChangeView
) -> str | None:  # fmt: skip
    if person.active:
        return _("They have chosen a password since.")
    if person.invited_at is None or change.applied_at is None or person.invited_at < change.applied_at:
        return _changed_since()
    if person.invited_at > (change.finished_at or context.now):
        return _("They were invited again since.")
    void_links(context.session, person.id, context.now, "invitation")
    earlier = before.get("invited_at")
    people.withdraw_invitation(context, person.id, datetime.fromisoformat(earlier) if earlier else None)
    return None


def _undo_reminder(context: Context, person: PersonState, undoing: Undoing) -> str | None:
    change = undoing.change
    own = (
        Reminder.kind == REQUESTED, Reminder.person_id == person.id, Reminder.made_by == change.made_by,
        Reminder.made_at == change.applied_at,
    )  # fmt: skip
    reminder_id = context.session.execute(select(Reminder.id).where(*own).limit(1)).scalar()
    if reminder_id is None or not withdraw_reminder(context, person.id, reminder_id, undoing.name):
        return _("The e-mail has already been sent.")
    return None


def _undo_move(context: Context, person: PersonState, before: Mapping[str, Any]) -> str | None:
    if list(person.team_ids) != sorted(before["after"]):
        return _changed_since()
    return _set_teams(context, person.id, before["teams"])


def _set_teams(context: Context, person_id: int, teams: Sequence[int]) -> str | None:
    if teams:
        refused = people.set_teams(context, person_id, teams)
        return str(_TEAM_CLOSED) if refused else None
    for bond in queries.open_memberships(context.session, person_id):
        people.leave_team(context, person_id, bond)
    return None


def _undo_pathway(context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]) -> str | None:
    if person.pathway != undoing.change.values.pathway:
        return _changed_since()
    follows, earlier = before.get("follows", False), before["pathway"]
    if not follows and earlier is None:  # what an earlier release stored does not say it
        earlier = context.session.execute(select(Organisation.pathway)).scalar()
        if earlier is None:
            return _("They had no pathway of their own before.")
    if (refused := refuse_owned(context, person.id, ["pathway"])) is not None:
        return str(refused.message)
    # Who followed their team, or the organisation, follows it again.
    people.choose_pathway(context, [person.id], None if follows else earlier, undoing.reason)
    return None


def _undo_role(context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]) -> str | None:
    granted, ended = before.get("granted"), before.get("ended", [])
    if any(role[0] not in undoing.grantable for role in ended):
        return str(ROLE_NOT_GIVEN)
    if granted and granted[0] not in undoing.grantable:
        return str(ROLES_NOT_REMOVED)
    if granted:
        held = next((one for one in person.roles if [one.role, one.team_id] == granted), None)
        if held is None:
            return _changed_since()
        refused = people.revoke_role(context, person.id, held.grant_id)
        return None if refused is None else str(refused.message)
    if person.roles:
        return _changed_since()
    return _grant_again(context, person.id, ended)


def _grant_again(context: Context, person_id: int, roles: Sequence[Sequence[Any]]) -> str | None:
    """Why a role is not given back; None if all are. One whose last day has passed would have ended by itself. What an
    earlier release stored has no last day."""
    for role, team_id, *stored in roles:
        if team_id is not None and not _is_open(context.session, team_id):
            return str(_MANAGED_TEAM_CLOSED)
        last_day = date.fromisoformat(stored[0]) if stored and stored[0] else None
        if last_day is not None and last_day < context.today:
            continue
        refused = people.grant_role(context, person_id, role, team_id, last_day)
        if refused is not None:
            return str(refused.message)
    return None


def _undo_planned_departure(
    context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]
) -> str | None:  # fmt: skip
    if any(role[0] in undoing.guarded for role in before["roles"]):
        return str(ROLE_NOT_GIVEN)
    if person.last_day is None or person.last_day != undoing.change.values.last_day:
        return _changed_since()
    earlier = date.fromisoformat(before["last_day"]) if before.get("last_day") else None
    if earlier is not None and earlier > context.today:
        refused = people.plan_departure(context, person.id, earlier, undoing.reason)
        return None if refused is None else str(refused.message)
    done = people.withdraw_planned_departure(context, person.id, undoing.reason)
    return None if done else _changed_since()


def _undo_departure(
    context: Context, undoing: Undoing, person: PersonState, before: Mapping[str, Any]
) -> tuple[str | None, str]:  # fmt: skip
    if any(role[0] in undoing.guarded for role in before["roles"]):
        return str(ROLE_NOT_GIVEN), ""
    if queries.newest_last_day(context.session, person.id) != undoing.change.values.last_day:
        return _changed_since(), ""
    refused = people.withdraw_departure(context, person.id, undoing.reason)
    if refused is not None:
        return str(refused.message), ""
    teams = [team for team in before["teams"] if _is_open(context.session, team)]
    roles = [one for one in before["roles"] if one[1] is None or _is_open(context.session, one[1])]
    missing = [_TEAM_CLOSED] if len(teams) < len(before["teams"]) else []
    missing += [_MANAGED_TEAM_CLOSED] if len(roles) < len(before["roles"]) else []
    if teams and (no_team := people.set_teams(context, person.id, teams)) is not None:
        missing.append(no_team.message)
    if (no_role := _grant_again(context, person.id, roles)) is not None:
        missing.append(no_role)
    if before["active"] and person.email and not person.email.endswith(".invalid"):
        people.invite(context, person.id, undoing.name)
    return None, " ".join(map(str, missing))


def _is_open(session: Session, team_id: int) -> bool:
    return session.execute(select(Team.id).where(Team.id == team_id, Team.closed_at.is_(None))).first() is not None
