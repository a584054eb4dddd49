"""Paper: who signed the attendance sheet, the question sheets, and entering what was ticked on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.library import Library
from course.content.queries import part_in_version
from course.content.schema import Question
from course.dates import civil_date
from course.learning import queries as learning
from course.learning.queries import AttemptItemView, AttemptView
from course.learning.rules.grading import (
    CONFIDENCE_LEVELS,
    InvalidAnswer,
    SubmittedAnswer,
    option_order,
    parse_submission,
)
from course.learning.rules.progress import progress
from course.supervised_sessions import actions, queries
from course.supervised_sessions.actions import EnteredAnswer
from course.supervised_sessions.forms import AttendanceForm
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView
from course.supervised_sessions.rules import may_enter_paper, session_state, witness_mistake
from course.supervised_sessions.views.manage import session_or_404, ticked_people
from course.supervised_sessions.views.page_context import library_of, pages, part_title
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work


@dataclass(frozen=True)
class SheetQuestion:
    """A question of a sheet as it is printed and entered: its place, the order of its options, and what is wrong with what was
    entered."""

    item: AttemptItemView
    question: Question
    order: tuple[int, ...]
    mistake: InvalidAnswer | None = None


@dataclass(frozen=True)
class PrintedSheet:
    """The sheet of one attendee: the questions of their attempt that are open."""

    attendee: AttendeeView
    attempt: AttemptView
    questions: tuple[SheetQuestion, ...]


def _paper_session(session_id: int) -> SupervisedSessionView:
    """A session of which answers on paper can be entered today."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    if not may_enter_paper(found.dates, today):
        abort(404)
    return found


def _attendees(session_id: int) -> list[AttendeeView]:
    return queries.attendees(db(), current_user.person, session_id)


def attendee_or_404(session_id: int, person_id: int) -> AttendeeView:
    """A person who is expected in a session, of those about whom the viewer may record something."""
    return next((one for one in _attendees(session_id) if one.person_id == person_id), None) or abort(404)


def to_detail(session_id: int) -> WsgiResponse:
    """The redirect to the page of a session."""
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=session_id))


@pages.route("/supervised/<int(max=2147483647):session_id>/attendance", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SESSIONS)
def attendance(session_id: int) -> Response | WsgiResponse:
    """Record who signed the attendance sheet, and who saw it."""
    found, form, people = _paper_session(session_id), AttendanceForm(), _attendees(session_id)
    waiting = [one for one in people if one.witness is None]
    ticked = ticked_people()
    present = [one for one in waiting if one.person_id in ticked]
    mistake = ""
    if form.is_submitted():
        valid = form.validate_on_submit()
        mistake = "" if present else _("Tick at least one person.")
        wrong = witness_mistake(
            form.witness.data or "", current_user.person.name, [one.own_name for one in present]
        ) if valid else None  # fmt: skip
        if wrong:
            form.witness.errors = [wrong]
        if valid and not wrong and not mistake:
            count = _record_attendance(found, present, form)
            flash(ngettext("Recorded: %(num)s person attended.", "Recorded: %(num)s people attended.", count))
            return to_detail(session_id)
    page = render_template("supervised_sessions/attendance.html", supervised=found, form=form, waiting=waiting,
                           ticked=ticked, mistake=mistake, title=part_title(found.kind, found.ref))  # fmt: skip
    return make_response(page, 422 if form.errors or mistake else 200)


def _record_attendance(found: SupervisedSessionView, present: Sequence[AttendeeView], form: AttendanceForm) -> int:
    courses = {one.id: library_of(one) for one in present}
    with unit_of_work() as session:
        context = signed_in_context(session)
        count = actions.record_attendance(context, found.id, [one.id for one in present], form.witness.data or "")
        if found.kind == "module" and form.read_together.data:
            for one in present:
                actions.record_read_together(context, courses[one.id], one.id, found.ref)
    return count


