"""Questions: asked one at a time, answered once, and explained."""

from __future__ import annotations

from flask import abort, render_template, request, url_for
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part
from course.content.shapes import Question
from course.learning import actions, queries
from course.learning.current import library
from course.learning.queries import AttemptView, Item
from course.learning.rules.grading import SURENESS, Mistake, grade, read_answer, shown_order
from course.learning.views.frame import CHECK, after, go, me, module_of, pages, stand_of, today
from course.learning.views.home import assessment_minutes, read_again
from course.web.access import signed_in
from course.web.session import db, unit_of_work

# Attempts that belong to a module, and so stand beside its steps.
IN_MODULE = ("check", "timeline")
# What an attempt is called, and where one goes from its end; for those of a module that is its next step.
NAMES = {
    "check": "Check what you know",
    "final": "Final assessment",
    "refresher": "Refresher",
    "update": "Update",
    "booster": "Five questions",
}
AFTER = {"final": "/certificate", "refresher": "/refresher", "update": "/refresher/update", "booster": "/"}


def _attempt_or_404(attempt_id: int) -> AttemptView:
    return queries.attempt(db(), me(), attempt_id) or abort(404)


def _item_or_404(attempt: AttemptView, position: int) -> tuple[Item, Question]:
    item = next((item for item in attempt.items if item.position == position), None) or abort(404)
    # The version in which it was asked: an edit of the content changes nothing for an attempt under way.
    question = part(db(), library(), Question, item.question_id, item.version) or abort(404)
    return item, question


@pages.get("/attempt/<int(max=2147483647):attempt_id>")
@signed_in
def attempt(attempt_id: int) -> str | Response:
    """An attempt under way goes on at its next question; one that is over shows how it ended."""
    found = _attempt_or_404(attempt_id)
    if found.next is not None:
        return go(url_for("learning.question", attempt_id=attempt_id, position=found.next.position))
    if found.kind == "timeline":
        return go(url_for("learning.question", attempt_id=attempt_id, position=1))
    module = module_of(found.ref) if found.kind in IN_MODULE else None
    rows = [_reviewed(found, item) for item in found.items]
    verdict = actions.final_verdict(db(), library(), me()) if found.kind == "final" else None
    stand = stand_of(module) if module else None
    return render_template(
        "learning/result.html",
        attempt=found,
        rows=rows,
        stand=stand,
        here=CHECK,
        verdict=verdict,
        rereads=read_again(verdict),
        onward=after(stand, CHECK) if stand else AFTER.get(found.kind, "/"),
        name=NAMES.get(found.kind, ""),
        points=library().points,
        pages_by_point=library().pages_by_point,
    )


def _reviewed(attempt: AttemptView, item: Item) -> dict[str, object]:
    """What a template needs to show an item with its answer."""
    _, question = _item_or_404(attempt, item.position)
    order = shown_order(question, attempt.seed, item.position)
    marked = grade(question, item.given) if item.given is not None else None
    return {"item": item, "question": question, "order": order, "grade": marked}


@pages.get("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@signed_in
def question(attempt_id: int, position: int) -> str:
    """A question, or, once it is answered, what there is to say about each option."""
    found = _attempt_or_404(attempt_id)
    return _show(found, position, None)


def _show(found: AttemptView, position: int, mistake: Mistake | None) -> str:
    item, _ = _item_or_404(found, position)
    module = module_of(found.ref)
    step_id = CHECK if found.kind == "check" else found.ref.partition("/")[2]
    stand = stand_of(module) if module and found.kind in IN_MODULE else None
    following = url_for("learning.attempt", attempt_id=found.id)
    if found.kind == "timeline" and stand:
        following = after(stand, step_id)
    return render_template(
        "learning/question.html",
        attempt=found,
        **_reviewed(found, item),
        stand=stand,
        here=step_id,
        mistake=mistake,
        typed=request.form,
        sureness=SURENESS,
        name=NAMES.get(found.kind, ""),
        until_right=actions.UNTIL_RIGHT,
        following=following,
        again=library().pages_by_point.get(item.point),
        point=library().points.get(item.point),
        critical=item.question_id in library().answerable
        and library().is_critical(library().answerable[item.question_id]),
    )


@pages.post("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@signed_in
def answer(attempt_id: int, position: int) -> str | Response | tuple[str, int]:
    """Keep an answer. A second one for the same question changes nothing and shows the first."""
    found = _attempt_or_404(attempt_id)
    item, asked = _item_or_404(found, position)
    order = shown_order(asked, found.seed, position)
    here = url_for("learning.question", attempt_id=attempt_id, position=position)
    onward = here if found.kind != "final" else url_for("learning.attempt", attempt_id=attempt_id)
    if item.given is not None:
        return go(onward)
    given = read_answer(asked, order, {name: request.form.getlist(name) for name in request.form})
    if isinstance(given, Mistake):
        return _show(found, position, given), 422
    sureness = request.form.get("sure") if found.kind != "timeline" else None
    if found.kind != "timeline" and sureness not in SURENESS:
        return _show(found, position, Mistake("sure-sure", "Say how sure you are of your answer.")), 422
    with unit_of_work() as session:
        actions.lock(session, attempt_id)
        # Read anew under the lock: another window may have answered since.
        found = _attempt_or_404(attempt_id)
        item, _ = _item_or_404(found, position)
        if item.given is None:
            actions.answer(session, item, asked, given, sureness, now())
            if found.kind in actions.UNTIL_RIGHT and not grade(asked, given).correct:
                actions.ask_again(session, library(), me(), found, item)
            elif found.answered == len(found.items) - 1:
                actions.close_attempt(session, library(), me(), attempt_id, today(), now())
    return go(onward)


@pages.get("/assessment")
@signed_in
def assessment() -> str:
    """What the final assessment is, and how it stands."""
    verdict = actions.final_verdict(db(), library(), me())
    attempts = queries.attempts(db(), me(), "final")
    open_ = next((a for a in attempts if a.next is not None), None)
    waiting = [s for m in library().modules.values() if not (s := stand_of(m)).done]
    return render_template("learning/assessment.html", verdict=verdict, attempts=attempts, open=open_, waiting=waiting,
                           rereads=read_again(verdict), course=library().course, minutes=assessment_minutes(verdict))  # fmt: skip


@pages.post("/assessment")
@signed_in
def begin_assessment() -> Response:
    """Begin, carry on, or try again what was missed. It opens when the modules are done."""
    if any(not stand_of(module).done for module in library().modules.values()):
        return go(url_for("learning.assessment"))
    with unit_of_work() as session:
        attempt_id = actions.begin_final(session, library(), me(), now())
    return go(url_for("learning.attempt", attempt_id=attempt_id))
