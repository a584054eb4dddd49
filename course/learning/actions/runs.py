"""Scenario runs: opening one, and taking a decision in it."""

from __future__ import annotations

from sqlalchemy import select

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import Scenario
from course.context import Context
from course.db import insert_once, lock_row
from course.events import publish
from course.learning import queries
from course.learning.actions.completion import complete_course
from course.learning.actions.enrolments import require_enrolment
from course.learning.actions.results import CONFLICT, DUPLICATE, SAVED
from course.learning.events import DECISION_FACT, SCENARIO_FACT, FactRecorded, FactWithdrawn, StepEnded
from course.learning.models import Decision, DecisionWithdrawal, Enrolment, RunOutcome, ScenarioRun
from course.learning.queries import RunView
from course.learning.rules.branching import run_state
from course.learning.rules.decision_log import withdrawable_decision


def begin_run(context: Context, ref: str, scenario: Scenario, enrolment: int | None = None) -> int:
    """Resume the run that is under way, or open one in today's version of the scenario. Returns its id.

    The run belongs to the enrolment for the whole course unless another is given.
    """
    session, person_id = context.session, context.person_id
    enrolment = enrolment or require_enrolment(session, person_id)
    earlier = [run for run in queries.runs(session, person_id, ref) if run.enrolment_id == enrolment]
    if earlier and earlier[-1].is_open:
        return earlier[-1].id
    values = {"enrolment_id": enrolment, "ref": ref, "version": scenario.version, "number": len(earlier) + 1}
    run = insert_once(session, ScenarioRun, **values, opened_at=context.now)
    return run if run is not None else queries.runs(session, person_id, ref)[-1].id


def begin_run_anew(context: Context, ref: str, scenario: Scenario, enrolment: int | None = None) -> int:
    """Open another run in a version of the scenario, whatever is under way: for the enrolment for the whole course, unless
    another is given. Returns its id."""
    session, person_id, run = context.session, context.person_id, None
    enrolment = enrolment or require_enrolment(session, person_id)
    while run is None:  # the person may begin one in another window at this moment
        number = 1 + sum(one.enrolment_id == enrolment for one in queries.runs(session, person_id, ref))
        values = {"enrolment_id": enrolment, "ref": ref, "version": scenario.version, "number": number}
        run = insert_once(session, ScenarioRun, **values, opened_at=context.now)
    return run


def _lock_run(context: Context, run: RunView) -> RunView:
    """The run as it is now. Until the end of the transaction no other one adds or takes back a decision of it."""
    # SQLite has one writer at a time anyway.
    context.session.execute(select(ScenarioRun.id).where(ScenarioRun.id == run.id).with_for_update())
    return queries.run(context.session, context.person_id, run.id) or run


def decide(context: Context, library: Library, run: RunView, scenario: Scenario, step: int, choice_id: str) -> str:
    """Take the decision that is number `step` of the run, with everything that follows from it.

    Returns SAVED; or DUPLICATE or CONFLICT, which change nothing: the step was taken already (a second click, an old
    window), or the scene does not offer the choice.
    """
    session, person_id, at = context.session, context.person_id, context.now
    run = _lock_run(context, run)
    state = run_state(scenario, run.decisions, has_outcome=run.has_outcome)
    if step != run.next_step or state.scene is None or choice_id not in {choice.id for choice in state.open_choices}:
        return _duplicate_or_conflict(run, step, choice_id)
    scene = state.scene.id
    row = insert_once(session, Decision, run_id=run.id, step=step, scene_id=scene, choice_id=choice_id, decided_at=at)
    if row is None:
        return _duplicate_or_conflict(queries.run(session, person_id, run.id) or run, step, choice_id)
    publish(session, FactRecorded(DECISION_FACT, row, person_id, run.enrolment_id, at))
    after = run_state(scenario, (*run.decisions, (scene, choice_id)))
    if after.is_finished and after.ending is not None:
        ending, outcome = after.ending.id, str(after.ending.end)
        # None for a run that had come to an end before and was reopened: the first outcome stays.
        values = {"run_id": run.id, "ending": ending, "outcome": outcome, "finished_at": at}
        if insert_once(session, RunOutcome, **values) is not None:
            publish(session, FactRecorded(SCENARIO_FACT, run.id, person_id, run.enrolment_id, at))
        complete_course(context, library, person_id)
        publish(session, StepEnded(person_id, run.enrolment_id, library, context.today, at))
    return SAVED


def withdraw_decision(context: Context, run: RunView, scenario: Scenario, step: int) -> str:
    """Take back the decision that is number `step` of the run. Both facts stay: that it was taken, and taken back.

    A decision that ended the run can be taken back until another step is begun. The outcome stays: the story was gone
    through once, and counts. Returns SAVED; or DUPLICATE (it was taken back already) or CONFLICT (it may not be, or no
    longer), which change nothing.
    """
    run = _lock_run(context, run)
    # As in `decide`, the enrolment is locked after the run. A certificate waits here, or is seen below.
    lock_row(context.session, Enrolment, run.enrolment_id)
    if any(one.step == step and one.withdrawn for one in run.log):
        return DUPLICATE
    state = run_state(scenario, run.decisions, has_outcome=run.has_outcome)
    found = withdrawable_decision(run.log, is_on_the_way=state.is_on_the_way)
    if found is None or found.step != step or queries.is_followed(context.session, run):
        return CONFLICT
    insert_once(context.session, DecisionWithdrawal, decision_id=found.id, withdrawn_at=context.now)
    publish(context.session, FactWithdrawn(DECISION_FACT, found.id, context.person_id, run.enrolment_id, context.now))
    record_event(context, "scenario.decision_withdrawn", ("person", context.person_id), {"run": run.id})
    return SAVED


def _duplicate_or_conflict(run: RunView, step: int, choice_id: str) -> str:
    # Between two decisions a withdrawal takes a number: what is sent with that number, another window has overtaken.
    if not 0 < step < run.next_step:
        return DUPLICATE
    taken = next((one for one in run.log if one.step == step), None)
    return DUPLICATE if taken is not None and taken.choice_id == choice_id and not taken.withdrawn else CONFLICT
