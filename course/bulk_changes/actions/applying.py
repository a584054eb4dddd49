"""Applying a change: a portion of the people at a time, each by the same action as for one person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import update

from course.bulk_changes import queries
from course.bulk_changes.models import BulkChange, BulkChangePerson
from course.bulk_changes.queries import BulkChangeView
from course.bulk_changes.rules.planning import (
    DONE,
    INVITE,
    LEARNER_ONLY,
    LEAVE,
    LEFT_OUT,
    MOVE,
    PATHWAY,
    ROLE,
    ChangeFrame,
    PersonState,
    plan_change,
)
from course.context import Context
from course.people import actions as people
from course.people.actions import Refusal
from course.people.actions.ownership import refuse_owned
from course.people.queries import chosen_pathway
from course.people.rules import Viewer, grantable_roles, guarded_roles
from course.translation import gettext as _


def begin_apply(context: Context, change_id: int) -> bool:
    """Say that the change is being applied; False if it was before, so that of two presses one does it."""
    waiting = BulkChange.id == change_id, BulkChange.applied_at.is_(None), BulkChange.sealed_at.is_not(None)
    changing = update(BulkChange).where(*waiting).values(applied_at=context.now).returning(BulkChange.id)
    return context.session.execute(changing).first() is not None


def finish_apply(context: Context, change_id: int) -> None:
    """Say that everybody's turn has come."""
    open_change = BulkChange.id == change_id, BulkChange.finished_at.is_(None)
    context.session.execute(update(BulkChange).where(*open_change).values(finished_at=context.now))


def apply_portion(
    context: Context, change: BulkChangeView, ids: Collection[int], viewer: Viewer, is_time_up: Callable[[], bool]
) -> int:
    """Do for these people what the change says, and record what became of each; `viewer` is who acts. Returns how many had
    their turn: at least one, and no more once the time is up.

    Until the transaction ends nobody else changes them: who changed them before is seen, and they are left out."""
    session = context.session
    people.lock_open_teams_among(session, [] if change.values.team is None else [change.values.team])
    lock = people.lock_leaving_people if change.kind == LEAVE else people.lock_people
    lock(session, ids)
    frame = ChangeFrame(
        change.kind, change.values, change.made_by, context.today, queries.sealed_fingerprints(session, change.id, ids),
        grantable_roles(viewer), guarded_roles(viewer),
    )  # fmt: skip
    session.expire_all()
    done = 0
    for state in queries.person_states(session, context.zone, sorted(ids)):
        plan = plan_change(frame, state)
        if plan.is_left_out:
            _record(context, change.id, state.id, LEFT_OUT, str(plan.words), {})
        else:
            _apply_in_savepoint(context, change, state, viewer.name)
        done += 1
        if is_time_up():
            break
    return done


def _apply_in_savepoint(context: Context, change: BulkChangeView, state: PersonState, sender: str) -> None:
    """Do it for one person, or nothing of it if it is refused half-way."""
    with context.session.begin_nested() as savepoint:
        refused, before = _apply_to(context, change, state, sender)
        context.session.flush()
        if refused is not None:
            savepoint.rollback()
    if refused is None:
        _record(context, change.id, state.id, DONE, "", before)
    else:
        _record(context, change.id, state.id, LEFT_OUT, refused, {})


def record_reminders(context: Context, change_id: int, notes: Mapping[int, str]) -> None:
    """Record for whom a reminder was queued (an empty note), and why the others got none."""
    for person_id, note in notes.items():
        _record(context, change_id, person_id, LEFT_OUT if note else DONE, note, {})


def _apply_to(
    context: Context, change: BulkChangeView, person: PersonState, sender: str
) -> tuple[str | None, dict[str, Any]]:
    """Why nothing was done for the person, or None; and what undoing needs."""
    kind, values = change.kind, change.values
    if kind == INVITE:
        before = {"invited_at": person.invited_at.isoformat() if person.invited_at else None}
        sent = people.invite(context, person.id, sender, person.invited_at)
        return (None if sent else _("Someone else has just invited them.")), before
    if kind == MOVE and values.team is not None:
        refused = people.join_team(context, person.id, values.team, values.moves)
        # A team in which another system has placed them stays when they are moved.
        after = sorted(people.open_teams(context.session, person.id))
        return _text(refused), {"teams": list(person.team_ids), "after": after}
    if kind == PATHWAY:
        if (refused := refuse_owned(context, person.id, ["pathway"])) is not None:
            return _text(refused), {}
        known = chosen_pathway(context.session, person.id)
        people.choose_pathway(context, [person.id], values.pathway, values.reason)
        return None, {"pathway": person.pathway, "follows": known is None or known.team is not None}
    if kind == ROLE:
        return _apply_role(context, change, person)
    if kind == LEAVE and values.last_day is not None:
        roles = [held.as_data() for held in person.roles]
        was: dict[str, Any] = {
            "teams": list(person.team_ids), "roles": roles, "active": person.active,
            "last_day": person.last_day.isoformat() if person.last_day else None,
        }  # fmt: skip
        return _text(people.record_departure(context, person.id, values.last_day, values.reason)), was
    raise ValueError(f"a change of the kind {kind!r} is not applied like this")


def _apply_role(context: Context, change: BulkChangeView, person: PersonState) -> tuple[str | None, dict[str, Any]]:
    values = change.values
    if values.role != LEARNER_ONLY:
        refused = people.grant_role(context, person.id, values.role, values.team)
        return _text(refused), {"granted": [values.role, values.team if values.role == "manager" else None]}
    for held in person.roles:
        refused = people.revoke_role(context, person.id, held.grant_id)
        if refused is not None:
            return _text(refused), {}
    return None, {"ended": [held.as_data() for held in person.roles]}


def _text(refused: Refusal | None) -> str | None:
    return None if refused is None else str(refused.message)


def _record(
    context: Context, change_id: int, person_id: int, outcome: str, note: str, before: dict[str, Any]
) -> None:  # fmt: skip
    own = BulkChangePerson.change_id == change_id, BulkChangePerson.person_id == person_id
    values = {"outcome": outcome, "note": note[:300], "before": before}
    context.session.execute(update(BulkChangePerson).where(*own).values(values))
