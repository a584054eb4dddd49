"""The job that mails the sentences back to their writers."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.content.loaded_course import library
from course.dates import civil_date
from course.jobs.rules import JobKind, JobRun
from course.milestones import actions, queries
from course.milestones.queries import DueIntention
from course.recertification import queries as renewal
from course.recertification.rules.facts import covers
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work


def find_due_intentions(at: datetime) -> list[DueIntention]:
    """The sentences that are to be mailed now. On a long leave nobody is mailed; their sentence waits until they are back."""
    zone = app_state().config.time_zone
    today = civil_date(at, zone)
    with read_only_session() as session:
        due = queries.due_intentions(session, at)
        people = renewal.people(session, zone, {one.person_id for one in due}) if due else []
    on_leave = {one.id for one in people if any(covers(p.since, p.until, today) for p in one.facts.as_of(today).pauses)}
    return [one for one in due if one.person_id not in on_leave]


def mail_intentions(at: datetime) -> int:
    """Queue the mails that are due; returns how many. Safe to run again, or twice at the same time."""
    zone, count = app_state().config.time_zone, 0
    for due in find_due_intentions(at):
        with unit_of_work() as session:
            count += actions.mail_intention(session, due, library(), zone, at)
    return count


def _run(run: JobRun) -> int:
    return mail_intentions(run.at)


JOBS = (JobKind("milestones.intentions", _("Sentences mailed back to their writers"), _run, every=timedelta(hours=1)),)
