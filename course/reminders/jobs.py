"""Queueing the reminders that are due, for the regular job and for `flask reminders send`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

from course.content.loaded_course import library
from course.context import make_context
from course.jobs.rules import JobKind
from course.mail.rules import MailMessage
from course.organisation.queries import organisation, organisation_of_people
from course.people.queries import names_told_apart
from course.reminders import actions, message_text
from course.reminders.actions import PlannedReminder
from course.reminders.rules import Digest
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

Clock = Callable[[], datetime]
BATCH_SIZE = 100  # reminders in one transaction: other writers never wait long


def find_due_reminders(at: datetime, clock: Clock) -> list[PlannedReminder]:
    """The reminders that are due at the moment `at` and were not queued before; `clock` gives the current time."""
    # The query covers all people: on a read-only session it does not block writers.
    with read_only_session() as session:
        return actions.planned_reminders(session, app_state().config.time_zone, at, clock())


def queue_due_reminders(at: datetime, clock: Clock) -> int:
    """Queue the reminders that are due at the moment `at`. Returns their number; `clock` gives the current time."""
    queued, due = 0, iter(find_due_reminders(at, clock))
    while batch := list(islice(due, BATCH_SIZE)):
        messages = _build_messages(batch)
        with unit_of_work() as session:
            for planned, message in messages:
                queued += actions.queue_reminder(make_context(session, None, clock()), planned, message)
    return queued


def _build_messages(batch: list[PlannedReminder]) -> list[tuple[PlannedReminder, MailMessage]]:
    """The messages of these reminders."""
    with read_only_session() as session:
        whole = organisation(session)
        places = organisation_of_people(session, {one.person_id for one in batch if one.person_id is not None})
        named = {
            one
            for planned in batch
            if isinstance(planned.subject, Digest)
            for one in (*planned.subject.named_ids, *(manager.person_id for manager in planned.subject.unreached))
        }
        names = names_told_apart(session, named) if named else {}
    secret = app_state().config.secret_key
    messages = []
    for planned in batch:
        place = places.get(planned.person_id, whole) if planned.person_id is not None else whole
        name = planned.site or (place.name if place else "")
        messages.append(
            (planned, message_text.reminder_message(planned, library().usual_minutes, name, secret, names=names))
        )
    return messages


JOBS = (
    JobKind(
        "reminders.queue", _("Reminders"), lambda run: queue_due_reminders(run.at, run.clock), every=timedelta(hours=1)
    ),
)
