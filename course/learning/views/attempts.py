"""Questions: asked one at a time, answered once, and explained."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part
from course.content.schema import Question
from course.learning import actions, queries
from course.learning.queries import AttemptView, Item
from course.learning.reader_course import library
from course.learning.rules.drawing import HELP_AFTER, Verdict, for_final
from course.learning.rules.grading import SURENESS, Mistake, grade, read_answer, shown_order
from course.learning.rules.progress import ModuleStand
from course.learning.views.home import assessment_minutes, read_again
from course.learning.views.next_step import Onward, after_final, after_part, after_step, elsewhere
from course.learning.views.page_context import CHECK, go, me, module_of, pages, stand_of, today
from course.web.access import signed_in
from course.web.unit_of_work import db, unit_of_work

# Attempts that belong to a module, and so stand beside its steps.
IN_MODULE = ("check", "timeline")
# What an attempt is called.
NAMES = {
    "check": "Check what you know",
    "final": "Final assessment",
    "refresher": "Refresher",
    "update": "Update",
    "booster": "Five questions",
}
ANSWERED = "This question was answered already, in another window or on another device. That answer counts."


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
        following = url_for("learning.question", attempt_id=attempt_id, position=found.next.position)
        return go(elsewhere(found.kind, found.enrolment_id) or following)
    if found.kind == "timeline":
        return go(url_for("learning.question", attempt_id=attempt_id, position=1))
    module = module_of(found.ref) if found.kind in IN_MODULE else None
    hidden = _hidden(found)
    rows = [_reviewed(found, item, hidden) for item in found.items]
    tries = queries.final_tries(db(), me()) if found.kind == "final" else []
    verdict = actions.final_verdict(db(), library(), me()) if tries else None
    stand = stand_of(module) if module else None
    return render_template(
        "learning/result.html",
        attempt=found,
        rows=rows,
        stand=stand,
        here=CHECK,
        verdict=verdict,
        rereads=read_again(verdict),
        onward=_onward(found, stand),
        name=NAMES.get(found.kind, ""),
        points=library().points,
        pages_by_point=library().pages_by_point,
        repeated=queries.asked_before(db(), me(), found) if found.kind == "final" else 0,
        offer_help=_failed(tries) >= HELP_AFTER,
    )


def _onward(found: AttemptView, stand: ModuleStand | None) -> Onward:
    if found.kind == "final":
        return after_final()
    if stand is not None:
        return Onward(after_step(stand, CHECK, found.finished_at), "Next")
    return after_part(found.kind, found.enrolment_id)


def _failed(tries: Sequence[AttemptView]) -> int:
    """How many tries at the final assessment were failed; none once it is passed."""
    if any(one.passed for one in tries):
        return 0
    return sum(one.passed is False for one in tries)


def _hidden(found: AttemptView) -> frozenset[str]:
    """The points of this attempt whose questions are not explained yet, because the final assessment asks them again."""
    if found.kind != "final" or found.enrolment_id != queries.enrolment_id(db(), me()):
        return frozenset()
    return actions.hidden_points(db(), library(), me())


def _reviewed(attempt: AttemptView, item: Item, hidden: frozenset[str]) -> dict[str, object]:
    """What a template needs to show an item with its answer, or `hidden` that it is not told yet."""
    _, question = _item_or_404(attempt, item.position)
    order = shown_order(question, attempt.seed, item.position)
    marked = grade(question, item.given) if item.given is not None else None
    return {"item": item, "question": question, "order": order, "grade": marked, "hidden": item.point in hidden}


@pages.get("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@signed_in
def question(attempt_id: int, position: int) -> str | Response:
    """A question, or, once it is answered, what there is to say about each option."""
    found = _attempt_or_404(attempt_id)
    item, _ = _item_or_404(found, position)
    if item.given is None and (address := elsewhere(found.kind, found.enrolment_id)):
        return go(address)
    return _show(found, position, None)


def _asked_again(found: AttemptView, point: str) -> bool:
    """Whether each miss on a point was followed by another question; in an old attempt, where that is not known, yes."""
    mine = [item for item in found.items if item.point == point]
    missed = sum(item.correct is False for item in mine)
    return any(item.again is None for item in mine) or missed <= sum(bool(item.again) for item in mine)


def _show(found: AttemptView, position: int, mistake: Mistake | None) -> str:
    item, _ = _item_or_404(found, position)
    module = module_of(found.ref)
    step_id = CHECK if found.kind == "check" else found.ref.partition("/")[2]
    stand = stand_of(module) if module and found.kind in IN_MODULE else None
    following = url_for("learning.attempt", attempt_id=found.id)
    if found.kind == "timeline" and stand:
        following = after_step(stand, step_id, found.finished_at)
    return render_template(
        "learning/question.html",
        attempt=found,
        **_reviewed(found, item, frozenset() if item.given is None else _hidden(found)),
        stand=stand,
        here=step_id,
        mistake=mistake,
        typed=request.form,
        sureness=SURENESS,
        name=NAMES.get(found.kind, ""),
        asked_again=found.kind in actions.UNTIL_RIGHT and _asked_again(found, item.point),
        used_up=found.kind in actions.UNTIL_RIGHT and not _asked_again(found, item.point),
        following=following,
        again=library().pages_by_point.get(item.point),
        point=library().points.get(item.point),
        critical=item.question_id in library().answerable
        and library().is_critical(library().answerable[item.question_id]),
    )


@pages.post("/attempt/<int(max=2147483647):attempt_id>/<int(max=2147483647):position>")
@signed_in
def answer(attempt_id: int, position: int) -> str | Response | tuple[str, int]:
    """Keep an answer. A second one for the same question changes nothing and shows the first; if it was another one,
    that is said."""
    found = _attempt_or_404(attempt_id)
    item, asked = _item_or_404(found, position)
    order = shown_order(asked, found.seed, position)
    here = url_for("learning.question", attempt_id=attempt_id, position=position)
    onward = here if found.kind != "final" else url_for("learning.attempt", attempt_id=attempt_id)
    if item.given is None and (address := elsewhere(found.kind, found.enrolment_id)):
        return go(address)
    given = read_answer(asked, order, {name: request.form.getlist(name) for name in request.form})
    sureness = request.form.get("sure") if found.kind != "timeline" else None
    if not isinstance(given, Mistake) and found.kind != "timeline" and sureness not in SURENESS:
        given = Mistake("sure-sure", "Say how sure you are of your answer.")
    if isinstance(given, Mistake):
        if item.given is None:
            return _show(found, position, given), 422
        flash(ANSWERED)
        return go(onward)
    with unit_of_work() as session:
        what = actions.respond(session, library(), me(), attempt_id, position, given, sureness, today(), now())
    if what == actions.OTHER:
        flash(ANSWERED)
    return go(onward)


@pages.get("/assessment")
@signed_in
def assessment() -> str:
    """What the final assessment is, and how it stands."""
    verdict = actions.final_verdict(db(), library(), me())
    tries = queries.final_tries(db(), me())
    open_ = next((a for a in tries if a.next is not None), None)
    waiting = [s for m in library().modules.values() if not (s := stand_of(m)).done]
    return render_template("learning/assessment.html", verdict=verdict, attempts=tries, open=open_, waiting=waiting,
                           rereads=read_again(verdict), course=library().course, minutes=assessment_minutes(verdict),
                           repeated=_repeated(open_, verdict), offer_help=_failed(tries) >= HELP_AFTER)  # fmt: skip


def _repeated(under_way: AttemptView | None, verdict: Verdict | None) -> tuple[int, int]:
    """Of the try that is under way, or of the next one, how many questions were asked before, and how many there are."""
    if under_way is not None:
        return queries.asked_before(db(), me(), under_way), len(under_way.items)
    known = queries.history(db(), me(), actions.withheld(db(), library(), me()))
    drawn = for_final(library(), verdict.missed if verdict else library().taught_points, known, 0)
    return sum(one.question_id in known.last for one in drawn), len(drawn)


@pages.post("/assessment")
@signed_in
def begin_assessment() -> Response:
    """Begin, carry on, or try again what was missed. It opens when the modules are done."""
    if any(not stand_of(module).done for module in library().modules.values()):
        return go(url_for("learning.assessment"))
    with unit_of_work() as session:
        attempt_id = actions.begin_final(session, library(), me(), now())
    return go(url_for("learning.attempt", attempt_id=attempt_id))
