"""Which attempts and completions were earned in supervised sessions: what records, reports and certificates say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    AttemptVoid,
    Completion,
    ScenarioRunVoid,
)
from course.people.models import Person
from course.supervised_sessions.models import (
    SupervisedAnswer,
    SupervisedAttendance,
    SupervisedAttendee,
    SupervisedEntry,
    SupervisedSession,
    SupervisedSitting,
    SupervisedStory,
)
from course.supervised_sessions.rules import PAPER, SupervisedMark, supervised_mark


def supervised_marks(session: Session, attempt_ids: Collection[int]) -> dict[int, SupervisedMark]:
    """The marks of those of these attempts every answer of which was given in a supervised session, by attempt. One query."""
    if not attempt_ids:
        return {}
    enterer = aliased(Person)
    rows = session.execute(
        select(
            AttemptItem.attempt_id, SupervisedSession.id, SupervisedSession.held_on, SupervisedSitting.way,
            SupervisedAttendance.witness, enterer.name,
        )
        .join(Answer, Answer.item_id == AttemptItem.id)
        .outerjoin(SupervisedAnswer, SupervisedAnswer.item_id == AttemptItem.id)
        .outerjoin(SupervisedSitting, SupervisedSitting.id == SupervisedAnswer.sitting_id)
        .outerjoin(SupervisedAttendee, SupervisedAttendee.id == SupervisedSitting.attendee_id)
        .outerjoin(SupervisedSession, SupervisedSession.id == SupervisedAttendee.session_id)
        .outerjoin(SupervisedEntry, SupervisedEntry.sitting_id == SupervisedSitting.id)
        .outerjoin(SupervisedAttendance, SupervisedAttendance.attendee_id == SupervisedAttendee.id)
        .outerjoin(enterer, enterer.id == SupervisedEntry.made_by)
        .where(AttemptItem.attempt_id.in_(attempt_ids))
        .order_by(Answer.answered_at, AttemptItem.position)
    )  # fmt: skip
    answers: dict[int, list[SupervisedMark | None]] = defaultdict(list)
    for attempt, number, held_on, way, witness, entered_by in rows:
        is_paper = way == PAPER
        given = SupervisedMark(number, held_on, way, witness if is_paper else None, entered_by if is_paper else None)
        answers[attempt].append(given if number is not None else None)
    found = {attempt: supervised_mark(marks) for attempt, marks in answers.items()}
    return {attempt: mark for attempt, mark in found.items() if mark is not None}


def completion_marks(session: Session, completion_ids: Collection[int]) -> dict[int, SupervisedMark]:
    """The marks of those of these completions whose assessment was taken in supervised sessions as a whole, by completion: all
    attempts at it that count. Two queries."""
    if not completion_ids:
        return {}
    rows = session.execute(
        select(Completion.id, Attempt.id)
        .join(Attempt, Attempt.enrolment_id == Completion.enrolment_id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .outerjoin(AttemptVoid, AttemptVoid.attempt_id == Attempt.id)
        .where(
            Completion.id.in_(completion_ids),
            Attempt.kind.in_(("final", "refresher")),
            AttemptOutcome.finished_at <= Completion.completed_at,
            AttemptVoid.attempt_id.is_(None),
        )
        .order_by(AttemptOutcome.finished_at, Attempt.id)
    )
    attempts: dict[int, list[int]] = defaultdict(list)
    for completion, attempt in rows:
        attempts[completion].append(attempt)
    marks = supervised_marks(session, [attempt for group in attempts.values() for attempt in group])
    return {
        completion: marks[group[-1]]
        for completion, group in attempts.items()
        if all(attempt in marks for attempt in group)
    }


def completion_mark(session: Session, completion_id: int) -> SupervisedMark | None:
    """The mark of one completion; None if its assessment, or any of it, was taken elsewhere."""
    return completion_marks(session, [completion_id]).get(completion_id)


def void_attempts(session: Session, attempt_ids: Collection[int]) -> list[int]:
    """Those of these attempts that count for nothing."""
    return list(
        session.execute(select(AttemptVoid.attempt_id).where(AttemptVoid.attempt_id.in_(attempt_ids))).scalars()
    )


def story_marks(session: Session, run_ids: Collection[int]) -> dict[int, SupervisedMark]:
    """The marks of those of these scenario runs that were entered from paper, by run."""
    if not run_ids:
        return {}
    rows = session.execute(
        select(
            SupervisedStory.run_id, SupervisedSession.id, SupervisedSession.held_on, SupervisedAttendance.witness, Person.name
        )
        .join(SupervisedSitting, SupervisedSitting.id == SupervisedStory.sitting_id)
        .join(SupervisedAttendee, SupervisedAttendee.id == SupervisedSitting.attendee_id)
        .join(SupervisedSession, SupervisedSession.id == SupervisedAttendee.session_id)
        .join(Person, Person.id == SupervisedStory.made_by)
        .outerjoin(SupervisedAttendance, SupervisedAttendance.attendee_id == SupervisedAttendee.id)
        .where(SupervisedStory.run_id.in_(run_ids))
    )  # fmt: skip
    return {run: SupervisedMark(number, day, PAPER, witness, name) for run, number, day, witness, name in rows}


def void_runs(session: Session, run_ids: Collection[int]) -> list[int]:
    """Those of these scenario runs that count for nothing."""
    return list(session.execute(select(ScenarioRunVoid.run_id).where(ScenarioRunVoid.run_id.in_(run_ids))).scalars())
