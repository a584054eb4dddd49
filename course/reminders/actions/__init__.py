"""Planning reminders, queueing each of them once, and withdrawing those that have become obsolete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.mail.actions import clear_suppression, clear_suppression_list, schedule_message, store_wording
from course.mail.queries import mail_wording
from course.mail.rules import MailMessage
from course.organisation.models import Organisation
from course.people.queries import mail_recipient
from course.reminders.actions.digests import digest_reminders
from course.reminders.actions.in_person import forget_untold, note_in_person, record_told, withdraw_told
from course.reminders.actions.planning import PlannedReminder, learner_reminders, sending_plan, unqueued
from course.reminders.actions.rechecks import recheck_reminder
from course.reminders.models import Reminder, ReminderPolicyVersion
from course.reminders.rules import Digest, ReminderPolicy

__all__ = [
    "PlannedReminder",
    "add_policy_version",
    "change_mail_wording",
    "forget_untold",
    "note_in_person",
    "planned_reminders",
    "queue_reminder",
    "recheck_reminder",
    "record_told",
    "resume_all_mail",
    "resume_mail",
    "withdraw_told",
]


def planned_reminders(session: Session, zone: str, at: datetime, now: datetime) -> list[PlannedReminder]:
    """Every reminder that is due at the moment `at` and was not queued before; empty before the set-up.

    Each is judged as of the day on which it would leave. If `at` is in the past, the reminders leave `now` at the
    earliest.
    """
    plan = sending_plan(session, zone, at, now)
    return [] if plan is None else unqueued(session, [*learner_reminders(plan), *digest_reminders(plan)])


def queue_reminder(context: Context, planned: PlannedReminder, message: MailMessage) -> bool:
    """Queue a reminder, to leave within the sending hours.

    Returns False if it was queued concurrently, or another one for that day. The actor is the person who asked for it
    (None: the course).
    """
    named_ids = planned.subject.named_ids if isinstance(planned.subject, Digest) else []
    row_id = insert_once(
        context.session, Reminder, key=planned.key, kind=planned.kind, person_id=planned.person_id, step=planned.step,
        due=planned.due, leaves_on=planned.send_on, reason=planned.reason, named=named_ids,
        made_by=context.actor, made_at=context.now,
    )  # fmt: skip
    return row_id is not None and schedule_message(
        context.session,
        planned.key,
        mail_recipient(context.session, planned.recipient),
        message,
        context.now,
        planned.send_at,
    )


def add_policy_version(context: Context, policy: ReminderPolicy, reason: str, seen: int | None = None) -> bool | None:
    """Add a version of the reminder policy, which is in force from now on.

    Returns False, and writes nothing, if the newest version has the same values and the same reason; None, and writes
    nothing, if the newest version is not the one with the id `seen` (0: there was none), because somebody else saved theirs
    meanwhile.
    """
    session = context.session
    # The lock serialises two simultaneous submissions.
    session.execute(select(Organisation.id).with_for_update())
    closed = [[first.isoformat(), last.isoformat()] for first, last in policy.closed]
    values = {
        "before": list(policy.before), "every_days": policy.every_days, "digest_weekday": policy.digest_weekday,
        "lead_days": policy.lead_days, "opens": policy.opens, "closes": policy.closes, "closed": closed,
        "reason": reason,
    }  # fmt: skip
    newest = select(ReminderPolicyVersion).order_by(ReminderPolicyVersion.id.desc()).limit(1)
    current = session.execute(newest).scalar_one_or_none()
    if current is not None and all(getattr(current, name) == value for name, value in values.items()):
        return False
    if seen is not None and seen != (current.id if current else 0):
        return None
    session.add(ReminderPolicyVersion(**values, made_by=context.actor, made_at=context.now))
    session.flush()
    record_event(context, "policy.reminders_changed", None, {"reason": reason})
    return True


def resume_mail(context: Context, person_id: int, address: str, reason: str) -> bool:
    """Remove an address from the suppression list.

    Returns False, and writes nothing, if the address is not on the list.
    """
    if not clear_suppression(context, address, reason):
        return False
    record_event(context, "mail.address_cleared", ("person", person_id), {})
    return True


def resume_all_mail(context: Context, reason: str) -> int:
    """Remove all addresses from the suppression list. Returns their number."""
    count = clear_suppression_list(context, reason)
    if count:
        record_event(context, "mail.addresses_cleared", None, {"addresses": count, "reason": reason})
    return count


def change_mail_wording(context: Context, sender: str, opening: str, seen: int) -> bool | None:
    """Word all mails like this from now on. `seen` is the version that whoever changes it has read.

    Returns False, and writes nothing, if they are worded so already; None, and writes nothing, if somebody else has changed
    the wording since.
    """
    session = context.session
    # The lock serialises two administrators who save at once.
    session.execute(select(Organisation.id).with_for_update())
    known = mail_wording(session)
    if (known.sender, known.opening) == (sender, opening):
        return False
    if known.version != seen:
        return None
    store_wording(session, sender, opening, context.actor, context.now)
    record_event(context, "mail.wording_changed", None, {})
    return True
