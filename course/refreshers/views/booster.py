"""A booster: five questions by a mailed link that needs no password, and leads to nothing else."""

from __future__ import annotations

from flask import Response as Page
from flask import abort, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from course.clock import now
from course.content.loaded_course import library
from course.content.queries import part
from course.content.schema import Question
from course.learning import actions as learning
from course.learning.queries import AttemptView, Item
from course.learning.rules.grading import SURENESS, Mistake, grade, read_answer, shown_order
from course.learning.views.attempts import ANSWERED
from course.refreshers import queries
from course.refreshers.rules.boosters import LASTS, opened
from course.refreshers.views.page_context import pages, today
from course.web.access import public
from course.web.app_state import state
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work


@pages.get("/booster/<token>")
@public
def booster(token: str) -> Response:
    """The next question, or how it went."""
    attempt = _attempt(token)
    if attempt is None:
        return _over()
    if attempt.next is not None:
        return seen_redirect(url_for("refreshers.booster_question", token=token, position=attempt.next.position))
    rows = [(item, _asked(item)) for item in attempt.items]
    return make_response(
        render_template(
            "refreshers/booster_end.html",
            rows=rows,
            right=sum(bool(item.correct) for item in attempt.items),
            points=library().points,
            rereads=library().pages_by_point,
            token=token,
        )
    )


def _attempt(token: str) -> AttemptView | None:
    """The booster of a link that still works."""
    number = opened(token, state().config.secret_key)
    return queries.booster(db(), number, now() - LASTS) if number is not None else None


def _over() -> Page:
    title, text = "This link no longer works", "It has run out, or it was not copied whole. There is nothing to do."
    return make_response(render_template("auth/gone.html", title=title, text=text), 410)


def _asked(item: Item) -> Question:
    return part(db(), library(), Question, item.question_id, item.version) or abort(404)


@pages.get("/booster/<token>/<int(max=99):position>")
@public
def booster_question(token: str, position: int) -> Response:
    """A question or, once it is answered, what there is to say about each option."""
    attempt = _attempt(token)
    return _over() if attempt is None else _show(token, attempt, position, None)


def _show(token: str, attempt: AttemptView, position: int, mistake: Mistake | None) -> Page:
    item = _item(attempt, position)
    asked = _asked(item)
    page = render_template(
        "refreshers/booster.html",
        attempt=attempt,
        item=item,
        question=asked,
        order=shown_order(asked, attempt.seed, position),
        grade=grade(asked, item.given) if item.given is not None else None,
        mistake=mistake,
        typed=request.form,
        sureness=SURENESS,
        following=url_for("refreshers.booster", token=token),
        critical=library().points[item.point].safety_critical if item.point in library().points else False,
    )
    return make_response(page, 422 if mistake else 200)


def _item(attempt: AttemptView, position: int) -> Item:
    return next((item for item in attempt.items if item.position == position), None) or abort(404)


@pages.post("/booster/<token>/<int(max=99):position>")
@public
def answer_booster(token: str, position: int) -> Response:
    """Keep an answer. A second one for the same question changes nothing and shows the first; if it was another one,
    that is said."""
    attempt = _attempt(token)
    holder = queries.holder(db(), attempt.enrolment_id) if attempt is not None else None
    if attempt is None or holder is None:
        return _over()
    item = _item(attempt, position)
    asked = _asked(item)
    here = url_for("refreshers.booster_question", token=token, position=position)
    order = shown_order(asked, attempt.seed, position)
    given = read_answer(asked, order, {name: request.form.getlist(name) for name in request.form})
    sureness = request.form.get("sure")
    if not isinstance(given, Mistake) and sureness not in SURENESS:
        given = Mistake("sure-sure", "Say how sure you are of your answer.")
    if isinstance(given, Mistake):
        if item.given is None:
            return _show(token, attempt, position, given)
        flash(ANSWERED)
        return seen_redirect(here)
    with unit_of_work() as session:
        what = learning.respond(session, library(), holder, attempt.id, position, given, sureness, today(), now())
    if what == learning.OTHER:
        flash(ANSWERED)
    return seen_redirect(here)
