"""Record who looked at a training record, and remind a person at a manager's request."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.dates import civil_date
from course.db import insert_once
from course.mail.actions import withdraw_mail
from course.mail.queries import suppressed_addresses
from course.mail.rules import MailMessage
from course.people.events import RecordOpened
from course.people.models import Person
from course.people.rules import name_key
from course.reminders.actions import PlannedReminder, queue_reminder
from course.reminders.queries import (
    REQUESTED,
    ReminderCandidate,
    hours_by_nation,
    reminder_candidates,
    sending_hours,
)
from course.reminders.rules import HoursOfPeople
from course.training_records import queries
from course.training_records.models import RecordView
from course.training_records.rules import EXPORT, NO_ADDRESS, PACK, PAGE, UNDO_PERIOD, refusal_reason
from course.translation import lazy_gettext as _

BATCH_SIZE = 10_000  # people in one statement; SQLite takes 32,766 values at the most


def log_page_view(session: Session, opened: RecordOpened) -> None:
    """Record in the access log that a viewer was shown a page about a person: one row for the two and the day."""
    insert_once(
        session, RecordView, person_id=opened.person_id, viewer_id=opened.viewer_id, what=PAGE, detail="",
        day=opened.day, at=opened.at,
    )  # fmt: skip


def log_record_export(context: Context, person_ids: Collection[int], what: str, detail: str) -> None:
    """Record in the access log that these people are in a file that the viewer took away: `what` is export or pack,
    `detail` says which file, in words for the people in it. The viewer's own record is left out. Raises ValueError for
    another `what`."""
    if what not in (EXPORT, PACK):
        raise ValueError(f"a record is not taken away as {what!r}")
    ids = sorted(set(person_ids) - {context.actor})
    columns = RecordView.viewer_id, RecordView.what, RecordView.detail, RecordView.at
    values = [
        literal(value, column.type)
        for value, column in zip((context.actor, what, detail[:200], context.now), columns, strict=True)
    ]
    for start in range(0, len(ids), BATCH_SIZE):
        # The database makes the rows itself, which is several times as fast as sending each row.
        rows = select(Person.id, *values).where(Person.id.in_(ids[start : start + BATCH_SIZE])).order_by(Person.id)
        context.session.execute(insert(RecordView).from_select([RecordView.person_id, *columns], rows))


@dataclass(frozen=True)
class ReminderPreview:
    """The reminder that a person would get, or the reason in words why there is none."""

    person_id: int
    reminder: PlannedReminder | None
    refusal_reason: str


def plan_reminders(
    session: Session, ids: Collection[int], reason: str, zone: str, at: datetime
) -> Iterator[ReminderPreview]:
    """The reminders that these people would get if they were requested at `at`, by the certification status on the day
    on which each mail would be sent: a working day of their site's nation. Ordered by name, in a handful of queries. None
    before the set-up."""
    hours = sending_hours(session, zone)
    if hours is None or not ids:
        return
    people: list[tuple[ReminderCandidate, datetime]] = []
    existing: dict[int, list[bool]] = {}
    # Usually all leave at one moment. Where a bank holiday differs, the statuses are those of several days.
    for send_at, some in _leaving(hours_by_nation(session, hours, ids), ids, at + UNDO_PERIOD).items():
        day = civil_date(send_at, zone)
        people += [(one, send_at) for one in reminder_candidates(session, hours, day, some)]
        existing |= queries.reminders_on_day(session, some, day)
    people.sort(key=lambda one: (name_key(one[0].name), one[0].name, one[0].id))
    suppressed = suppressed_addresses(session, [candidate.email for candidate, _send_at in people if candidate.email])
    for candidate, send_at in people:
        day = civil_date(send_at, zone)
        earlier = existing.get(candidate.id, [])
        refusal = refusal_reason(candidate.status, candidate.email in suppressed, any(earlier))
        refusal = refusal or ("" if candidate.takes_mail else NO_ADDRESS)
        # The number distinguishes the key from the keys of reminders of the same day that were withdrawn.
        key = f"asked:{candidate.id}:{day}:{len(earlier)}"
        reminder = PlannedReminder(
            key, REQUESTED, candidate.id, candidate.name, candidate.email or "", REQUESTED, candidate.status.due, send_at,
            day, reason, candidate,
        )  # fmt: skip
        yield ReminderPreview(candidate.id, None if refusal else reminder, refusal)


def _leaving(hours: HoursOfPeople, ids: Collection[int], at: datetime) -> dict[datetime, list[int]]:
    """When mail to these people leaves that is asked for at that moment."""
    moments = {one.nation: one.next_sending_time(at) for one in hours.distinct()}
    leaving: dict[datetime, list[int]] = {}
    for person_id in ids:
        leaving.setdefault(moments[hours.of(person_id).nation], []).append(person_id)
    return leaving


def queue_requested_reminder(context: Context, reminder: PlannedReminder, message: MailMessage) -> bool:
    """Queue a reminder that a manager requested. Returns False if another one for that day was queued at the same
    moment."""
    if not queue_reminder(context, reminder, message):
        return False
    details = {"reason": reminder.reason, "leaves": reminder.send_on}
    record_event(context, "reminder.asked", ("person", reminder.person_id or 0), details)
    return True


def withdraw_reminder(context: Context, person_id: int, reminder_id: int, name: str) -> bool:
    """Withdraw a requested reminder, in the name of `name`. Returns False if it was sent, is being sent just now, or is
    not to be sent anyway."""
    reminder = queries.requested_reminder(context.session, person_id, reminder_id)
    if reminder is None:
        return False
    if not withdraw_mail(context.session, reminder.key, _("Cancelled by %(name)s.", name=name), context.now):
        return False
    record_event(context, "reminder.taken_back", ("person", person_id), {"leaves": reminder.leaves_on})
    return True
