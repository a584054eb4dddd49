"""The steps of a module: lesson pages, and the start pages of its scenarios, timelines and check."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, flash, make_response, render_template, request
from werkzeug.wrappers import Response

from course.content.queries import part_in_version
from course.content.schema import Module, Page, Question
from course.learning import actions, queries
from course.learning.queries.module_facts import page_facts
from course.learning.reader_course import reader_library
from course.learning.rules.notes import MAX_NOTE_LENGTH
from course.learning.rules.progress import ModuleProgress, module_progress
from course.learning.views.known_attempt import attempt_or_404, know_attempt
from course.learning.views.lesson import ReaderState, render_lesson
from course.learning.views.next_step import address_in
from course.learning.views.page_context import (
    CHECK,
    module_or_404,
    next_step_address,
    page_as_opened,
    pages,
    reader_id,
    reader_progress,
    redirect_to,
    step_address,
)
from course.translation import format_number
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.addresses import url_for
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work


@pages.get("/module/<module_id>/<step_id>")
@sign_in_required
def step(module_id: str, step_id: str) -> str | Response:
    """Show a step: the lesson page itself, or the start page of a scenario, a timeline or the check."""
    module = module_or_404(module_id)
    found = module.step(step_id)
    if found is not None and found.kind == "page":
        return _render_page(module, module.pages[step_id])
    progress = reader_progress(module)
    if step_id == CHECK:
        return _render_check_start(module, progress)
    if found is None:
        abort(404)
    ref = f"{module.id}/{step_id}"
    if found.kind == "scenario":
        runs = queries.runs(db(), reader_id(), ref)
        scenario = module.scenarios[step_id]
        minutes = max(1, round(reader_library().step_minutes[module.id, step_id]))
        return render_template("learning/scenario_start.html", progress=progress, here=step_id, scenario=scenario, runs=runs,
                               minutes=minutes, decisions=len(scenario.recommended) - 1, place="", bits=(),
                               onward=next_step_address(progress, step_id))  # fmt: skip
    earlier = queries.attempts(row_source(), reader_id(), "timeline", ref)
    return render_template("learning/timeline_start.html", progress=progress, here=step_id, timeline=module.timelines[step_id],
                           earlier=earlier, onward=next_step_address(progress, step_id))  # fmt: skip


def _render_page(module: Module, page: Page, typed: Mapping[str, str] | None = None) -> str:
    facts = page_facts(row_source(), reader_id(), module.id, f"{module.id}/{page.id}")
    progress = module_progress(reader_library(), module, facts.module)
    ids = [step.id for step in progress.steps]
    position, notes = ids.index(page.id), facts.notes
    if typed is not None:
        notes |= {name.removeprefix("note-"): text for name, text in typed.items() if name.startswith("note-")}
        flash(
            _(
                "A note has at most %(limit)s characters. Yours is still in its field: shorten it, then keep it.",
                limit=format_number(MAX_NOTE_LENGTH),
            )
        )
    outline = url_for("learning.module", module_id=module.id)
    back = step_address(progress.steps[position - 1]) if position else outline
    reader = ReaderState(notes, request.args.get("kept", ""), facts.answers, request.args.get("answered", ""))
    return render_lesson(page, progress, back, progress.steps[position + 1], reader)


def _render_check_start(module: Module, progress: ModuleProgress) -> str:
    attempts = queries.attempts(row_source(), reader_id(), "check", module.id)
    rereads = [
        (reader_library().points[point].title, *reader_library().pages_by_point[point])
        for point in progress.missed_points
        if attempts and attempts[-1].finished_at
    ]
    return render_template("learning/check_start.html", progress=progress, here=CHECK, attempts=attempts, rereads=rereads,
                           onward=next_step_address(progress, CHECK), size=reader_library().check_size(module))  # fmt: skip


@pages.post("/module/<module_id>/<step_id>")
@sign_in_required
def finish_step(module_id: str, step_id: str) -> Response:
    """Finish a page (save its notes and, with "Next", that it was read), or begin or resume any other step.

    A "Next" that was pressed on the step before begins nothing a second time: it opens the start page then.
    """
    module = module_or_404(module_id)
    page = module.pages.get(step_id)
    if page is not None:
        return _finish_page(module, page, f"{module.id}/{step_id}")
    if request.form.get("then") == "next" and _was_begun(module, step_id):
        return redirect_to(url_for("learning.step", module_id=module.id, step_id=step_id))
    return _begin_step(module, step_id)


def _was_begun(module: Module, step_id: str) -> bool:
    """Whether a scenario, a timeline or the check was ended once, so that its start page offers more than one way on."""
    if step_id == CHECK:
        earlier = queries.attempts(row_source(), reader_id(), "check", module.id)
        return any(attempt.finished_at is not None for attempt in earlier)
    ref = f"{module.id}/{step_id}"
    if step_id in module.scenarios:
        return any(run.finished_at is not None for run in queries.runs(db(), reader_id(), ref))
    return any(
        attempt.finished_at is not None for attempt in queries.attempts(row_source(), reader_id(), "timeline", ref)
    )


def _begin_step(module: Module, step_id: str) -> Response:
    """Begin or resume a scenario, a timeline or the check."""
    if step_id == CHECK:
        with unit_of_work() as session:
            attempt = actions.begin_check(signed_in_context(session), reader_library(), module)
        return redirect_to(address_in(know_attempt(attempt_or_404(attempt))))
    found = module.step(step_id) or abort(404)
    ref = f"{module.id}/{step_id}"
    if found.kind == "scenario":
        with unit_of_work() as session:
            run = actions.begin_run(signed_in_context(session), ref, module.scenarios[step_id])
        return redirect_to(url_for("learning.run", run_id=run))
    with unit_of_work() as session:
        timeline = module.timelines[step_id]
        attempt = actions.begin_timeline(signed_in_context(session), reader_library(), ref, timeline)
    return redirect_to(url_for("learning.attempt", attempt_id=attempt))


def _finish_page(module: Module, page: Page, ref: str) -> Response:
    """Save a page's notes, the answer to its question if one was pressed and, unless its reader stays on it, that it was
    read."""
    if any(len(text) > MAX_NOTE_LENGTH for name, text in request.form.items() if name.startswith("note-")):
        return make_response(_render_page(module, page, request.form), 422)
    stay = request.form.get("stay")
    answer = _sent_answer(page) if "answer" in request.form else None
    # A device that was offline sends the answer and "Next", which were pressed one after the other, as one form.
    stays = "then" not in request.form and (answer is not None or bool(stay))
    if stays and stay and stay not in {block.id for block in page.blocks if block.kind == "reflect"}:
        abort(404)  # the prompt is gone since the page was opened: whoever wrote there must not be told that it is kept
    opened = page_as_opened(page, ref)
    with unit_of_work() as session:
        context = signed_in_context(session)
        for block in opened.blocks:
            if block.kind == "reflect" and block.id and f"note-{block.id}" in request.form:
                seen, sent = request.form.get(f"was-{block.id}", ""), request.form[f"note-{block.id}"]
                actions.save_note(context, ref, block.id, seen, sent)
        if answer is not None:
            actions.answer_page_question(context, ref, *answer)
        read = not stays and actions.record_page_read(context, module, opened)
        completed = read and actions.complete_course(context, reader_library(), context.person_id)
    if answer is not None:
        place = {"answered": answer[0].version, "_anchor": f"q-{answer[0].id}"}
        return redirect_to(url_for("learning.step", module_id=module.id, step_id=page.id, **place))
    if stays:
        note = f"reflect-{stay}"
        return redirect_to(url_for("learning.step", module_id=module.id, step_id=page.id, kept=stay, _anchor=note))
    if completed:
        return redirect_to(url_for("milestones.passed"))
    progress = reader_progress(module)
    if read and progress.done:
        return redirect_to(url_for("milestones.module_done", module_id=module.id))
    ids = [step.id for step in progress.steps]
    following = progress.steps[ids.index(page.id) + 1]
    if following.kind != "page" and not _was_begun(module, following.id):
        return _begin_step(module, following.id)
    return redirect_to(step_address(following))


def _sent_answer(page: Page) -> tuple[Question, int]:
    """The question of the page in the version in which it was shown, and the index of the option that was pressed."""
    name = page.questions[0].id if page.questions else abort(404)
    question = part_in_version(db(), reader_library(), Question, name, request.form.get("asked", "")) or abort(404)
    sent = request.form["answer"]
    # Python refuses to read a number of thousands of digits.
    if not sent.isdecimal() or len(sent) > 3 or int(sent) >= len(question.options):
        abort(400)
    return question, int(sent)
