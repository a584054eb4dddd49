"""Entering what a whole group wrote down on the attendance sheet of a printed module: the numbers of stories and timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.content.schema import Module, Step
from course.dates import civil_date
from course.learning.queries import progress_facts_of_many
from course.learning.rules.progress import ProgressFacts
from course.printed_modules import actions
from course.printed_modules.views.page_context import pages
from course.printed_modules.views.reading import (
    PaperMistake,
    ReadStory,
    ReadTimeline,
    paper_story,
    paper_timeline,
    read_story,
    read_timeline,
)
from course.supervised_sessions.queries import AttendeeView, SupervisedSessionView, attendees
from course.supervised_sessions.rules import may_enter_paper
from course.supervised_sessions.views.manage import session_or_404
from course.supervised_sessions.views.page_context import library_of
from course.translation import current_language, ngettext
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@dataclass(frozen=True)
class ResultColumn:
    """A column of the attendance sheet: a story or a timeline of the module, with the code that stands at its head."""

    step: Step
    code: str = ""

    @property
    def field(self) -> str:
        return f"code-{self.step.id}"


@dataclass(frozen=True)
class ResultCell:
    """What one person wrote down in one column. `done`: their record has it already, so nothing can be entered."""

    column: ResultColumn
    person: AttendeeView
    numbers: str = ""
    done: bool = False
    read: ReadStory | ReadTimeline | None = None

    @property
    def field(self) -> str:
        return f"n{self.person.person_id}-{self.column.step.id}"


@dataclass(frozen=True)
class ResultRow:
    """A person who signed the sheet, with what they wrote down in each column."""

    person: AttendeeView
    cells: tuple[ResultCell, ...]


@pages.route("/supervised/<int(max=2147483647):session_id>/results", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SESSIONS)
def enter_results(session_id: int) -> Response | WsgiResponse:
    """Enter the numbers of everyone who signed: first to look through them in words, then for good."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    if found.kind != "module" or not may_enter_paper(found.dates, today):
        abort(404)
    module = library().in_language(current_language()).modules.get(found.ref) or abort(404)
    present = [one for one in attendees(db(), current_user.person, session_id) if one.witness is not None]
    typed, step = request.form, request.form.get("step", "")
    # As on the sheet: first the stories, then the timelines.
    columns = [ResultColumn(each, typed.get(f"code-{each.id}", "").strip()[:40])
               for kind in ("scenario", "timeline") for each in module.steps if each.kind == kind]  # fmt: skip
    rows = _rows(found.ref, columns, present, typed)
    mistakes: list[tuple[str, str]] = []
    if request.method == "POST" and step != "change":
        rows, mistakes = _read_all(found.ref, rows)
        if not mistakes and step == "keep":
            return _keep(found, rows)
    checked = request.method == "POST" and step != "change" and not mistakes
    page = render_template(
        "printed_modules/results.html", supervised=found, module=module, columns=columns, rows=rows, mistakes=mistakes,
        wrong=dict(mistakes), checked=checked,
    )  # fmt: skip
    return make_response(page, 422 if mistakes else 200)


def _rows(
    module_id: str, columns: Sequence[ResultColumn], present: Sequence[AttendeeView], typed: Mapping[str, str]
) -> list[ResultRow]:
    facts = progress_facts_of_many(db(), [one.person_id for one in present], now()) if present else {}
    rows = []
    for one in present:
        own = facts.get(one.person_id, ProgressFacts())
        cells = [ResultCell(column, one, done=_is_done(module_id, column.step, own)) for column in columns]
        typed_in = [typed.get(cell.field, "").strip()[:500] for cell in cells]
        rows.append(
            ResultRow(one, tuple(_with_numbers(cell, words) for cell, words in zip(cells, typed_in, strict=True)))
        )
    return rows


def _with_numbers(cell: ResultCell, numbers: str) -> ResultCell:
    return ResultCell(cell.column, cell.person, numbers, cell.done)


def _is_done(module_id: str, step: Step, facts: ProgressFacts) -> bool:
    names = {f"{module_id}/{name}" for name in (step.id, *step.others)}
    return bool(names & (facts.scenarios | facts.timelines))


def _read_all(module_id: str, rows: Sequence[ResultRow]) -> tuple[list[ResultRow], list[tuple[str, str]]]:
    """The rows with what was read, and the mistakes as (field, words); one for each code, however many it is wrong for."""
    found, mistakes = [], dict[str, str]()
    for row in rows:
        course = library_of(row.person)
        cells = []
        for cell in row.cells:
            read = _read(course, course.modules.get(module_id), cell) if cell.numbers else None
            if isinstance(read, PaperMistake):
                mistakes.setdefault(cell.column.field if read.at_code else cell.field, _said(cell, read))
                read = None
            cells.append(ResultCell(cell.column, cell.person, cell.numbers, cell.done, read=read))
        found.append(ResultRow(row.person, tuple(cells)))
    if not mistakes and not any(cell.numbers for row in rows for cell in row.cells):
        first = next((cell.field for row in rows for cell in row.cells if not cell.done), "results")
        mistakes[first] = _("Enter the numbers of at least one person.")
    return found, list(mistakes.items())


def _said(cell: ResultCell, mistake: PaperMistake) -> str:
    if mistake.at_code:
        return mistake.words
    return _("%(name)s: %(message)s", name=cell.person.name, message=mistake.words)


def _read(course: Library, module: Module | None, cell: ResultCell) -> ReadStory | ReadTimeline | PaperMistake:
    if module is None:
        return PaperMistake(_("This module is not in their course."))
    if not cell.column.code:
        return PaperMistake(_("Enter the code at the head of this column on the sheet."), at_code=True)
    read = read_story if cell.column.step.kind == "scenario" else read_timeline
    return read(course, module, cell.column.code, cell.numbers)


def _keep(found: SupervisedSessionView, rows: Sequence[ResultRow]) -> WsgiResponse:
    """Keep each result by itself: what somebody else has entered meanwhile stops none of the others."""
    kept = 0
    for row in rows:
        course = library_of(row.person)
        for cell in row.cells:
            if cell.read is not None:
                outcome = _enter(course, course.modules[found.ref], cell)
                kept += outcome == "entered"
                if outcome != "entered":
                    flash(_refusal(outcome, row.person.name))
    if kept:
        flash(ngettext("%(num)s result is kept.", "%(num)s results are kept.", kept))
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=found.id))


def _enter(course: Library, module: Module, cell: ResultCell) -> actions.ResultOutcome:
    with unit_of_work() as session:
        context = signed_in_context(session)
        outcome: actions.ResultOutcome
        if isinstance(cell.read, ReadStory):
            outcome = actions.enter_story(context, course, cell.person.id, paper_story(module, cell.read))
        else:
            assert cell.read is not None  # noqa: S101 (only what was read is entered)
            outcome = actions.enter_timeline(context, course, cell.person.id, paper_timeline(cell.read))
        if outcome != "entered":
            session.rollback()
    return outcome


def _refusal(outcome: actions.ResultOutcome, name: str) -> str:
    words = {
        "done": _("%(name)s has done this before. Nothing has changed.", name=name),
        "absent": _("First record that %(name)s signed the attendance sheet.", name=name),
        "own": _("You cannot enter your own results."),
        "witness": _("You are the witness for %(name)s. Someone else has to enter the results.", name=name),
    }
    return words.get(outcome, _("Nothing was kept: these numbers are no way through the story. Enter them again."))
