"""Noting what is to be told in person instead of a mail, and recording that it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_once
from course.people.actions import lock_people
from course.reminders import queries
from course.reminders.models import InPersonNotice, InPersonReminder, InPersonWithdrawal
from course.reminders.queries.in_person import in_person_messages
from course.reminders.rules.in_person import InPersonMessage, Notice

_PORTION = 500  # ids in one statement


def note_in_person(session: Session, notice: Notice) -> bool:
    """Note something that a person without an e-mail address is to be told, instead of a mail. Its key is that of the mail.
    False if it was noted before."""
    values = {"key": notice.key[:200], "person_id": notice.person_id, "kind": notice.kind,
              "lines": list(notice.lines), "due": notice.due, "made_at": notice.made_at}  # fmt: skip
    return insert_once(session, InPersonNotice, **values) is not None


def forget_untold(session: Session, kind: str, is_over: Callable[[str], bool]) -> None:
    """Delete the notices of a kind whose key says that they are over, and of which nobody was told."""
    told = exists().where(InPersonReminder.about == InPersonNotice.key)
    rows = select(InPersonNotice.id, InPersonNotice.key).where(InPersonNotice.kind == kind, ~told)
    over = [row.id for row in session.execute(rows) if is_over(row.key)]
    for start in range(0, len(over), _PORTION):
        session.execute(delete(InPersonNotice).where(InPersonNotice.id.in_(over[start : start + _PORTION])))


def record_told(context: Context, wanted: Mapping[int, Collection[str]]) -> int:
    """Record that the one who acts has told people these things: for each person id the keys of the messages. Returns how
    many were recorded: what was told already, or is not to be told any more, is left out."""
    session, count = context.session, 0
    # Of two managers at once one waits here, and then finds the records of the other.
    lock_people(session, wanted)
    hours = queries.sending_hours(session, context.zone)
    candidates = queries.reminder_candidates(session, hours, context.today, wanted) if hours and wanted else []
    for person_id, messages in in_person_messages(session, candidates, context.zone).items():
        for one in messages:
            if one.key in wanted[person_id] and one.record is None:
                _record(context, person_id, one)
                count += 1
    return count


def _record(context: Context, person_id: int, told: InPersonMessage) -> None:
    context.session.add(
        InPersonReminder(
            person_id=person_id, about=told.key, task=told.task, lines=list(told.lines), due=told.due,
            made_by=context.person_id, made_at=context.now,
        )
    )  # fmt: skip
    context.session.flush()
    record_event(context, "person.told", ("person", person_id), {"what": told.task, "due": told.due})


def withdraw_told(context: Context, person_id: int, reminder_id: int) -> bool:
    """Withdraw a record that this person was told something: it was a mistake. False if there is none, or it was withdrawn
    before."""
    told = context.session.get(InPersonReminder, reminder_id)
    if told is None or told.person_id != person_id:
        return False
    values = {"reminder_id": reminder_id, "made_by": context.person_id, "made_at": context.now}
    if insert_once(context.session, InPersonWithdrawal, **values) is None:
        return False
    record_event(context, "person.told_withdrawn", ("person", person_id), {"what": told.task, "due": told.due})
    return True
