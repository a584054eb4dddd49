"""Learners one step before the end of an attempt, of a scenario run, or of the whole course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from course.content.library import Library
from course.context import make_context
from course.learning import actions, queries
from course.learning.actions import NewAttempt
from course.learning.models import AttemptOutcome, RunOutcome, ScenarioRun
from course.learning.rules.branching import run_state
from course.learning.rules.drawing import DrawnQuestion
from course.learning.rules.grading import SubmittedAnswer, option_order
from tests.learning.givens import right
from tests.walking import right_form

Form = dict[str, list[str]]


@dataclass(frozen=True)
class LastSteps:
    """The two last steps, each with its address and the form to send."""

    answer: tuple[str, Form]
    decision: tuple[str, Form]


def answer_but_last(
    session: Session, library: Library, person_id: int, attempt_id: int, at: datetime
) -> tuple[str, Form]:
    """Answer every question of an attempt rightly except the last. Returns its address and the form that answers it."""
    attempt = queries.attempt(session, person_id, attempt_id)
    assert attempt is not None
    for item in attempt.items[:-1]:
        if item.given is None:
            given = right(library.answerable[item.question_id])
            actions.submit_answer(
                make_context(session, person_id, at), library, attempt, item.position, SubmittedAnswer(given, "sure")
            )
    last = attempt.items[-1]
    question = library.answerable[last.question_id]
    form = right_form(question, option_order(question, attempt.seed, last.position))
    return f"/attempt/{attempt_id}/{last.position}", {**form, "sure": ["sure"]}


def decide_but_last(session: Session, library: Library, person_id: int, run_id: int, at: datetime) -> tuple[str, Form]:
    """Take the recommended decisions of a run except the last. Returns its address and the form that takes it."""
    while True:
        run = queries.run(session, person_id, run_id)
        assert run is not None
        module, _, name = run.ref.partition("/")
        scenario = library.modules[module].scenarios[name]
        state = run_state(scenario, run.decisions)
        assert state.scene is not None
        step, best = len(run.decisions) + 1, state.scene.best
        if scenario.by_id[best.to].is_ending:
            return f"/run/{run_id}", {"step": [str(step)], "choice": [best.id]}
        actions.decide(make_context(session, person_id, at), library, run, scenario, step, best.id)


def make_nearly_complete(session: Session, library: Library, person_id: int, at: datetime) -> LastSteps:
    """Do the whole course except the last question of the last check and the last decision of the last scenario."""
    enrolment = queries.enrolment_id(session, person_id)
    assert enrolment is not None
    scenarios = []
    for module in library.modules.values():
        for step in module.steps:
            ref = f"{module.id}/{step.id}"
            if step.kind == "page":
                actions.record_page_read(make_context(session, person_id, at), module, module.pages[step.id])
            elif step.kind == "timeline":
                timeline = module.timelines[step.id]
                number = actions.begin_timeline(make_context(session, person_id, at), library, ref, timeline)
                begun = queries.attempt(session, person_id, number)
                assert begun is not None
                actions.submit_answer(
                    make_context(session, person_id, at), library, begun, 1, SubmittedAnswer(right(timeline), None)
                )
            else:
                scenarios.append(ref)
    for ref in scenarios[:-1]:
        run = ScenarioRun(enrolment_id=enrolment, ref=ref, version="v", number=1, opened_at=at)
        session.add(run)
        session.flush()
        session.add(RunOutcome(run_id=run.id, ending="end", outcome="good", finished_at=at))
    _pass_final(session, library, person_id, enrolment, at)
    for module in library.modules.values():
        number = actions.begin_check(make_context(session, person_id, at), library, module)
        answer = answer_but_last(session, library, person_id, number, at)
        if module is not list(library.modules.values())[-1]:
            attempt = queries.attempt(session, person_id, number)
            assert attempt is not None
            last = attempt.items[-1]
            given = right(library.answerable[last.question_id])
            actions.submit_answer(
                make_context(session, person_id, at), library, attempt, last.position, SubmittedAnswer(given, "sure")
            )
    module_id, _, name = scenarios[-1].partition("/")
    scenario = library.modules[module_id].scenarios[name]
    run_id = actions.begin_run(make_context(session, person_id, at), scenarios[-1], scenario)
    return LastSteps(answer, decide_but_last(session, library, person_id, run_id, at))


def _pass_final(session: Session, library: Library, person_id: int, enrolment: int, at: datetime) -> None:
    question = next(iter(library.questions.values()))
    drawn = [DrawnQuestion(question.id, question.points[0])]
    number = actions.open_attempt(session, library, NewAttempt(enrolment, "final", "course", 1, 1), drawn, at)
    assert number is not None
    attempt = queries.attempt(session, person_id, number)
    assert attempt is not None
    actions.save_answer(session, attempt.items[0], question, right(question), "sure", at)
    session.add(
        AttemptOutcome(attempt_id=number, finished_at=at, passed=True, points_right=1, points_asked=1, pass_mark=80)
    )
    session.flush()


def end_without_completing(
    session: Session, library: Library, person_id: int, attempt_id: int, run_id: int, at: datetime, outcome: bool = True
) -> None:
    """Insert the last answers of an attempt and the end of a run, without completing the course."""
    found = queries.attempt(session, person_id, attempt_id)
    assert found is not None
    for item in found.items:
        question = library.answerable[item.question_id]
        actions.save_answer(session, item, question, right(question), "sure", at)
    if outcome:
        assert actions.record_attempt_outcome(session, library, person_id, attempt_id, at)
    session.add(RunOutcome(run_id=run_id, ending="end", outcome="good", finished_at=at))
    session.flush()


def numbers(last: LastSteps) -> tuple[int, int]:
    """The ids of the attempt and the run to which these last steps belong."""
    return int(last.answer[0].split("/")[2]), int(last.decision[0].split("/")[2])
