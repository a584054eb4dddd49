"""Entering the numbers that somebody wrote down while they decided a story on paper."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.library import Library
from course.content.schema import Module
from course.dates import civil_date
from course.printed_modules import actions
from course.printed_modules.forms import StoryForm
from course.printed_modules.views.page_context import pages
from course.printed_modules.views.reading import ReadStory, paper_story, read_story
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView, attendees
from course.supervised_sessions.rules import may_enter_paper
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/story",
    methods=["GET", "POST"],
)
@requires_permission(Permission.RUN_SESSIONS)
def enter_story(session_id: int, person_id: int) -> Response | WsgiResponse:
    """Enter the numbers of one person: first to look through them as decisions, then for good."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    one = next((each for each in attendees(db(), current_user.person, session_id) if each.person_id == person_id), None)
    if one is None or found.kind != "module" or not may_enter_paper(found.dates, today):
        abort(404)
    course = library_of(one)
    module = course.modules.get(found.ref) or abort(404)
    form, read = StoryForm(), None
    step = request.form.get("step", "")
    if form.is_submitted() and step != "change":
        read = _read(course, module, form) if form.validate() else None
        if read is not None and step == "keep":
            return _keep(found, one, course, module, read)
    page = render_template("printed_modules/story.html", supervised=found, attendee=one, form=form, read=read)
    return make_response(page, 422 if form.errors else 200)


def _read(course: Library, module: Module, form: StoryForm) -> ReadStory | None:
    """The story and the decisions of a form; None with an error at the field that is wrong."""
    read = read_story(course, module, form.code.data or "", form.numbers.data or "")
    if isinstance(read, ReadStory):
        return read
    field = form.code if read.at_code else form.numbers
    field.errors = [read.words]
    return None


def _keep(
    found: SupervisedSessionView, one: AttendeeView, course: Library, module: Module, read: ReadStory
) -> WsgiResponse:
    with unit_of_work() as session:
        outcome = actions.enter_story(signed_in_context(session), course, one.id, paper_story(module, read))
        if outcome != "entered":
            session.rollback()
    words = {
        "entered": _("The story of %(name)s is kept.", name=one.name),
        "done": _("%(name)s has done this story before. Nothing has changed.", name=one.name),
        "absent": _("First record that %(name)s signed the attendance sheet.", name=one.name),
        "own": _("You cannot enter your own story."),
        "witness": _("You are the witness for %(name)s. Someone else has to enter the story.", name=one.name),
        "broken": _("Nothing was kept: these numbers are no way through the story. Enter them again."),
    }
    flash(words[outcome])
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=found.id))
