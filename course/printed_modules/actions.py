"""Recording that a module was printed, and entering the road of a story that somebody decided on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import Scenario
from course.context import Context
from course.db import lock_row
from course.learning import actions as learning
from course.learning import queries as learning_queries
from course.learning.actions.enrolments import require_enrolment
from course.learning.models import Enrolment
from course.people.models import Person
from course.supervised_sessions.models import SupervisedAttendance, SupervisedAttendee
from course.supervised_sessions.rules import is_same_name

# entered: kept; done: the person has done the story by now; absent: nobody has recorded that they were there; own: whoever enters
# is the person; witness: or the witness; broken: the decisions are no whole road through the story.
StoryOutcome = Literal["entered", "done", "absent", "own", "witness", "broken"]


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


def enter_story(context: Context, library: Library, attendee_id: int, story: PaperStory) -> StoryOutcome:
    """Enter the decisions of one attendee as their own, and let follow what follows from decisions on a screen.

    Anything but "entered" has to be undone by the caller. `library` is the course as the learner reads it. Raises LookupError
    for an attendee who does not exist.
    """
    session = context.session
    attendee = session.get(SupervisedAttendee, attendee_id)
    if attendee is None:
        raise LookupError(f"there is no attendee {attendee_id}")
    person = attendee.person_id
    if person == context.person_id:
        return "own"
    attendance, entered_by = session.get(SupervisedAttendance, attendee_id), session.get(Person, context.person_id)
    if attendance is None or entered_by is None:
        return "absent"
    if is_same_name(attendance.witness, entered_by.name):
        return "witness"
    # Two who enter the same story at once: the second one finds it done.
    lock_row(session, Enrolment, require_enrolment(session, person))
    if learning_queries.progress_facts(session, person).scenarios & story.same_step:
        return "done"
    learner = replace(context, actor=person, sitting=None)
    run_id = learning.begin_run_anew(learner, story.ref, story.scenario)
    for _scene, choice in story.decisions:
        run = learning_queries.run(session, person, run_id)
        if (
            run is None
            or learning.decide(learner, library, run, story.scenario, run.next_step, choice) != learning.SAVED
        ):
            return "broken"
    finished = learning_queries.run(session, person, run_id)
    if finished is None or not finished.has_outcome:
        return "broken"
    details = {"session": attendee.session_id, "story": story.ref, "run": run_id}
    record_event(context, "supervised.story_entered", ("person", person), details)
    return "entered"
