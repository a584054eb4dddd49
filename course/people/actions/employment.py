"""Leaving and coming back: what is recorded about when a person works here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.dates import civil_date
from course.events import publish
from course.people.actions.directory import Refusal
from course.people.actions.locking import lock_leaving_people, lock_people
from course.people.actions.memberships import end_membership, join_team
from course.people.actions.ownership import refuse_owned
from course.people.actions.roles import LAST_ADMINISTRATOR, end_role, is_last_administrator
from course.people.actions.team_settings import follow_team_pathways
from course.people.events import PersonLeft
from course.people.models import (
    Employment,
    Membership,
    Person,
    PersonMerge,
    RoleGrant,
    Team,
)
from course.people.rules import login_label
from course.translation import error_text
from course.translation import lazy_gettext as _


def end_employment(context: Context, person_id: int, last_day: date, reason: str) -> None:
    """Somebody has left: `last_day` was their last. From now on they cannot sign in.

    Raises LookupError if there is no such person, ValueError for a day to come or before they were here, or if they
    had left already.
    """
    person, stay = _latest_employment(context, person_id)
    today = context.today
    if person.left_at is not None:
        raise ValueError(_("This person has left already."))
    if last_day > today:
        raise ValueError("a last day that is recorded has come")
    if last_day < stay.start:
        raise ValueError(_("Enter a day that is not before the first day."))
    gone = datetime.combine(last_day, time(12), ZoneInfo(context.zone))
    if not _set_left_at(context.session, person, Person.left_at.is_(None), gone):
        raise ValueError(_("This person has left already."))
    # A last day that was recorded beforehand counts to its end, unless they leave before that.
    if stay.end != last_day or last_day == today:
        _add_employment(context, Employment(start=stay.start, end=last_day, recorded=today, reason=reason), person_id)
    record_event(context, "person.left", ("person", person_id), {"last_day": last_day, "reason": reason})


def restart_employment(context: Context, person_id: int, first_day: date, reason: str) -> None:
    """Somebody who had left works here again from that day on; their certificates are as they were.

    Raises LookupError if there is no such person, ValueError if they have not left, or on or after that day, or if
    their name is not kept any more.
    """
    lock_people(context.session, [person_id])  # who erases them at this moment waits, or has been here before
    person, stay = _latest_employment(context, person_id)
    context.session.refresh(person)
    if person.left_at is None:
        raise ValueError(_("This person has not left."))
    if person.erased_at is not None:
        raise ValueError(_("Nothing but a number is kept of this person. Add them anew."))
    left = civil_date(person.left_at, context.zone)
    if first_day <= left:
        raise ValueError(_("Enter a day after the day on which they left."))
    if stay.end is None:
        # Nobody wrote down the end of that stay; `left_at` knows it.
        end = Employment(start=stay.start, end=left, recorded=max(left, stay.recorded), reason="")
        _add_employment(replace(context, actor=None, now=person.left_at), end, person_id)
    if not _set_left_at(context.session, person, Person.left_at.is_not(None), None):
        raise ValueError(_("This person has not left."))
    today = context.today
    _add_employment(context, Employment(start=first_day, end=None, recorded=today, reason=reason), person_id)
    record_event(context, "person.returned", ("person", person_id), {"first_day": first_day, "reason": reason})


def _set_left_at(session: Session, person: Person, was: ColumnElement[bool], left: datetime | None) -> bool:
    """Write down that somebody has left, or is back; False if somebody else has done so at this very moment. Who comes
    back has not been invited yet."""
    changing = update(Person).where(Person.id == person.id, was).values(left_at=left, last_day=None, invited_at=None)
    found = session.execute(changing.returning(Person.id), execution_options={"synchronize_session": False}).first()
    session.refresh(person)
    return found is not None


def _latest_employment(context: Context, person_id: int) -> tuple[Person, Employment]:
    """Somebody, and what was recorded last about when they work here. The first stay of somebody is written down when
    it is asked for: it began when they were added."""
    person = context.session.get(Person, person_id)
    if person is None:
        raise LookupError(f"there is no person {person_id}")
    rows = select(Employment).where(Employment.person_id == person_id).order_by(Employment.id.desc()).limit(1)
    stay = context.session.execute(rows).scalar()
    if stay is None:
        begun = civil_date(person.created_at, context.zone)
        stay = Employment(start=begun, end=None, recorded=begun, reason="")
        _add_employment(replace(context, actor=None, now=person.created_at), stay, person_id)
    return person, stay


def _add_employment(context: Context, stay: Employment, person_id: int) -> None:
    stay.person_id, stay.made_by, stay.made_at = person_id, context.actor, context.now
    context.session.add(stay)
    context.session.flush()


LATEST_RETURN = timedelta(days=366)  # what is agreed for later is written down later
LATEST_DEPARTURE = timedelta(days=366)


def record_departure(context: Context, person_id: int, last_day: date, reason: str) -> Refusal | None:
    """Somebody has left: they cannot sign in, are in no team and have no role. All that they did stays. A last day to
    come is recorded, and takes effect after it (see `plan_departure`).

    Raises LookupError if there is no such person.
    """
    if (refused := refuse_owned(context, person_id, ["stay"], "last_day")) is not None:
        return refused
    if last_day > context.today:
        return plan_departure(context, person_id, last_day, reason)
    session = context.session
    # A role that somebody gives them at this moment is found here, or not given.
    lock_leaving_people(session, [person_id])
    person = session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise LookupError(f"there is no person {person_id}")
    rows = select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
    grants = session.execute(rows).scalars().all()
    if any(one.role == "administrator" for one in grants) and is_last_administrator(session, person_id):
        return Refusal("last_day", LAST_ADMINISTRATOR)
    try:
        end_employment(context, person_id, last_day, reason)
    except ValueError as error:
        return Refusal("last_day", error_text(error))
    for one in grants:
        end_role(context, one)
    bonds = select(Membership).where(Membership.person_id == person_id, Membership.until.is_(None))
    for bond in session.execute(bonds).scalars():
        end_membership(context, bond)
    session.flush()
    publish(session, PersonLeft(person_id, context.now))
    return None


def record_return(
    context: Context, person_id: int, first_day: date, team_id: int | None, reason: str) -> Refusal | None:  # fmt: skip
    """Somebody who had left works here again, in a team if one is named; their certificates are as they were.

    Raises LookupError if there is no such person.
    """
    merged = context.session.execute(
        select(Person.name, Person.email, Person.sign_in_name)
        .join(PersonMerge, PersonMerge.into_id == Person.id)
        .where(PersonMerge.person_id == person_id)
    ).first()
    if merged is not None:
        return Refusal(
            "first_day",
            _(
                "This entry was merged into that of %(name)s (%(email)s). Continue there.",
                name=merged.name,
                email=login_label(merged.email, merged.sign_in_name),
            ),
        )
    if (refused := refuse_owned(context, person_id, ["stay"], "first_day")) is not None:
        return refused
    team = context.session.get(Team, team_id) if team_id is not None else None
    if team_id is not None and (team is None or team.closed_at is not None):
        return Refusal("team", _("This team is closed. Choose another one."))
    if first_day > context.today + LATEST_RETURN:
        return Refusal("first_day", _("Enter a day within the next 12 months."))
    try:
        restart_employment(context, person_id, first_day, reason)
    except ValueError as error:
        return Refusal("first_day", error_text(error))
    if team_id is not None:
        return join_team(context, person_id, team_id, False)
    follow_team_pathways(context, [person_id])  # they are in none of the teams that they left
    return None


def plan_departure(context: Context, person_id: int, last_day: date, reason: str) -> Refusal | None:
    """Record a last day that is to come; the newest one counts. Until its end nothing changes for the person. Then they
    cannot sign in and are in no report, and the job people.departures ends their roles and memberships.

    Raises LookupError if there is no such person.
    """
    session = context.session
    lock_people(session, [person_id])
    if (refused := refuse_owned(context, person_id, ["stay"], "last_day")) is not None:
        return refused
    person, stay = _latest_employment(context, person_id)
    session.refresh(person)
    if person.left_at is not None:
        return Refusal("last_day", _("This person has left already."))
    if last_day < stay.start:
        return Refusal("last_day", _("Enter a day that is not before the first day."))
    if last_day > context.today + LATEST_DEPARTURE:
        return Refusal("last_day", _("Enter a day within the next 12 months."))
    if person.last_day == last_day:
        return None
    if _is_administrator(session, person_id) and is_last_administrator(session, person_id):
        return Refusal("last_day", LAST_ADMINISTRATOR)
    person.last_day = last_day
    _add_employment(
        context, Employment(start=stay.start, end=last_day, recorded=context.today, reason=reason), person_id
    )
    record_event(context, "person.departure_planned", ("person", person_id), {"last_day": last_day, "reason": reason})
    return None


def withdraw_planned_departure(context: Context, person_id: int, reason: str) -> bool:
    """Somebody stays after all; False if no last day is recorded, or it is over."""
    session = context.session
    lock_people(session, [person_id])
    person, stay = _latest_employment(context, person_id)
    session.refresh(person)
    if person.last_day is None or person.last_day < context.today:
        return False
    withdrawn, person.last_day = person.last_day, None
    _add_employment(context, Employment(start=stay.start, end=None, recorded=context.today, reason=reason), person_id)
    record_event(context, "person.departure_withdrawn", ("person", person_id), {"last_day": withdrawn})
    return True


def record_due_departure(context: Context, person_id: int) -> Refusal | None:
    """Record that somebody has left whose last day, recorded beforehand, is over. Nothing happens if it is not."""
    lock_leaving_people(context.session, [person_id])
    person, stay = _latest_employment(context, person_id)
    context.session.refresh(person)
    if person.left_at is not None or person.last_day is None or person.last_day >= context.today:
        return None
    return record_departure(context, person_id, person.last_day, stay.reason)


def withdraw_departure(context: Context, person_id: int, reason: str) -> Refusal | None:
    """Somebody was recorded as having left by mistake: their stay goes on. Teams and roles are not given back here; a
    password is not kept, so they need an invitation.

    Raises LookupError if there is no such person.
    """
    if (refused := refuse_owned(context, person_id, ["stay"], "last_day")) is not None:
        return refused
    lock_people(context.session, [person_id])
    person, stay = _latest_employment(context, person_id)
    context.session.refresh(person)
    if person.left_at is None:
        return Refusal("last_day", _("This person has not left."))
    if person.erased_at is not None:
        return Refusal("last_day", _("Nothing but a number is kept of this person. Add them anew."))
    if (
        context.session.execute(select(PersonMerge.person_id).where(PersonMerge.person_id == person_id)).first()
        is not None
    ):
        return Refusal("last_day", _("This entry was merged into another one. Continue there."))
    if not _set_left_at(context.session, person, Person.left_at.is_not(None), None):
        return Refusal("last_day", _("This person has not left."))
    _add_employment(context, Employment(start=stay.start, end=None, recorded=context.today, reason=reason), person_id)
    record_event(context, "person.departure_corrected", ("person", person_id), {})
    return None


def _is_administrator(session: Session, person_id: int) -> bool:
    rows = select(RoleGrant.id).where(RoleGrant.person_id == person_id, RoleGrant.until.is_(None))
    return session.execute(rows.where(RoleGrant.role == "administrator").limit(1)).first() is not None
