"""Five questions now: a booster that a learner begins, and its end."""

from __future__ import annotations

from flask import abort, flash, render_template, url_for
from werkzeug.wrappers import Response

from course.content.queries import part_in_version
from course.content.schema import Question
from course.learning import queries as learning
from course.learning.reader_course import reader_library
from course.refreshers import actions
from course.refreshers.views.page_context import pages, reader_id
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.post("/five")
@sign_in_required
def start_five() -> Response:
    """Begin five questions, or go on with those that are open."""
    reader_id()
    with unit_of_work() as session:
        attempt_id = actions.start_five(signed_in_context(session), reader_library())
    if attempt_id is None:
        flash(_("Five questions are ready for you when you have finished a module."))
        return redirect_after_post(url_for("dashboard.home"))
    return redirect_after_post(url_for("learning.attempt", attempt_id=attempt_id))


@pages.get("/five/<int(max=2147483647):attempt_id>")
@sign_in_required
def five_end(attempt_id: int) -> str | Response:
    """How a booster went, for its learner who is signed in."""
    attempt = learning.attempt(db(), reader_id(), attempt_id)
    if attempt is None or attempt.kind != "booster":
        abort(404)
    if attempt.next is not None:
        return redirect_after_post(url_for("learning.attempt", attempt_id=attempt_id))
    library = reader_library()
    rows = [
        (
            item,
            part_in_version(db(), library, Question, item.question_id, item.version) or abort(404),
            url_for("learning.question", attempt_id=attempt_id, position=item.position),
        )
        for item in attempt.items
    ]
    return render_template(
        "refreshers/booster_end.html",
        rows=rows,
        right=sum(bool(item.correct) for item in attempt.items),
        points=library.points,
        rereads=library.pages_by_point,
        again=True,
    )
