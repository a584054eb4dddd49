"""Noting who looked at a record, and reminding somebody because a manager asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.dates import civil_date
from course.db import insert_once
from course.mail.actions import withdraw_mail
from course.mail.queries import suppressed_addresses
from course.mail.rules import MailMessage
from course.people.events import RecordOpened
from course.people.models import Person
from course.reminders.actions import PlannedReminder, queue_reminder
from course.reminders.queries import REQUESTED, reminder_candidates, sending_hours
from course.training_records import queries
from course.training_records.models import RecordView
from course.training_records.rules import EXPORT, PACK, PAGE, UNDO_PERIOD, refusal_reason

BATCH_SIZE = 10_000  # people in one statement; SQLite takes 32,766 values at the most


def log_page_view(session: Session, opened: RecordOpened) -> None:
    """Somebody was shown a page about somebody: once for the two and a day."""
    insert_once(
        session, RecordView, person_id=opened.person_id, viewer_id=opened.viewer_id, what=PAGE, detail="",
        day=opened.day, at=opened.at,
    )  # fmt: skip


def log_record_export(
    session: Session, person_ids: Collection[int], viewer_id: int, what: str, detail: str, at: datetime
) -> None:
    """These people are in a file that somebody took away: `what` is export or pack, `detail` says which file, in words
    for those who are in it. Nobody is told of their own. Raises ValueError for another `what`."""
    if what not in (EXPORT, PACK):
        raise ValueError(f"a record is not taken away as {what!r}")
    ids = sorted(set(person_ids) - {viewer_id})
    columns = RecordView.viewer_id, RecordView.what, RecordView.detail, RecordView.at
    same = [
        literal(value, column.type) for value, column in zip((viewer_id, what, detail[:200], at), columns, strict=True)
    ]
    for start in range(0, len(ids), BATCH_SIZE):
        # The database makes the rows itself: that is several times as fast as sending each of them.
        those = select(Person.id, *same).where(Person.id.in_(ids[start : start + BATCH_SIZE])).order_by(Person.id)
        session.execute(insert(RecordView).from_select([RecordView.person_id, *columns], those))


@dataclass(frozen=True)
class ReminderPreview:
    """The reminder that somebody would get, or in words why there is none."""

    person_id: int
    wanted: PlannedReminder | None
    why_not: str


def plan_reminders(
    session: Session, ids: Collection[int], reason: str, zone: str, at: datetime
) -> Iterator[ReminderPreview]:
    """What would come of reminding these people at `at`, as they stand on the day on which the mails would leave; by
    name, in a handful of queries. Nothing before the set-up."""
    when = sending_hours(session, zone)
    if when is None or not ids:
        return
    leaves = when.next_sending_time(at + UNDO_PERIOD)
    day = civil_date(leaves, zone)
    people = reminder_candidates(session, when, day, ids)
    dead = suppressed_addresses(session, [one.email for one in people])
    made = queries.reminders_on_day(session, ids, day)
    for one in people:
        before = made.get(one.id, [])
        why = refusal_reason(one.status, one.email in dead, any(before))
        # The number tells it from those of the day that were taken back.
        key = f"asked:{one.id}:{day}:{len(before)}"
        wanted = PlannedReminder(
            key, REQUESTED, one.id, one.name, one.email, REQUESTED, one.status.due, leaves, day, reason, one
        )  # fmt: skip
        yield ReminderPreview(one.id, None if why else wanted, why)


def queue_requested_reminder(
    session: Session, wanted: PlannedReminder, letter: MailMessage, by: int, at: datetime
) -> bool:
    """Queue a reminder that somebody asks for; False if one for that day was made in the same moment."""
    if not queue_reminder(session, wanted, letter, at, by):
        return False
    details = {"reason": wanted.reason, "leaves": wanted.send_on}
    record_event(session, "reminder.asked", ("person", wanted.person_id or 0), details, by, at)
    return True


def withdraw_reminder(session: Session, person_id: int, reminder_id: int, by: int, name: str, at: datetime) -> bool:
    """Take a reminder back that was asked for, by the one with that `name`; False if it has left, is leaving just now,
    or is not to leave anyway."""
    found = queries.requested_reminder(session, person_id, reminder_id)
    if found is None or not withdraw_mail(session, found.key, f"Taken back by {name}."):
        return False
    record_event(session, "reminder.taken_back", ("person", person_id), {"leaves": found.leaves_on}, by, at)
    return True
