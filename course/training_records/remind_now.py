"""Remind people now, from any page: plan the reminders and queue them in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from course.content.loaded_course import library
from course.context import Context
from course.mail.rules import MailMessage
from course.organisation.queries import organisation_of_people
from course.people.queries import person
from course.reminders import message_text
from course.training_records import actions
from course.training_records.actions import ReminderPreview
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work


@dataclass(frozen=True)
class ReminderOutcome:
    """The outcome of reminding a person: when the mail will be sent, or the reason why there is none."""

    person_id: int
    send_at: datetime | None
    refusal_reason: str = ""


def remind_now(context: Context, person_id: int, reason: str) -> ReminderOutcome:
    """Remind one person (see `remind_all`)."""
    outcomes = remind_all(context, [person_id], reason)
    return outcomes[0] if outcomes else ReminderOutcome(person_id, None, _("There is no one to remind."))


def remind_all(context: Context, ids: Collection[int], reason: str) -> list[ReminderOutcome]:
    """Remind these people, each at most once a day, with a reason that they read; the outcomes are ordered by name.

    The caller has checked that the actor may see these people. The mails are sent after five minutes, in working hours.
    """
    return queue_all(context, write_reminders(context, ids, reason))


@dataclass(frozen=True)
class WrittenReminders:
    """Who would be reminded and who not, with the mails that are ready to be queued, by person."""

    plans: tuple[ReminderPreview, ...]
    messages: Mapping[int, MailMessage]


def write_reminders(context: Context, ids: Collection[int], reason: str) -> WrittenReminders:
    """Plan the reminders of these people and write their mails; nothing is stored."""
    session = context.session
    config, manager = app_state().config, person(session, context.person_id)
    plans = tuple(actions.plan_reminders(session, ids, reason, context.zone, context.now))
    places = organisation_of_people(session, [plan.person_id for plan in plans])
    messages = {
        plan.person_id: message_text.reminder_message(
            plan.reminder, library().usual_minutes, places[plan.person_id].name if places else "", config.secret_key,
            manager.name if manager else "",
        )
        for plan in plans
        if plan.reminder is not None
    }  # fmt: skip
    return WrittenReminders(plans, messages)


def queue_all(context: Context, written: WrittenReminders) -> list[ReminderOutcome]:
    """Queue these reminders in one unit of work; the outcomes are in the order of the plans. The session of the context is
    not used."""
    with unit_of_work() as unit:
        return [_queue_reminder(replace(context, session=unit), plan, written.messages) for plan in written.plans]


def _queue_reminder(context: Context, plan: ReminderPreview, messages: Mapping[int, MailMessage]) -> ReminderOutcome:
    if plan.reminder is None:
        return ReminderOutcome(plan.person_id, None, plan.refusal_reason)
    if actions.queue_requested_reminder(context, plan.reminder, messages[plan.person_id]):
        return ReminderOutcome(plan.person_id, plan.reminder.send_at)
    return ReminderOutcome(plan.person_id, None, _("Someone else has just reminded them."))
