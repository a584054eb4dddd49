"""Branching scenarios: one decision at a time, and the debrief."""

from __future__ import annotations

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from course.content.queries import part_in_version
from course.content.schema import Scenario
from course.learning import actions, queries
from course.learning.queries import RunView
from course.learning.reader_course import reader_library
from course.learning.rules.branching import RunState, debrief_rows, longest_path, run_state
from course.learning.views.next_step import (
    SHORT_COURSE_NAVIGATION,
    NextLink,
    address_after_step,
    closed_redirect,
    link_after_part,
)
from course.learning.views.page_context import (
    module_of,
    pages,
    reader_id,
    reader_progress,
    redirect_to,
    step_address,
)
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.unit_of_work import db, signed_in_context, unit_of_work


def _run_or_404(run_id: int) -> tuple[RunView, Scenario, RunState]:
    run = queries.run(db(), reader_id(), run_id) or abort(404)
    # A run goes on in the version in which it was begun, whatever was edited since.
    scenario = part_in_version(db(), reader_library(), Scenario, run.ref, run.version) or abort(404)
    return run, scenario, run_state(scenario, run.decisions)


def _run_context(run: RunView) -> dict[str, object]:
    step_id = run.ref.partition("/")[2]
    kind = queries.enrolment_kind(db(), run.enrolment_id)
    if kind in SHORT_COURSE_NAVIGATION:
        onward = link_after_part(kind, run.enrolment_id)
        return {"progress": None, "here": step_id, "onward": onward, "step_address": step_address}
    module = module_of(run.ref)
    progress = reader_progress(module) if module else None
    address = address_after_step(progress, step_id, run.finished_at) if progress else url_for("dashboard.home")
    return {"progress": progress, "here": step_id, "onward": NextLink(address, _("Next")), "step_address": step_address}


def _closed_redirect(run: RunView) -> str | None:
    """The address to which the reader is redirected instead of continuing a run; None if the run is open or finished."""
    if run.finished_at is not None:
        return None
    return closed_redirect(queries.enrolment_kind(db(), run.enrolment_id) or "", run.enrolment_id)


@pages.get("/run/<int(max=2147483647):run_id>")
@sign_in_required
def run(run_id: int) -> str | Response:
    """Show the scenario so far, and the next decision."""
    found, scenario, state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    if state.ending is not None:
        return redirect_to(url_for("learning.debrief", run_id=run_id))
    return _render_run(found, scenario, state, None)


def _render_run(found: RunView, scenario: Scenario, state: RunState, mistake: str | None) -> str:
    remaining = longest_path(scenario, state.scene) if state.scene else 0
    share = round(100 * len(state.path) / (len(state.path) + remaining)) if remaining else 100
    return render_template("learning/scenario.html", run=found, scenario=scenario, state=state, mistake=mistake,
                           share=share, **_run_context(found))  # fmt: skip


@pages.post("/run/<int(max=2147483647):run_id>")
@sign_in_required
def decide(run_id: int) -> Response | tuple[str, int]:
    """Take a decision, on the way or in the debrief. The number of the step makes a repeated POST harmless."""
    found, scenario, state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    sent = request.form.get("step", "")
    step = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 4 else 0
    choice = request.form.get("choice", "")
    is_next_step = step == state.decision_count + 1
    if is_next_step and choice not in {c.id for c in state.open_choices}:
        message = _("Choose what you do.")
        if state.ending is not None:
            return _render_debrief(found, scenario, state, message), 422
        return _render_run(found, scenario, state, message), 422
    with unit_of_work() as session:
        outcome = actions.decide(signed_in_context(session), reader_library(), found, scenario, step, choice)
    if outcome == actions.CONFLICT:
        flash(_("This decision was taken already, in another window or on another device. That one counts."))
    return redirect_to(url_for("learning.run", run_id=run_id) + "#now")


@pages.get("/run/<int(max=2147483647):run_id>/debrief")
@sign_in_required
def debrief(run_id: int) -> str | Response:
    """Show the path taken and the recommended one, decision by decision. Dangerous decisions are repaired here."""
    found, scenario, state = _run_or_404(run_id)
    if state.ending is None:
        return redirect_to(url_for("learning.run", run_id=run_id))
    return _render_debrief(found, scenario, state, None)


def _render_debrief(found: RunView, scenario: Scenario, state: RunState, mistake: str | None) -> str:
    return render_template("learning/debrief.html", run=found, scenario=scenario, state=state, mistake=mistake,
                           rows=debrief_rows(state), points=reader_library().points, **_run_context(found))  # fmt: skip
