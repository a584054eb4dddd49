"""A refresher on paper, in a supervised session: printing what each person needs, and entering what they read and decided."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record_event
from course.clock import now
from course.content.library import Library
from course.content.schema import Page, Scenario
from course.organisation.queries import organisation_of
from course.printed_modules.pdf import PrintedModule, module_pdf
from course.printed_modules.queries import story_of_refs
from course.printed_modules.rules.reading_edition import ReadingOptions, reading_blocks
from course.printed_modules.views.printing import printed_places
from course.printed_modules.views.reading import PaperMistake, ReadStory, paper_story, read_road_of
from course.refreshers import actions
from course.refreshers.forms import ReadingForm
from course.refreshers.queries import PAGE_PREFIX, Refresher
from course.refreshers.views.page_context import pages, refresher_status_of, today
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView, attendees
from course.supervised_sessions.rules import may_enter_paper, session_state
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of
from course.supervised_sessions.views.paper import attendee_or_404, to_detail
from course.translation import current_language
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.redirects import redirect_after_post
from course.web.sandbox import SandboxBusyError, SandboxLimitError
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@dataclass(frozen=True)
class OpenReading:
    """What one person still has to read and decide in their refresher, in the course as they read it."""

    refresher: Refresher
    pages: tuple[Page, ...]
    story_ref: str
    story: Scenario | None

    @property
    def story_refs(self) -> tuple[str, ...]:
        """The references of the stories that can be entered: the one that was composed, and what takes its place now."""
        composed = tuple(part.ref for part in self.refresher.parts if part.kind == "scenario" and not part.done)
        return tuple(dict.fromkeys((*composed, *((self.story_ref,) if self.story_ref else ()))))


def _refresher_session(session_id: int) -> SupervisedSessionView:
    found = session_or_404(session_id)
    return found if found.kind == "refresher" else abort(404)


@pages.post("/supervised/<int(max=2147483647):session_id>/refreshers")
@requires_permission(Permission.RUN_SESSIONS)
def prepare_sheets(session_id: int) -> WsgiResponse:
    """Begin the refresher of everybody for whom one is due, with their own questions, and lead to the sheets to be printed."""
    found = _refresher_session(session_id)
    if session_state(found.dates, today()) not in ("planned", "today"):
        abort(404)
    for one in attendees(db(), current_user.person, session_id):
        status = refresher_status_of(one.person_id)
        if status.is_due and (status.refresher is not None or status.may_begin):
            course = library_of(one)
            with unit_of_work() as session:
                context = signed_in_context(session)
                actions.prepare_refresher_sheet(context, course, one.id, status.imported_on)
    return redirect_after_post(url_for("supervised_sessions.sheets", session_id=session_id))


def _open_reading(one: AttendeeView) -> OpenReading | None:
    """What an attendee has to read; None if no refresher of theirs is under way."""
    refresher = refresher_status_of(one.person_id).refresher
    if refresher is None:
        return None
    course = library_of(one)
    refs = [part.ref.removeprefix(PAGE_PREFIX) for part in refresher.parts
            if part.ref.startswith(PAGE_PREFIX) and not part.done]  # fmt: skip
    refs += ["/".join(course.pages_by_point[point]) for point in refresher.points_to_reread
             if point in course.pages_by_point]  # fmt: skip
    to_read = [page for ref in dict.fromkeys(refs) if (page := actions.page_of(course, ref)) is not None]
    if not any(part.kind == "scenario" and not part.done for part in refresher.parts):
        return OpenReading(refresher, tuple(to_read), "", None)
    ref = actions.scenario_ref(db(), course, one.person_id, refresher)
    module_id, _slash, name = ref.partition("/")
    return OpenReading(refresher, tuple(to_read), ref, course.modules[module_id].scenarios[name])


@pages.post("/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/refresher/print")
@requires_permission(Permission.RUN_SESSIONS)
def print_reading(session_id: int, person_id: int) -> Response | WsgiResponse:
    """The PDF of what one person has to read and decide, typeset before the log is written."""
    found, one = _refresher_session(session_id), attendee_or_404(session_id, person_id)
    reading = _open_reading(one)
    if reading is None or not (reading.pages or reading.story):
        flash(_("There is nothing to print for %(name)s: no page and no story is open.", name=one.name))
        return _to_reading(found, one)
    course, ours, at = library_of(one), organisation_of(db(), one.person_id), now()
    title, organisation = _("Refresher"), ours.name if ours else str(course.course.title)
    options = ReadingOptions(title, organisation, one.name, found.id, today(), printed_places(ours))
    printed = PrintedModule(
        title=title, organisation=organisation, version=course.version, motif="",
        blocks=reading_blocks(course, reading.pages, reading.story, options), printed_at=at, language=current_language(),
    )  # fmt: skip
    try:
        body = module_pdf(printed)
    except (SandboxBusyError, SandboxLimitError):
        flash(_("Nothing was printed, because other documents are being made. Try again in a moment."))
        return _to_reading(found, one)
    with unit_of_work() as session:
        context = signed_in_context(session)
        record_event(context, "supervised.refresher_printed", ("person", one.person_id), {"session": found.id})
    response = Response(body, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="refresher-{found.id}-{one.person_id}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _to_reading(found: SupervisedSessionView, one: AttendeeView) -> WsgiResponse:
    return redirect_after_post(url_for("refreshers.enter_reading", session_id=found.id, person_id=one.person_id))


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/refresher",
    methods=["GET", "POST"],
)
@requires_permission(Permission.RUN_SESSIONS)
def enter_reading(session_id: int, person_id: int) -> Response | WsgiResponse:
    """What one person has to read and decide; entering it: first to look through it, then for good."""
    found, one = _refresher_session(session_id), attendee_or_404(session_id, person_id)
    reading, form, read, step = _open_reading(one), ReadingForm(), None, request.form.get("step", "")
    takes = may_enter_paper(found.dates, today()) and one.witness is not None
    if reading is None or not takes:
        form = ReadingForm(formdata=None)
        if request.method == "POST":
            flash(_reading_refusal(one))
            return to_detail(session_id)
    elif form.is_submitted() and step != "change":
        read = _read(library_of(one), reading, form) if form.validate() else None
        if not form.errors and step == "keep":
            return _keep(found, one, reading, bool(form.read.data), read)
    checked = takes and form.is_submitted() and step != "change" and not form.errors
    page = render_template(
        "refreshers/paper.html", supervised=found, attendee=one, reading=reading, form=form, read=read, takes=takes,
        checked=checked,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _reading_refusal(one: AttendeeView) -> str:
    if one.witness is None:
        return _("First record that %(name)s signed the attendance sheet.", name=one.name)
    return _("Nothing was kept: no refresher of %(name)s is open now.", name=one.name)


def _read(course: Library, reading: OpenReading, form: ReadingForm) -> ReadStory | None:
    """The story of a form; None if it names none, or with an error at the field that is wrong."""
    code, numbers = form.code.data or "", form.numbers.data or ""
    if not (code or numbers):
        if not form.read.data:
            form.numbers.errors = [_("Tick that the pages were read, or enter the story.")]
        return None
    story = story_of_refs(db(), course, reading.story_refs, code)
    if story is None:
        form.code.errors = [_("The story of this refresher has another code. It is below “How to read this story”.")]
        return None
    result = read_road_of(*story, numbers)
    if isinstance(result, PaperMistake):
        form.numbers.errors = [result.words]
        return None
    return result


def _keep(
    found: SupervisedSessionView, one: AttendeeView, reading: OpenReading, pages_read: bool, read: ReadStory | None
) -> WsgiResponse:
    course = library_of(one)
    story = paper_story(course.modules[read.ref.partition("/")[0]], read) if read is not None else None
    paper = actions.PaperReading(reading.refresher.id, pages_read, story)
    with unit_of_work() as session:
        outcome = actions.enter_reading(signed_in_context(session), course, one.id, paper)
        if outcome != "entered":
            session.rollback()
    words = {
        "entered": _("What %(name)s read and decided is kept.", name=one.name),
        "done": _("%(name)s has done this before. Nothing has changed.", name=one.name),
        "absent": _("First record that %(name)s signed the attendance sheet.", name=one.name),
        "own": _("You cannot enter your own results."),
        "witness": _("You are the witness for %(name)s. Someone else has to enter the results.", name=one.name),
        "broken": _("Nothing was kept: these numbers are no way through the story. Enter them again."),
        "outdated": _(
            "Nothing was kept: %(name)s has begun or completed something else since this was printed.", name=one.name
        ),
    }
    flash(words[outcome])
    return to_detail(found.id)
