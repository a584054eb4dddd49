"""Making void what was entered wrongly from paper, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.context import Context
from course.supervised_sessions import actions
from course.supervised_sessions.forms import VoidForm
from course.supervised_sessions.queries import SupervisedSessionView
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of, pages, part_title, step_title
from course.supervised_sessions.views.paper import attendee_or_404, to_detail
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.unit_of_work import signed_in_context, unit_of_work


@dataclass(frozen=True)
class VoidPage:
    """What is made void: its heading and title, what is said afterwards, the address of its form, and what does it with a reason
    (see `actions.void_entry`)."""

    heading: str
    title: str
    done: str
    action: str
    deed: Callable[[Context, str], bool]


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/void", methods=["GET", "POST"]
)
@requires_permission(Permission.RUN_SESSIONS)
def void(session_id: int, person_id: int) -> Response | WsgiResponse:
    """Make answers void that were entered wrongly, with a reason."""
    found, one = session_or_404(session_id), attendee_or_404(session_id, person_id)
    sheet = one.sheet
    if sheet is None or sheet.entered_at is None:
        abort(404)
    number = sheet.id
    return _void_page(found, VoidPage(
        _("Make the answers of %(name)s void", name=one.name), part_title(found.kind, found.ref),
        _("The answers of %(name)s count for nothing now. Print a new sheet for them.", name=one.name),
        url_for("supervised_sessions.void", session_id=session_id, person_id=person_id),
        lambda context, reason: actions.void_entry(context, library_of(one), number, reason),
    ))  # fmt: skip


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/<kind>"
    "/<int(max=2147483647):result_id>/void",
    methods=["GET", "POST"],
)
@requires_permission(Permission.RUN_SESSIONS)
def void_result(session_id: int, person_id: int, kind: str, result_id: int) -> Response | WsgiResponse:
    """Make a story or a timeline void that was entered wrongly, with a reason."""
    found, one = session_or_404(session_id), attendee_or_404(session_id, person_id)
    result = next((each for each in one.results if (each.kind, each.number) == (kind, result_id)), None) or abort(404)
    deed = actions.void_story if kind == "story" else actions.void_entry
    return _void_page(found, VoidPage(
        _("Make the story of %(name)s void", name=one.name) if kind == "story"
        else _("Make the timeline of %(name)s void", name=one.name),
        step_title(result.ref),
        _("This counts for nothing now. It can be entered again for %(name)s.", name=one.name),
        url_for("supervised_sessions.void_result", session_id=session_id, person_id=person_id, kind=kind, result_id=result_id),
        lambda context, reason: deed(context, library_of(one), result_id, reason),
    ))  # fmt: skip


def _void_page(found: SupervisedSessionView, what: VoidPage) -> Response | WsgiResponse:
    form = VoidForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                done = what.deed(signed_in_context(session), form.reason.data or "")
        except ValueError:
            form.reason.errors = [
                _("These answers completed the course, so they stay. Ask an administrator to revoke the certificate.")
            ]
        else:
            flash(what.done if done else _("These answers were made void before. Nothing has changed."))
            return to_detail(found.id)
    page = render_template("supervised_sessions/void.html", supervised=found, heading=what.heading, form=form,
                           title=what.title, action=what.action)  # fmt: skip
    return make_response(page, 422 if form.errors else 200)
