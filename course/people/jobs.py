"""Jobs: many invitations, a few in each unit of work; departures that were recorded beforehand, and the end of roles that
have a last day."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from course.context import make_context
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.people import actions, queries
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

_INVITATION_BATCH = 100  # invitations in one unit of work


def send_invitation_batches(run: JobRun) -> None:
    """Invite those of the people in the arguments who still need an invitation and were not invited since the job was
    asked for, so that a job that is run again invites nobody twice."""
    asked: dict[str, str] = run.arguments["people"]
    with read_only_session() as session:
        found = queries.people_without_password(session, [int(person_id) for person_id in asked])
    waiting = [one for one in found if invitation_timestamp(one.invited_at) == asked[str(one.id)]]
    for start in range(0, len(waiting), _INVITATION_BATCH):
        run.progress(_("Writing invitations"), start, len(waiting))
        with unit_of_work() as session:
            context = make_context(session, run.owner_id, run.at)
            for one in waiting[start : start + _INVITATION_BATCH]:
                actions.invite(context, one.id, run.arguments["sender"], one.invited_at)


def invitation_timestamp(at: datetime | None) -> str:
    """When somebody was invited, as a form and the arguments of a job carry it."""
    return "" if at is None else at.isoformat()


INVITATIONS = JobKind(
    "people.invite", lazy_gettext("Invitations"), send_invitation_batches, lane="mail", erases_arguments=True
)


def _is_departure_due(at: datetime) -> bool:
    with read_only_session() as session:
        return bool(queries.due_departures(session, civil_date(at, app_state().config.time_zone)))


def _record_due_departures(run: JobRun) -> None:
    with read_only_session() as session:
        due = queries.due_departures(session, civil_date(run.at, app_state().config.time_zone))
    for person_id in due:
        with unit_of_work() as session:
            refused = actions.record_due_departure(make_context(session, None, run.at), person_id)
            if refused is not None:
                session.rollback()
                logging.getLogger("course").warning("person %s has not left: %s", person_id, refused.message)


DEPARTURES = JobKind(
    "people.departures", lazy_gettext("People whose last day is over"), _record_due_departures,
    every=timedelta(minutes=10), wanted=_is_departure_due,
)  # fmt: skip


def close_expired_roles(at: datetime) -> int:
    """Write down which roles have ended by themselves, and how many that were. Safe to run again, and twice at once."""
    with unit_of_work() as session:
        return actions.close_expired_roles(make_context(session, None, at))


def _has_expired_roles(at: datetime) -> bool:
    with read_only_session() as session:
        return queries.has_expired_roles(session, civil_date(at, app_state().config.time_zone))


END_ROLES = JobKind(
    "people.end_roles", lazy_gettext("End of auditors’ roles"), lambda run: close_expired_roles(run.at),
    every=timedelta(hours=1), wanted=_has_expired_roles,
)  # fmt: skip
JOBS = (INVITATIONS, DEPARTURES, END_ROLES)
