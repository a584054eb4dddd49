"""Managers, HR, auditors and administrators: granting a role and taking it away."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import OWN_ROLES_KEY, Context
from course.dates import start_of_day
from course.db import insert_once
from course.events import publish
from course.people.actions.directory import Refusal, lock_current_person
from course.people.actions.locking import lock_open_teams_among, lock_people
from course.people.events import ManagerNamed
from course.people.models import RoleGrant, Team
from course.people.queries.ownership import role_owner
from course.people.queries.roles import administrators
from course.people.rules import ROLES, role_in_log
from course.people.rules.ownership import owned_elsewhere
from course.translation import lazy_gettext as _

LAST_ADMINISTRATOR = _("This is the only administrator who can sign in. Make someone else an administrator first.")
OWN_ROLE = _("You cannot give yourself a role. Ask an administrator.")
MAX_AUDIT = timedelta(days=366)


def grant_role(
    context: Context, person_id: int, role: str, team_id: int | None, last_day: date | None = None
) -> Refusal | None:
    """Make somebody the manager of a team, HR, an administrator, or an auditor of a team or everyone until a day; the same
    again changes nothing. An auditor who is given another last day has that one from now on. Nobody but an administrator gives
    themselves a role, on whichever page or by whichever list.

    Raises LookupError if there is no such person, ValueError for a role that does not exist.
    """
    session = context.session
    if role not in ROLES[1:]:
        raise ValueError(f"there is no role {role!r}")
    of_team = team_id if role in ("manager", "auditor") else None
    is_open = of_team is not None and bool(lock_open_teams_among(session, [of_team]))
    lock_current_person(session, person_id)  # whoever has left at this moment is given none
    if context.actor == person_id and not _is_administrator(session, person_id):
        return Refusal("role", OWN_ROLE)
    if role == "manager" and not is_open:
        return Refusal("team", _("Choose the team that this person manages."))
    if of_team is not None and not is_open:
        return Refusal("team", _("This team is closed. Choose another one."))
    team = session.get(Team, of_team) if of_team is not None else None
    if role == "auditor":
        refused = _refuse_last_day(last_day, context.today)
        if refused is not None:
            return refused
        _end_other_audits(context, person_id, of_team, last_day)
    values = {"person_id": person_id, "role": role, "team_id": of_team, "since": context.now}
    values["last_day"] = last_day if role == "auditor" else None
    granted = insert_once(session, RoleGrant, **values)
    if granted is not None:
        details: dict[str, object] = {"role": role_in_log(role, team.name if team else None)}
        if role == "auditor":
            details["until"] = last_day
        if role == "manager" and of_team is not None:
            publish(session, ManagerNamed(person_id, of_team, context.actor, context.now))
        note_own_roles(context, person_id)
        record_event(context, "role.granted", ("person", person_id), details)
    elif role == "auditor":
        return _refuse_other_last_day(session, person_id, of_team, last_day)
    return None


def _is_administrator(session: Session, person_id: int) -> bool:
    held = select(RoleGrant.id).where(
        RoleGrant.person_id == person_id, RoleGrant.role == "administrator", RoleGrant.until.is_(None)
    )
    return session.execute(held.limit(1)).first() is not None


def _refuse_other_last_day(
    session: Session, person_id: int, team_id: int | None, last_day: date | None
) -> Refusal | None:
    """What somebody is told who gives this role at the same moment as somebody else, with another last day."""
    there = select(RoleGrant.last_day).where(*_same_audit(person_id, team_id))
    if session.execute(there).scalar_one_or_none() in (None, last_day):
        return None
    return Refusal(
        "last_day", _("Someone else has just given them this role with another last day. Check it and try again.")
    )


def _refuse_last_day(last_day: date | None, today: date) -> Refusal | None:
    if last_day is None:
        return Refusal("last_day", _("Enter the last day, for example 12/02/2027. An auditor’s access ends after it."))
    if last_day < today:
        return Refusal("last_day", _("Enter today or a later day."))
    if last_day > today + MAX_AUDIT:
        return Refusal("last_day", _("Enter a day within the next 12 months."))
    return None


def _end_other_audits(context: Context, person_id: int, team_id: int | None, last_day: date | None) -> None:
    """End the open role of an auditor with the same scope and another last day: of the same scope there is one at a
    time."""
    rows = select(RoleGrant).where(*_same_audit(person_id, team_id)).with_for_update()
    for row in context.session.execute(rows).scalars():
        if row.last_day != last_day:
            end_role(context, row)
    context.session.flush()


def _same_audit(person_id: int, team_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """The open role of an auditor of this team, or of everyone."""
    return (
        RoleGrant.person_id == person_id,
        RoleGrant.role == "auditor",
        RoleGrant.team_id.is_not_distinct_from(team_id),
        RoleGrant.until.is_(None),
    )


def revoke_role(context: Context, person_id: int, grant_id: int) -> Refusal | None:
    """Somebody does not have a role any more. The last administrator keeps theirs."""
    session = context.session
    # The person, as whoever else changes them; not the row, for which two who end each other's would wait below.
    lock_people(session, [person_id])
    granted = session.get(RoleGrant, grant_id, populate_existing=True)
    if granted is None or granted.person_id != person_id or granted.until is not None:
        return Refusal("role", _("This role has already been removed."))
    if granted.last_day is not None and granted.last_day < context.today:
        return Refusal("role", _("This role has already ended."))
    owner = role_owner(session, grant_id) if context.actor is not None else None
    if owner is not None:
        return Refusal("role", owned_elsewhere(owner))
    if granted.role == "administrator" and is_last_administrator(session, person_id):
        return Refusal("role", LAST_ADMINISTRATOR)
    end_role(context, granted)
    session.flush()
    return None


def end_role(context: Context, granted: RoleGrant) -> None:
    """End a role now. One whose last day has passed ended then, and nobody ends it."""
    team = context.session.get(Team, granted.team_id) if granted.team_id is not None else None
    details: dict[str, object] = {"role": role_in_log(granted.role, team.name if team else None)}
    what, granted.until = "role.ended", context.now
    if granted.last_day is not None and granted.last_day < context.today:
        what, granted.until = "role.expired", start_of_day(granted.last_day + timedelta(days=1), context.zone)
        details["last_day"] = granted.last_day
    note_own_roles(context, granted.person_id)
    record_event(context, what, ("person", granted.person_id), details)


def note_own_roles(context: Context, person_id: int) -> None:
    """Let the request know that the person who acts has changed their own roles: their session goes on then (course/auth)."""
    if context.actor == person_id:
        context.session.info[OWN_ROLES_KEY] = True


def close_expired_roles(context: Context) -> int:
    """Write down of the roles whose last day has passed that they have ended, and how many. They gave no access since
    then: that is asked at each request (queries.is_role_open)."""
    expires = RoleGrant.until.is_(None), RoleGrant.last_day < context.today
    lock_people(context.session, context.session.execute(select(RoleGrant.person_id).where(*expires)).scalars().all())
    rows = select(RoleGrant).where(*expires).order_by(RoleGrant.id)
    expired = context.session.execute(rows.with_for_update()).scalars().all()
    for grant in expired:
        end_role(context, grant)
    context.session.flush()
    return len(expired)


def is_last_administrator(session: Session, person_id: int) -> bool:
    """Whether no other administrator could sign in. Their grants are locked first: of two who take each other's
    role away at the same moment, the second sees what the first has done."""
    rows = select(RoleGrant.id).where(RoleGrant.role == "administrator", RoleGrant.until.is_(None))
    session.execute(rows.order_by(RoleGrant.id).with_for_update()).all()
    return not [other for other in administrators(session) if other != person_id]
