"""Managers and administrators: granting a role and taking it away."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.events import publish
from course.people.actions.directory import Refusal, get_current_person
from course.people.events import ManagerNamed
from course.people.models import RoleGrant, Team
from course.people.queries.roles import administrators
from course.translation import lazy_gettext as _

LAST_ADMINISTRATOR = _("This is the only administrator who can sign in. Make someone else an administrator first.")


def grant_role(context: Context, person_id: int, role: str, team_id: int | None) -> Refusal | None:
    """Make somebody the manager of a team, or an administrator; the same again changes nothing.

    Raises LookupError if there is no such person, ValueError for a role that does not exist.
    """
    session = context.session
    if role not in ("manager", "administrator"):
        raise ValueError(f"there is no role {role!r}")
    get_current_person(session, person_id)
    managed = team_id if role == "manager" else None
    team = session.get(Team, managed) if managed is not None else None
    if role == "manager" and (team is None or team.closed_at is not None):
        return Refusal("team", _("Choose the team that this person manages."))
    if insert_once(session, RoleGrant, person_id=person_id, role=role, team_id=managed, since=context.now) is not None:
        words = _("manager of %(name)s", name=team.name) if team else role
        if managed is not None:
            publish(session, ManagerNamed(person_id, managed, context.actor, context.now))
        record_event(context, "role.granted", ("person", person_id), {"role": words})
    return None


def revoke_role(context: Context, person_id: int, grant_id: int) -> Refusal | None:
    """Somebody does not have a role any more. The last administrator keeps theirs."""
    session = context.session
    granted = session.get(RoleGrant, grant_id, with_for_update=True)
    if granted is None or granted.person_id != person_id or granted.until is not None:
        return Refusal("role", _("This role has already been removed."))
    if granted.role == "administrator" and is_last_administrator(session, person_id):
        return Refusal("role", LAST_ADMINISTRATOR)
    end_role(context, granted)
    session.flush()
    return None


def end_role(context: Context, granted: RoleGrant) -> None:
    granted.until = context.now
    team = context.session.get(Team, granted.team_id) if granted.team_id is not None else None
    words = _("manager of %(name)s", name=team.name) if team else granted.role
    record_event(context, "role.ended", ("person", granted.person_id), {"role": words})


def is_last_administrator(session: Session, person_id: int) -> bool:
    """Whether no other administrator could sign in. Their grants are locked first: of two who take each other's
    role away at the same moment, the second sees what the first has done."""
    rows = select(RoleGrant.id).where(RoleGrant.role == "administrator", RoleGrant.until.is_(None))
    session.execute(rows.order_by(RoleGrant.id).with_for_update()).all()
    return not [other for other in administrators(session) if other != person_id]
