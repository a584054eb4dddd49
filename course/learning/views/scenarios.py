"""Branching scenarios: one decision at a time, and the debrief."""

from __future__ import annotations

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from course.content.queries import part_in_version
from course.content.schema import Scenario
from course.learning import actions, queries
from course.learning.queries import RunView
from course.learning.reader_course import reader_library
from course.learning.rules.beats import latest_beat, short_title, split_headline
from course.learning.rules.branching import RunState, decisions_ahead, run_state
from course.learning.rules.debrief import (
    debrief_rows,
    gauge_charts,
    learning_points,
    reasons_of_right_decisions,
    road_drawing,
)
from course.learning.rules.decision_log import LoggedDecision, withdrawable_decision
from course.learning.views.next_step import (
    SHORT_COURSE_NAVIGATION,
    NextLink,
    closed_redirect,
    companion_link,
    companion_redirect,
    is_decided_together,
    link_after_part,
    link_after_step,
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
    return run, scenario, run_state(scenario, run.decisions, has_outcome=run.has_outcome)


def _run_context(run: RunView) -> dict[str, object]:
    step_id = run.ref.partition("/")[2]
    kind = queries.enrolment_kind(db(), run.enrolment_id)
    if kind in SHORT_COURSE_NAVIGATION:
        onward = link_after_part(kind, run.enrolment_id)
        return {"progress": None, "here": step_id, "onward": onward, "step_address": step_address}
    module = module_of(run.ref)
    progress = reader_progress(module) if module else None
    home = NextLink(url_for("dashboard.home"), _("Next"))
    onward = link_after_step(progress, step_id, run.finished_at) if progress else home
    return {"progress": progress, "here": step_id, "onward": onward, "step_address": step_address}


def _closed_redirect(run: RunView) -> str | None:
    """The address to which the reader is redirected instead of continuing a run; None if the run is open or finished."""
    if run.finished_at is not None:
        return None
    if address := companion_redirect(run.id):
        return address
    return closed_redirect(queries.enrolment_kind(db(), run.enrolment_id) or "", run.enrolment_id)


def place_in_story(scenario: Scenario, state: RunState) -> tuple[str, list[str]]:
    """Where in the story the reader is: in words, and as bits of the strip."""
    taken = len(state.path)
    if state.ending is not None:
        return _("Story complete") if state.is_finished else _("How it ended"), ["on"] * taken
    ahead = decisions_ahead(scenario, state.scene) if state.scene else 0
    words = _("Decision %(number)s of about %(total)s", number=taken + 1, total=taken + ahead)
    return words, [*["on"] * taken, "at", *[""] * (ahead - 1)]


def _render(template: str, found: RunView, scenario: Scenario, state: RunState, **page_values: object) -> str:
    place, bits = place_in_story(scenario, state)
    return render_template(template, run=found, scenario=scenario, state=state, place=place, bits=bits,
                           short_title=short_title, **page_values, **_run_context(found))  # fmt: skip


def _withdrawable(found: RunView, state: RunState) -> LoggedDecision | None:
    """The decision that its reader may take back now. Two people press twice to decide: that is no slip of one of them."""
    logged = withdrawable_decision(found.log, is_on_the_way=state.is_on_the_way)
    if logged is None or is_decided_together(found.id) or queries.is_followed(db(), found):
        return None
    return logged


@pages.get("/run/<int(max=2147483647):run_id>")
@sign_in_required
def run(run_id: int) -> str | Response:
    """Show what the newest decision led to, the scene, and the choices."""
    found, scenario, state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    if state.ending is not None:
        return redirect_to(
            url_for("learning.ending" if _has_ending_page(found, state) else "learning.debrief", run_id=run_id)
        )
    return _render_run(found, scenario, state, None)


def _render_run(found: RunView, scenario: Scenario, state: RunState, mistake: str | None) -> str:
    return _render("learning/scenario.html", found, scenario, state, mistake=mistake, number=len(state.path) + 1,
                   beat=latest_beat(scenario, state.path), withdrawable=_withdrawable(found, state))  # fmt: skip


@pages.post("/run/<int(max=2147483647):run_id>")
@sign_in_required
def decide(run_id: int) -> Response | tuple[str, int]:
    """Take a decision, on the way or in a repair. The number of the step makes a repeated POST harmless."""
    found, scenario, state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    step, choice = _sent_step(), request.form.get("choice", "")
    if step == found.next_step and choice not in {c.id for c in state.open_choices} and state.scene is not None:
        render = _render_run if state.ending is None else _render_repair
        return render(found, scenario, state, _("Choose what you do.")), 422
    with unit_of_work() as session:
        outcome = actions.decide(signed_in_context(session), reader_library(), found, scenario, step, choice)
    if outcome == actions.CONFLICT:
        flash(_("This decision was taken already, in another window or on another device. That one counts."))
    return redirect_to(url_for("learning.run", run_id=run_id))


def _sent_step() -> int:
    sent = request.form.get("step", "")
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 4 else 0


@pages.post("/run/<int(max=2147483647):run_id>/take-back")
@sign_in_required
def take_back(run_id: int) -> Response:
    """Take back the newest decision: a slip of the finger. The record keeps both."""
    found, scenario, _state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    if is_decided_together(run_id):
        flash(_("This decision can no longer be undone."))
        return redirect_to(url_for("learning.run", run_id=run_id))
    with unit_of_work() as session:
        outcome = actions.withdraw_decision(signed_in_context(session), found, scenario, _sent_step())
    if outcome == actions.CONFLICT:
        flash(_("This decision can no longer be undone."))
    elif outcome == actions.SAVED:
        flash(_("Undone. You can choose again."))
    return redirect_to(url_for("learning.run", run_id=run_id))


@pages.get("/run/<int(max=2147483647):run_id>/ending")
@sign_in_required
def ending(run_id: int) -> str | Response:
    """Show how the story ended, before any decision is looked at again and while the last one can be undone."""
    found, scenario, state = _run_or_404(run_id)
    if address := _closed_redirect(found):
        return redirect_to(address)
    if not _has_ending_page(found, state):
        return redirect_to(url_for("learning.run", run_id=run_id))
    return _render("learning/ending.html", found, scenario, state, withdrawable=_withdrawable(found, state))


def _has_ending_page(found: RunView, state: RunState) -> bool:
    """Whether the ending is read on a page of its own: something is to be looked at again, or the last decision can be
    undone and the debrief would say what is better. Otherwise the ending opens the debrief, which saves a press."""
    if state.ending is None or not state.is_on_the_way:
        return False
    return not state.is_finished or (not _ends_well(state) and _withdrawable(found, state) is not None)


def _ends_well(state: RunState) -> bool:
    return state.path[-1].choice.quality == "best"


@pages.get("/run/<int(max=2147483647):run_id>/debrief")
@sign_in_required
def debrief(run_id: int) -> str | Response:
    """Show the decisions that are to be looked at again, one at a time, and then the road taken with its turns."""
    found, scenario, state = _run_or_404(run_id)
    if state.ending is None:
        return redirect_to(url_for("learning.run", run_id=run_id))
    if state.scene is not None:
        if address := _closed_redirect(found):
            return redirect_to(address)
        return _render_repair(found, scenario, state, None)
    rows = debrief_rows(state, scenario, found.log)
    points = reader_library().points
    return _render("learning/debrief.html", found, scenario, state, rows=rows, points=points,
                   right=reasons_of_right_decisions(rows), point_ids=learning_points(rows, points),
                   gauge_charts=gauge_charts(scenario, state, rows),
                   withdrawable=_withdrawable(found, state) if _ends_well(state) else None,
                   drawing=road_drawing(scenario, state, rows), together=companion_link(run_id))  # fmt: skip


def _render_repair(found: RunView, scenario: Scenario, state: RunState, mistake: str | None) -> str:
    """One dangerous decision again: first why it is, then the question. What is recommended is nowhere on the page."""
    tried = [made for made in (*state.path, *state.repairs) if made.scene is state.scene][-1]
    again = bool(state.repairs) and state.repairs[-1] is tried
    return _render("learning/repair.html", found, scenario, state, mistake=mistake, tried=tried.choice, again=again,
                   why=split_headline(tried.choice.reason))  # fmt: skip
