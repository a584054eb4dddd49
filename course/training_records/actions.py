"""Noting who looked at a record, and reminding somebody because a manager asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.dates import civil_date
from course.db import insert_once
from course.mail.actions import withdraw
from course.mail.queries import dead_addresses
from course.mail.rules import Letter
from course.people.events import RecordOpened
from course.people.models import Person
from course.reminders.actions import Wanted, remind
from course.reminders.queries import ASKED, everybody, hours
from course.training_records import queries
from course.training_records.models import RecordView
from course.training_records.rules import EXPORT, PACK, PAGE, UNDO, why_not

BATCH = 10_000  # people in one statement; SQLite takes 32,766 values at the most


def note_page(session: Session, opened: RecordOpened) -> None:
    """Somebody was shown a page about somebody: once for the two and a day."""
    insert_once(
        session, RecordView, person_id=opened.person_id, viewer_id=opened.viewer_id, what=PAGE, detail="",
        day=opened.day, at=opened.at,
    )  # fmt: skip


def note_export(
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
    for start in range(0, len(ids), BATCH):
        # The database makes the rows itself: that is several times as fast as sending each of them.
        those = select(Person.id, *same).where(Person.id.in_(ids[start : start + BATCH])).order_by(Person.id)
        session.execute(insert(RecordView).from_select([RecordView.person_id, *columns], those))


@dataclass(frozen=True)
class Plan:
    """The reminder that somebody would get, or in words why there is none."""

    person_id: int
    wanted: Wanted | None
    why_not: str


def plans(session: Session, ids: Collection[int], reason: str, zone: str, at: datetime) -> Iterator[Plan]:
    """What would come of reminding these people at `at`, as they stand on the day on which the mails would leave; by
    name, in a handful of queries. Nothing before the set-up."""
    when = hours(session, zone)
    if when is None or not ids:
        return
    leaves = when.leaves(at + UNDO)
    day = civil_date(leaves, zone)
    people = everybody(session, when, day, ids)
    dead = dead_addresses(session, [one.email for one in people])
    made = queries.reminded_on(session, ids, day)
    for one in people:
        before = made.get(one.id, [])
        why = why_not(one.standing, one.email in dead, any(before))
        # The number tells it from those of the day that were taken back.
        key = f"asked:{one.id}:{day}:{len(before)}"
        wanted = Wanted(
            key, ASKED, one.id, one.name, one.email, ASKED, one.standing.due, leaves, day, reason, one
        )  # fmt: skip
        yield Plan(one.id, None if why else wanted, why)


def ask(session: Session, wanted: Wanted, letter: Letter, by: int, at: datetime) -> bool:
    """Queue a reminder that somebody asks for; False if one for that day was made in the same moment."""
    if not remind(session, wanted, letter, at, by):
        return False
    details = {"reason": wanted.reason, "leaves": wanted.leaves_on}
    record(session, "reminder.asked", ("person", wanted.person_id or 0), details, by, at)
    return True


def take_back(session: Session, person_id: int, reminder_id: int, by: int, name: str, at: datetime) -> bool:
    """Take a reminder back that was asked for, by the one with that `name`; False if it has left, is leaving just now,
    or is not to leave anyway."""
    found = queries.asked_for(session, person_id, reminder_id)
    if found is None or not withdraw(session, found.key, f"Taken back by {name}."):
        return False
    record(session, "reminder.taken_back", ("person", person_id), {"leaves": found.leaves_on}, by, at)
    return True
