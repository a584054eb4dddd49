"""The steps of a module: lesson pages, and the doors to its scenarios, timelines and check."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, flash, make_response, render_template, request
from werkzeug.wrappers import Response

from course.clock import now
from course.content.schema import Module, Page
from course.learning import actions, queries
from course.learning.reader_course import library
from course.learning.rules.notes import LONGEST
from course.learning.rules.progress import ModuleStand
from course.learning.views.lesson import lesson_page
from course.learning.views.next_step import CERTIFICATE
from course.learning.views.page_context import CHECK, after, go, me, module_or_404, pages, stand_of, step_address, today
from course.web.access import signed_in
from course.web.unit_of_work import db, rows, unit_of_work


@pages.get("/module/<module_id>/<step_id>")
@signed_in
def step(module_id: str, step_id: str) -> str | Response:
    """Show a step: the page itself, or what a scenario, timeline or check is about."""
    module = module_or_404(module_id)
    stand = stand_of(module)
    if step_id == CHECK:
        return _check(module, stand)
    found = module.step(step_id) or abort(404)
    if found.kind == "page":
        page = module.pages[step_id]
        return _page(module, page, stand)
    ref = f"{module.id}/{step_id}"
    if found.kind == "scenario":
        runs = queries.runs(db(), me(), ref)
        scenario = module.scenarios[step_id]
        return render_template("learning/scenario_start.html", stand=stand, here=step_id, scenario=scenario, runs=runs,
                               onward=after(stand, step_id))  # fmt: skip
    earlier = queries.attempts(db(), me(), "timeline", ref)
    return render_template("learning/timeline_start.html", stand=stand, here=step_id, timeline=module.timelines[step_id],
                           earlier=earlier, onward=after(stand, step_id))  # fmt: skip


def _page(module: Module, page: Page, stand: ModuleStand, typed: Mapping[str, str] | None = None) -> str:
    ids = [one.id for one in stand.steps]
    position = ids.index(page.id)
    notes = {}
    if any(block.kind == "reflect" for block in page.blocks):
        notes = queries.notes(rows(), me(), f"{module.id}/{page.id}")
    if typed is not None:
        notes |= {name.removeprefix("note-"): text for name, text in typed.items() if name.startswith("note-")}
        flash(f"A note has at most {LONGEST:,} characters. Yours is still in its field: shorten it, then keep it.")
    back = step_address(stand.steps[position - 1]) if position else f"/module/{module.id}"
    return lesson_page(page, stand, back, stand.steps[position + 1], notes, request.args.get("kept", ""))


def _check(module: Module, stand: ModuleStand) -> str:
    attempts = queries.attempts(db(), me(), "check", module.id)
    rereads = [
        (library().points[point].title, *library().pages_by_point[point])
        for point in stand.missed
        if attempts and attempts[-1].finished_at
    ]
    return render_template("learning/check_start.html", stand=stand, here=CHECK, attempts=attempts, rereads=rereads,
                           onward=after(stand, CHECK), size=library().check_size(module))  # fmt: skip


@pages.post("/module/<module_id>/<step_id>")
@signed_in
def finish_step(module_id: str, step_id: str) -> Response:
    """A page: keep its notes and, with "Next", that it was read. Otherwise: begin, or carry on."""
    module = module_or_404(module_id)
    if step_id == CHECK:
        with unit_of_work() as session:
            attempt = actions.begin_check(session, library(), me(), module, now())
        return go(f"/attempt/{attempt}")
    found = module.step(step_id) or abort(404)
    ref = f"{module.id}/{step_id}"
    if found.kind == "scenario":
        with unit_of_work() as session:
            run = actions.begin_run(session, me(), ref, module.scenarios[step_id], now())
        return go(f"/run/{run}")
    if found.kind == "timeline":
        with unit_of_work() as session:
            attempt = actions.begin_timeline(session, library(), me(), ref, module.timelines[step_id], now())
        return go(f"/attempt/{attempt}")
    return _finish_page(module, module.pages[step_id], ref)


def _finish_page(module: Module, page: Page, ref: str) -> Response:
    """Keep a page's notes and, unless its reader stays on it, that it was read."""
    if any(len(text) > LONGEST for name, text in request.form.items() if name.startswith("note-")):
        return make_response(_page(module, page, stand_of(module), request.form), 422)
    stay = request.form.get("stay")
    stays = stay in {block.id for block in page.blocks if block.kind == "reflect"}
    with unit_of_work() as session:
        for block in page.blocks:
            if block.kind == "reflect" and block.id and f"note-{block.id}" in request.form:
                seen, sent = request.form.get(f"was-{block.id}", ""), request.form[f"note-{block.id}"]
                actions.keep_note(session, me(), ref, block.id, seen, sent, now())
        read = not stays and actions.read_page(session, me(), module, page, now())
        completed = read and actions.complete(session, library(), me(), today(), now())
    if stays:
        return go(f"/module/{module.id}/{page.id}?kept={stay}#reflect-{stay}")
    if completed:
        return go(CERTIFICATE)
    stand = stand_of(module)
    ids = [one.id for one in stand.steps]
    return go(step_address(stand.steps[ids.index(page.id) + 1]))