@pages.post("/supervised/<int(max=2147483647):session_id>/sheets")
@requires_permission(Permission.RUN_SESSIONS)
def prepare_sheets(session_id: int) -> WsgiResponse:
    """Draw the questions of everybody who is ready for them, and lead to the sheets that are to be printed."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    if found.kind == "refresher" or session_state(found.dates, today) not in ("planned", "today"):
        abort(404)
    ready = [(one, library_of(one)) for one in _attendees(session_id) if _is_ready(found, one)]
    with unit_of_work() as session:
        context = signed_in_context(session)
        for one, course in ready:
            module = course.modules[found.ref] if found.kind == "module" else None
            actions.prepare_sheet(context, course, session_id, one.id, module)
    return redirect_after_post(url_for("supervised_sessions.sheets", session_id=session_id))


def _is_ready(found: SupervisedSessionView, one: AttendeeView) -> bool:
    """Whether somebody may answer the questions of a session now: those of a module at any time, the final assessment when all
    modules are done and it is not passed."""
    course = library_of(one)
    if found.kind == "module":
        return found.ref in course.modules
    state = progress(course, learning.progress_facts(row_source(), one.person_id))
    return state.modules_done and not state.final_passed


@pages.get("/supervised/<int(max=2147483647):session_id>/sheets")
@requires_permission(Permission.RUN_SESSIONS)
def sheets(session_id: int) -> str:
    """The question sheets of a session, to be printed: one for each person. Nothing on them tells what is right."""
    found = session_or_404(session_id)
    people = _attendees(session_id)
    printed = [sheet for one in people if (sheet := _sheet(one)) is not None]
    with_sheet = {sheet.attendee.id for sheet in printed}
    return render_template("supervised_sessions/sheets.html", supervised=found, title=part_title(found.kind, found.ref),
                           printed=printed, without=[one for one in people if one.id not in with_sheet],
                           levels=CONFIDENCE_LEVELS)  # fmt: skip


def _sheet(one: AttendeeView, mistakes: Mapping[int, InvalidAnswer] | None = None) -> PrintedSheet | None:
    """The sheet of an attendee; None if none was printed, or nothing of it is open."""
    attempt = learning.attempt(db(), one.person_id, one.sheet.attempt_id) if one.sheet else None
    if attempt is None or one.sheet is None or one.sheet.entered_at is not None:
        return None
    course = library_of(one)
    questions = []
    for item in actions.sheet_items(attempt, one.sheet.last_position):
        question = part_in_version(db(), course, Question, item.question_id, item.version)
        if item.given is None and question is not None:
            order = option_order(question, attempt.seed, item.position)
            questions.append(SheetQuestion(item, question, order, (mistakes or {}).get(item.position)))
    return PrintedSheet(one, attempt, tuple(questions)) if questions else None


@pages.route(
    "/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/answers",
    methods=["GET", "POST"],
)
@requires_permission(Permission.RUN_SESSIONS)
def enter_answers(session_id: int, person_id: int) -> Response | WsgiResponse:
    """Enter the answers of one sheet: first all of them, then once more to look through, then for good."""
    found, one = _paper_session(session_id), attendee_or_404(session_id, person_id)
    sheet = _sheet(one)
    if one.witness is None or sheet is None or one.sheet is None:
        flash(_refusal(one))
        return to_detail(session_id)
    form = {name: request.form.getlist(name) for name in request.form}
    read = {line.item.position: _read(line, form) for line in sheet.questions} if request.method == "POST" else {}
    wrong = {position: answer for position, answer in read.items() if isinstance(answer, InvalidAnswer)}
    step = request.form.get("step", "")
    if request.method == "POST" and not wrong and step == "keep":
        return _keep(found, one, library_of(one), [
            EnteredAnswer(position, answer) for position, answer in read.items() if not isinstance(answer, InvalidAnswer)
        ])  # fmt: skip
    checked = request.method == "POST" and not wrong and step != "change"
    shown = sheet if step == "change" else _sheet(one, wrong) or sheet
    page = render_template(
        "supervised_sessions/enter.html", supervised=found, title=part_title(found.kind, found.ref), sheet=shown,
        levels=CONFIDENCE_LEVELS, typed=request.form, checked=checked, answers=read, wrong=bool(wrong) and step != "change",
    )  # fmt: skip
    return make_response(page, 422 if wrong and step != "change" else 200)


def _read(line: SheetQuestion, form: Mapping[str, Sequence[str]]) -> SubmittedAnswer | InvalidAnswer:
    """What was entered for one question; its fields begin with its place."""
    prefix = f"q{line.item.position}-"
    own = {name.removeprefix(prefix): values for name, values in form.items() if name.startswith(prefix)}
    return parse_submission(line.question, line.order, own)


def _refusal(one: AttendeeView) -> str:
    if one.sheet is None:
        return _("%(name)s has no question sheet. Print one first.", name=one.name)
    if one.sheet.entered_at is not None:
        return _("The answers of %(name)s were entered before. Nothing has changed.", name=one.name)
    if one.witness is None:
        return _("First record that %(name)s signed the attendance sheet.", name=one.name)
    return _("%(name)s has answered these questions on a screen. Nothing is left to enter.", name=one.name)


def _keep(
    found: SupervisedSessionView, one: AttendeeView, course: Library, entered: list[EnteredAnswer]
) -> Response | WsgiResponse:
    assert one.sheet is not None  # noqa: S101 (the view has looked)
    with unit_of_work() as session:
        outcome = actions.enter_answers(signed_in_context(session), course, one.sheet.id, entered)
        if outcome != "entered":
            session.rollback()
    words = {
        "entered": _("The answers of %(name)s are kept.", name=one.name),
        "before": _("The answers of %(name)s were entered before. Nothing has changed.", name=one.name),
        "absent": _("First record that %(name)s signed the attendance sheet.", name=one.name),
        "own": _("You cannot enter your own answers."),
        "witness": _("You are the witness for %(name)s. Someone else has to enter the answers.", name=one.name),
        "outdated": _(
            "Nothing was kept: %(name)s has begun or completed something else since this sheet was printed, or it was made "
            "void. Print a new sheet.",
            name=one.name,
        ),
        "changed": _(
            "Nothing was kept: %(name)s has answered some of these questions on a screen meanwhile. Enter the others.",
            name=one.name,
        ),
    }
    flash(words[outcome])
    if outcome == "changed":
        return redirect_after_post(
            url_for("supervised_sessions.enter_answers", session_id=found.id, person_id=one.person_id)
        )
    return to_detail(found.id)
