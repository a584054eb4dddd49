"""Telling a manager that a learner asks for help, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.db import insert_once
from course.help_requests.models import HelpRequest
from course.help_requests.rules import HelpRecipient
from course.mail.actions import schedule_message
from course.mail.rules import MailMessage
from course.reminders.queries import sending_hours


def request_help(
    session: Session,
    person_id: int,
    letters: Sequence[tuple[HelpRecipient, MailMessage]],
    today: date,
    zone: str,
    at: datetime,
) -> bool:
    """Write down that somebody asks for help, and put a mail to each helper into the outbox, to leave in working hours;
    False if they asked for it today already."""
    number = insert_once(session, HelpRequest, person_id=person_id, day=today, asked_at=at)
    if number is None:
        return False
    working = sending_hours(session, zone)
    leaves = working.next_sending_time(at) if working else at
    for helper, letter in letters:
        schedule_message(session, f"help:{number}:{helper.id}", helper.email, letter, at, leaves)
    record_event(session, "person.help_asked", ("person", person_id), {}, person_id, at)
    return True
