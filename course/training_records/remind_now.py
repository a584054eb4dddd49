"""Reminding people now, from whichever page: plans, letters and the outbox in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from course.content.loaded_course import library
from course.mail.rules import MailMessage
from course.organisation.queries import organisation
from course.people.queries import person
from course.reminders import message_text
from course.training_records import actions
from course.training_records.actions import ReminderPreview
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work


@dataclass(frozen=True)
class ReminderOutcome:
    """What came of reminding somebody: when the mail leaves, or in `why_not` why none was made."""

    person_id: int
    leaves: datetime | None
    why_not: str = ""


def remind_now(session: Session, person_id: int, reason: str, by: int, at: datetime) -> ReminderOutcome:
    """Remind one person (see `remind_all`)."""
    outcomes = remind_all(session, [person_id], reason, by, at)
    return outcomes[0] if outcomes else ReminderOutcome(person_id, None, "There is nobody to remind.")


def remind_all(session: Session, ids: Collection[int], reason: str, by: int, at: datetime) -> list[ReminderOutcome]:
    """Remind these people, each at most once a day, with a reason that they read; the outcomes come by name.

    Whoever calls has made sure that `by` may see them. The mails leave after five minutes, in working hours. They are
    written on what `session` reads, and then queued in a unit of work of their own.
    """
    config, course, ours, asker = app_state().config, library(), organisation(session), person(session, by)
    plans = list(actions.plan_reminders(session, ids, reason, config.time_zone, at))
    written = {
        plan.person_id: message_text.reminder_message(
            plan.wanted, course.course.title, course.minutes, ours.name if ours else "", config.public_url,
            config.secret_key, asker.name if asker else "",
        )
        for plan in plans
        if plan.wanted is not None
    }  # fmt: skip
    with unit_of_work() as unit:
        return [_queue_reminder(unit, plan, written, by, at) for plan in plans]


def _queue_reminder(
    session: Session, plan: ReminderPreview, written: Mapping[int, MailMessage], by: int, at: datetime
) -> ReminderOutcome:
    if plan.wanted is None:
        return ReminderOutcome(plan.person_id, None, plan.why_not)
    if actions.queue_requested_reminder(session, plan.wanted, written[plan.person_id], by, at):
        return ReminderOutcome(plan.person_id, plan.wanted.send_at)
    return ReminderOutcome(plan.person_id, None, "Somebody else has just reminded them.")
