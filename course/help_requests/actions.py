"""Recording that a learner asks for help, and mailing that to a manager, without any results."""

from __future__ import annotations

from collections.abc import Sequence

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.help_requests.models import HelpRequest
from course.help_requests.rules import HelpRecipient
from course.mail.actions import schedule_message
from course.mail.rules import MailMessage
from course.people.queries import mail_recipient
from course.reminders.queries import sending_hours


def request_help(context: Context, messages: Sequence[tuple[HelpRecipient, MailMessage]]) -> bool:
    """Record that the person who acts asks for help, and queue a mail to each recipient, to be sent in working hours.

    False, and nothing done, if the person asked today already.
    """
    session, person_id, at = context.session, context.person_id, context.now
    request_id = insert_once(session, HelpRequest, person_id=person_id, day=context.today, asked_at=at)
    if request_id is None:
        return False
    for recipient, message in messages:
        working = sending_hours(session, context.zone, recipient.id)
        leaves = working.next_sending_time(at) if working else at
        # SQLite gives the number of an erased request again, while the mail about it is kept: the moment tells them apart.
        key = f"help:{request_id}:{recipient.id}:{at.isoformat()}"
        schedule_message(session, key, mail_recipient(session, recipient.email), message, at, leaves)
    record_event(context, "person.help_asked", ("person", person_id), {})
    return True
