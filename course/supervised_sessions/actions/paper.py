"""Answers on paper: printing the questions of an attempt, who signed the attendance sheet, and entering what was answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import select

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import Module
from course.context import Context
from course.db import insert_once, lock_row
from course.learning import actions as learning
from course.learning import queries as learning_queries
from course.learning.models import Attempt
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.grading import SubmittedAnswer
from course.people.models import Person
from course.supervised_sessions.models import (
    SupervisedAttendance,
    SupervisedAttendee,
    SupervisedEntry,
    SupervisedSheet,
    SupervisedSitting,
)
from course.supervised_sessions.rules import PAPER, is_same_name

# absent: nobody has recorded that the person was there; own: whoever enters is the person; witness: or the witness.
EntryRefusal = Literal["absent", "own", "witness"]
# entered: kept; before: somebody entered this sheet already; changed: the open questions are others than those on the form;
# outdated: the attempt counts for nothing any more, because it is void, or the person has completed or begun something else since.
EntryOutcome = Literal["entered", "before", "changed", "outdated"] | EntryRefusal


def prepare_sheet(context: Context, library: Library, session_id: int, attendee: int, module: Module | None) -> int:
    """Open the attempt that an attendee is to answer on paper, or find the one that is under way: the check of a module, or the
    final assessment (None). The questions are drawn as on a screen. Returns the id of the attempt.

    Raises ValueError if whoever prints it is the attendee.
    """
    session = context.session
    person = session.execute(
        select(SupervisedAttendee.person_id).where(
            SupervisedAttendee.id == attendee, SupervisedAttendee.session_id == session_id
        )
    ).scalar_one()
    if person == context.person_id:
        raise ValueError("nobody supervises themselves")
    learner = replace(context, actor=person, sitting=None)
    begun = learning.begin_check(learner, library, module) if module else learning.begin_final(learner, library)
    values = {"attempt_id": begun, "made_by": context.person_id, "made_at": context.now}
    if insert_once(session, SupervisedSheet, attendee_id=attendee, **values) is not None:
        record_event(context, "supervised.sheet_printed", ("person", person), {"session": session_id})
    return begun


def prepare_open_questions(context: Context, session_id: int, attendee: SupervisedAttendee, attempt_id: int) -> bool:
    """Put the questions of an attempt that are open now on a sheet for an attendee: another one, if there are others than on the
    last. False if none is open. Raises ValueError if whoever prints it is the attendee."""
    session = context.session
    if attendee.person_id == context.person_id:
        raise ValueError("nobody supervises themselves")
    lock_row(session, Attempt, attempt_id)
    attempt = learning_queries.attempt(session, attendee.person_id, attempt_id)
    if attempt is None or attempt.next is None:
        return False
    newest = session.execute(
        select(SupervisedSheet)
        .where(SupervisedSheet.attendee_id == attendee.id, SupervisedSheet.attempt_id == attempt_id)
        .order_by(SupervisedSheet.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    last = attempt.items[-1].position
    if newest is not None and newest.last_position == last:
        return True
    number = 1 if newest is None else newest.number + 1
    values = {"attempt_id": attempt_id, "number": number, "last_position": last}
    insert_once(
        session, SupervisedSheet, attendee_id=attendee.id, **values, made_by=context.person_id, made_at=context.now
    )
    record_event(context, "supervised.sheet_printed", ("person", attendee.person_id), {"session": session_id})
    return True


def record_attendance(context: Context, session_id: int, attendees: Collection[int], witness: str) -> int:
    """Record that these attendees signed the attendance sheet, as a witness saw. Returns for how many it was new: what was
    recorded before stays. Whoever records it is left out."""
    session, new = context.session, 0
    rows = session.execute(
        select(SupervisedAttendee.id, SupervisedAttendee.person_id).where(
            SupervisedAttendee.session_id == session_id, SupervisedAttendee.id.in_(attendees)
        )
    )
    for attendee, person in rows.all():
        values = {"witness": witness, "made_by": context.person_id, "made_at": context.now}
        if person == context.person_id or insert_once(
            session, SupervisedAttendance, attendee_id=attendee, **values
        ) is None:  # fmt: skip
            continue
        record_event(context, "supervised.attended", ("person", person), {"session": session_id})
        new += 1
    return new


def record_read_together(context: Context, library: Library, attendee: int, module_id: str) -> int:
    """Record that an attendee, whose attendance is recorded, read the pages of a module together with the others. Returns how
    many pages were new. `library` is the course as the attendee reads it.

    Only pages: a scenario, a timeline and the check ask for answers of each person.
    """
    session = context.session
    row, module = session.get(SupervisedAttendee, attendee), library.modules.get(module_id)
    is_present = session.get(SupervisedAttendance, attendee) is not None
    if row is None or module is None or not is_present or row.person_id == context.person_id:
        return 0
    learner = replace(context, actor=row.person_id, sitting=None)
    new = sum(learning.record_page_read(learner, module, page) for page in module.pages.values())
    if new:
        learning.complete_course(learner, library, row.person_id)
        details = {"session": row.session_id, "pages": new}
        record_event(context, "supervised.read_together", ("person", row.person_id), details)
    return new


def entry_refusal(context: Context, attendee: SupervisedAttendee) -> EntryRefusal | None:
    """Why whoever acts may not enter anything for an attendee; None if they may."""
    if attendee.person_id == context.person_id:
        return "own"
    attendance = context.session.get(SupervisedAttendance, attendee.id)
    entered_by = context.session.get(Person, context.person_id)
    if attendance is None or entered_by is None:
        return "absent"
    return "witness" if is_same_name(attendance.witness, entered_by.name) else None


def begin_paper_sitting(context: Context, attendee_id: int) -> int:
    """Record that an attendee answered on paper. Returns the id of the sitting."""
    sitting = SupervisedSitting(attendee_id=attendee_id, way=PAPER, began_at=context.now)
    context.session.add(sitting)
    context.session.flush()
    return sitting.id


@dataclass(frozen=True)
class EnteredAnswer:
    """What somebody had ticked on paper at the question in this place."""

    position: int
    answer: SubmittedAnswer


def sheet_items(attempt: AttemptView, last_position: int | None) -> list[AttemptItemView]:
    """The questions of an attempt that were drawn when a sheet was printed: those up to this place, or all (None)."""
    return [item for item in attempt.items if last_position is None or item.position <= last_position]


def enter_answers(context: Context, library: Library, sheet_id: int, entered: Sequence[EnteredAnswer]) -> EntryOutcome:
    """Enter the answers of one sheet in one go, as answers of its learner, and let follow what follows from answers on a screen.

    `entered` has to answer just the questions that are open now. Anything but "entered" changes nothing. `library` is the
    course as the learner reads it. Raises LookupError for a sheet that does not exist.
    """
    session = context.session
    sheet = session.get(SupervisedSheet, sheet_id)
    attendee = session.get(SupervisedAttendee, sheet.attendee_id) if sheet else None
    if sheet is None or attendee is None:
        raise LookupError(f"there is no sheet {sheet_id}")
    # As an answer on a screen does: first the attempt, then what belongs to the session.
    lock_row(session, Attempt, sheet.attempt_id)
    refusal = entry_refusal(context, attendee)
    if refusal is not None:
        return refusal
    attempt = learning_queries.attempt(session, attendee.person_id, sheet.attempt_id)
    if attempt is None:
        raise LookupError(f"the attempt of sheet {sheet_id} is not that of its attendee")
    is_entered = session.get(SupervisedEntry, sheet_id) is not None
    open_positions = [item.position for item in sheet_items(attempt, sheet.last_position) if item.given is None]
    if is_entered or not open_positions:
        return "before"
    is_void = session.execute(select(learning_queries.is_void(attempt.id))).scalar_one()
    if is_void or learning_queries.is_enrolment_over(session, attempt.enrolment_id):
        return "outdated"
    if open_positions != [one.position for one in entered]:
        return "changed"
    sitting = begin_paper_sitting(context, attendee.id)
    values = {"sitting_id": sitting, "made_by": context.person_id, "made_at": context.now}
    insert_once(session, SupervisedEntry, sheet_id=sheet_id, **values)
    learner = replace(context, actor=attendee.person_id, sitting=sitting)
    for one in entered:
        learning.submit_answer(learner, library, attempt, one.position, one.answer)
    record_event(context, "supervised.entered", ("person", attendee.person_id), {"session": attendee.session_id})
    return "entered"
