"""A learner who has finished a module, recorded as the course would have recorded it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.schema import Module
from course.context import make_context
from course.learning import actions, queries
from course.learning.models import RunOutcome, ScenarioRun
from course.learning.rules.grading import SubmittedAnswer
from tests.learning.givens import right, wrong


@dataclass(frozen=True)
class Doing:
    """How a module is done: how many answers of the check are wrong at first, how sure they are, and whether its pages
    are read."""

    missed: int = 0
    sure: str = "sure"
    read: bool = True


def make_check(
    session: Session, library: Library, person_id: int, module: Module, at: datetime, doing: Doing = Doing()
) -> int:
    """Take the check of a module. Returns the id of the attempt."""
    context = make_context(session, person_id, at)
    attempt_id = actions.begin_check(context, library, module)
    attempt = queries.attempt(session, person_id, attempt_id)
    assert attempt is not None
    for number, item in enumerate(attempt.items):
        question = library.answerable[item.question_id]
        given = wrong(question) if number < doing.missed else right(question)
        actions.submit_answer(context, library, attempt, item.position, SubmittedAnswer(given, doing.sure))
    return attempt_id


def make_module_done(
    session: Session, library: Library, person_id: int, module: Module, at: datetime, doing: Doing = Doing()
) -> int:
    """Do everything in a module. With wrong answers the check is taken again. Returns the first check."""
    enrolment = queries.enrolment_id(session, person_id)
    assert enrolment is not None
    context = make_context(session, person_id, at)
    for step in module.steps:
        ref = f"{module.id}/{step.id}"
        if step.kind == "page" and doing.read:
            actions.record_page_read(context, module, module.pages[step.id])
        elif step.kind == "timeline":
            timeline = module.timelines[step.id]
            number = actions.begin_timeline(context, library, ref, timeline)
            begun = queries.attempt(session, person_id, number)
            assert begun is not None
            actions.submit_answer(context, library, begun, 1, SubmittedAnswer(right(timeline), None))
        elif step.kind == "scenario":
            run = ScenarioRun(enrolment_id=enrolment, ref=ref, version="v", number=1, opened_at=at)
            session.add(run)
            session.flush()
            session.add(RunOutcome(run_id=run.id, ending="end", outcome="good", finished_at=at))
    first = make_check(session, library, person_id, module, at, doing)
    if doing.missed:
        make_check(session, library, person_id, module, at, replace(doing, missed=0))
    session.commit()
    return first
