"""The pages of a booster: five questions by a mailed link that works without a password and gives access to nothing
else."""

from __future__ import annotations

from flask import Response as Page
from flask import abort, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from course.clock import now
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Question
from course.context import make_context
from course.learning import actions as learning
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.grading import InvalidAnswer, option_order, parse_submission
from course.learning.views.attempts import ALREADY_ANSWERED
from course.learning.views.question_page import question_values
from course.refreshers import queries
from course.refreshers.rules.boosters import LINK_VALIDITY
from course.refreshers.views.page_context import pages
from course.signed_links import BoosterLink, read_link
from course.translation import gettext as _
from course.web.access import public
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work


@pages.get("/booster/<token>")
@public
def booster(token: str) -> Response:
    """Redirect to the next question, or show the result."""
    attempt = _attempt_of_token(token)
    if attempt is None:
        return _link_expired_page()
    if attempt.next is not None:
        return redirect_after_post(url_for("refreshers.booster_question", token=token, position=attempt.next.position))
    rows = [
        (
            item,
            _question_of_item(item),
            url_for("refreshers.booster_question", token=token, position=item.position),
        )
        for item in attempt.items
    ]
    return make_response(
        render_template(
            "refreshers/booster_end.html",
            rows=rows,
            right=sum(bool(item.correct) for item in attempt.items),
            points=library().points,
            rereads=library().pages_by_point,
            again=False,
        )
    )


def _attempt_of_token(token: str) -> AttemptView | None:
    """The attempt of a booster link that is still valid; None if the link has expired or is not genuine."""
    link = read_link(BoosterLink, token, app_state().config.secret_key)
    return queries.booster_attempt(db(), link, now() - LINK_VALIDITY) if link is not None else None


def _link_expired_page() -> Page:
    title, text = (
        _("This link no longer works"),
        _("It has run out, or it was not copied whole. There is nothing to do."),
    )
    return make_response(render_template("auth/gone.html", title=title, text=text), 410)


def _question_of_item(item: AttemptItemView) -> Question:
    return part_in_version(db(), library(), Question, item.question_id, item.version) or abort(404)


@pages.get("/booster/<token>/<int(max=99):position>")
@public
def booster_question(token: str, position: int) -> Response:
    """A question or, when it is answered, the explanation of each option."""
    attempt = _attempt_of_token(token)
    return _link_expired_page() if attempt is None else _render_question(token, attempt, position, None)


def _render_question(token: str, attempt: AttemptView, position: int, mistake: InvalidAnswer | None) -> Page:
    """The page of a question, with the mistake in the entered answer if there is one."""
    item = _item_or_404(attempt, position)
    question = _question_of_item(item)
    page = render_template(
        "refreshers/booster.html",
        attempt=attempt,
        **question_values(question, item, attempt.seed, mistake),
        following=url_for("refreshers.booster", token=token),
        critical=library().points[item.point].safety_critical if item.point in library().points else False,
    )
    return make_response(page, 422 if mistake else 200)


def _item_or_404(attempt: AttemptView, position: int) -> AttemptItemView:
    return next((item for item in attempt.items if item.position == position), None) or abort(404)


@pages.post("/booster/<token>/<int(max=99):position>")
@public
def answer_booster(token: str, position: int) -> Response:
    """Save an answer. A second answer to the same question changes nothing and shows the first; a message says so if it
    was a different one."""
    attempt = _attempt_of_token(token)
    holder = queries.enrolment_holder(db(), attempt.enrolment_id) if attempt is not None else None
    if attempt is None or holder is None:
        return _link_expired_page()
    item = _item_or_404(attempt, position)
    question = _question_of_item(item)
    question_url = url_for("refreshers.booster_question", token=token, position=position)
    order = option_order(question, attempt.seed, position)
    reply = parse_submission(question, order, {name: request.form.getlist(name) for name in request.form})
    if isinstance(reply, InvalidAnswer):
        if item.given is None:
            return _render_question(token, attempt, position, reply)
        flash(str(ALREADY_ANSWERED))
        return redirect_after_post(question_url)
    with unit_of_work() as session:
        result = learning.submit_answer(make_context(session, holder, now()), library(), attempt, position, reply)
    if result == learning.CONFLICT:
        flash(str(ALREADY_ANSWERED))
    return redirect_after_post(question_url)
