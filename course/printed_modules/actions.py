"""Recording that a module was printed, and entering what somebody decided and marked on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import Question, Scenario
from course.context import Context
from course.db import insert_once, lock_row
from course.learning import actions as learning
from course.learning import queries as learning_queries
from course.learning.actions.enrolments import require_enrolment
from course.learning.models import Enrolment
from course.learning.rules.grading import SubmittedAnswer
from course.supervised_sessions.actions import EntryRefusal, begin_paper_sitting, entry_refusal
from course.supervised_sessions.models import (
    SupervisedAttendee,
    SupervisedEntry,
    SupervisedSession,
    SupervisedSheet,
    SupervisedStory,
)

# entered: kept; done: the person has done the story or the timeline by now; broken: the decisions are no whole road through the
# story.
ResultOutcome = Literal["entered", "done", "broken"] | EntryRefusal


def record_printing(context: Context, module_id: str, *, with_bank: bool) -> None:
    """Record that whoever acts took a printed edition of a module out of the course."""
    what = "supervised.bank_printed" if with_bank else "supervised.module_printed"
    record_event(context, what, None, {"module": module_id})


@dataclass(frozen=True)
class PaperStory:
    """A story as somebody decided it on paper: the reference module/scenario, the story in the version that was printed, those
    references that count for the same step, and the decisions as (scene id, choice id)."""

    ref: str
    scenario: Scenario
    same_step: frozenset[str]
    decisions: Sequence[tuple[str, str]]


def enter_story(context: Context, library: Library, attendee_id: int, story: PaperStory) -> ResultOutcome:
    """Enter the decisions of one attendee as their own, and let follow what follows from decisions on a screen.

    Anything but "entered" has to be undone by the caller. `library` is the course as the learner reads it. Raises LookupError
    for an attendee who does not exist.
    """
    session, attendee = context.session, _attendee(context, attendee_id)
    person, refusal = attendee.person_id, entry_refusal(context, attendee)
    if refusal is not None:
        return refusal
    # Two who enter the same story at once: the second one finds it done.
    lock_row(session, Enrolment, require_enrolment(session, person))
    if learning_queries.progress_facts(session, person).scenarios & story.same_step:
        return "done"
    if not keep_run(context, library, attendee, story, None):
        return "broken"
    return "entered"


def keep_run(
    context: Context, library: Library, attendee: SupervisedAttendee, story: PaperStory, enrolment: int | None
) -> bool:
    """Record a story as a run of an attendee in an enrolment (None: that for the whole course), with who entered it. False if the
    decisions are no whole road through it: then the caller has to undo what was recorded."""
    session, person = context.session, attendee.person_id
    learner = replace(context, actor=person, sitting=None)
    run_id = learning.begin_run_anew(learner, story.ref, story.scenario, enrolment)
    values = {"made_by": context.person_id, "made_at": context.now}
    insert_once(session, SupervisedStory, run_id=run_id, sitting_id=begin_paper_sitting(context, attendee.id), **values)
    for _scene, choice in story.decisions:
        run = learning_queries.run(session, person, run_id)
        if (
            run is None
            or learning.decide(learner, library, run, story.scenario, run.next_step, choice) != learning.SAVED
        ):
            return False
    finished = learning_queries.run(session, person, run_id)
    if finished is None or not finished.has_outcome:
        return False
    details = {"session": attendee.session_id, "story": story.ref, "run": run_id}
    record_event(context, "supervised.story_entered", ("person", person), details)
    return True


@dataclass(frozen=True)
class PaperTimeline:
    """A timeline as somebody marked it on paper: the reference module/timeline, the timeline in the version that was printed, and
    the indices of the moments that were marked."""

    ref: str
    timeline: Question
    marked: Sequence[int]


def enter_timeline(context: Context, library: Library, attendee_id: int, paper: PaperTimeline) -> ResultOutcome:
    """Enter the moments that one attendee marked as their own answer, as `enter_story` does with decisions."""
    session, attendee = context.session, _attendee(context, attendee_id)
    person, refusal = attendee.person_id, entry_refusal(context, attendee)
    if refusal is not None:
        return refusal
    # As an answer on a screen does: first what belongs to the session, then the enrolment.
    lock_row(session, SupervisedSession, attendee.session_id)
    lock_row(session, Enrolment, require_enrolment(session, person))
    if paper.ref in learning_queries.progress_facts(session, person).timelines:
        return "done"
    sitting = begin_paper_sitting(context, attendee_id)
    learner = replace(context, actor=person, sitting=sitting)
    attempt = learning_queries.attempt(
        session, person, learning.begin_timeline_anew(learner, paper.ref, paper.timeline)
    )
    assert attempt is not None  # noqa: S101 (it was begun above)
    values = {"made_by": context.person_id, "made_at": context.now}
    sheet = insert_once(session, SupervisedSheet, attendee_id=attendee_id, attempt_id=attempt.id, **values)
    insert_once(session, SupervisedEntry, sheet_id=sheet, sitting_id=sitting, **values)
    learning.submit_answer(learner, library, attempt, 1, SubmittedAnswer(list(paper.marked), None))
    details = {"session": attendee.session_id, "timeline": paper.ref}
    record_event(context, "supervised.timeline_entered", ("person", person), details)
    return "entered"


def _attendee(context: Context, attendee_id: int) -> SupervisedAttendee:
    attendee = context.session.get(SupervisedAttendee, attendee_id)
    if attendee is None:
        raise LookupError(f"there is no attendee {attendee_id}")
    return attendee
