"""My record: what the learner did, and the exact text that the learner saw."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from flask import abort, render_template

from course.content.page_sources import page_sources
from course.content.queries import part_in_version
from course.content.schema import Page, Scenario
from course.learning import queries
from course.learning.queries.page_answers import page_answers
from course.learning.reader_course import reader_library
from course.learning.rules.branching import run_state
from course.learning.views.attempts import ATTEMPT_NAMES
from course.learning.views.page_context import module_of, pages, reader_id
from course.organisation.request_organisation import reader_organisation
from course.web.access import sign_in_required
from course.web.unit_of_work import db

# What features above this one have to say about attempts: a short sentence for some of these, by attempt.
ATTEMPT_NOTES: list[Callable[[Collection[int]], Mapping[int, str]]] = []
RUN_NOTES: list[Callable[[Collection[int]], Mapping[int, str]]] = []  # the same of scenario runs


@pages.get("/record")
@sign_in_required
def record() -> str:
    """List the pages read, the attempts and the scenario runs, each with a link to the text as it was."""
    runs = [(run, _outcome(run)) for run in queries.runs(db(), reader_id())]
    attempts = queries.attempts(db(), reader_id())
    notes: dict[int, str] = {}
    for add in ATTEMPT_NOTES:
        notes |= add([attempt.id for attempt in attempts])
    run_notes: dict[int, str] = {}
    for add in RUN_NOTES:
        run_notes |= add([run.id for run, _ended in runs])
    return render_template("learning/record.html", reads=queries.pages_read(db(), reader_id()),
                           attempts=attempts, runs=runs, titles=_ref_title,
                           names=ATTEMPT_NAMES, notes=notes, run_notes=run_notes)  # fmt: skip


def _outcome(run: queries.RunView) -> str | None:
    """How a run ended, as its decisions say: good, mixed or poor; None as long as it has not ended."""
    if not run.is_reopened:
        return run.outcome
    scenario = part_in_version(db(), reader_library(), Scenario, run.ref, run.version)
    state = run_state(scenario, run.decisions) if scenario is not None else None
    return str(state.ending.end) if state is not None and state.is_finished and state.ending is not None else None


def _ref_title(ref: str) -> str:
    """The title of a reference today; the reference itself if it is no longer taught."""
    if ref == queries.OWN_BOOSTER:
        return str(ATTEMPT_NAMES["booster"])
    module = module_of(ref)
    if module is None:
        return ref
    step = module.step(ref.partition("/")[2])
    return f"{module.title}: {step.title}" if step else module.title


@pages.get("/record/page/<int(max=2147483647):read_id>")
@sign_in_required
def page_as_read(read_id: int) -> str:
    """Show a page in the version in which it was read, however often it was edited since."""
    read = next((r for r in queries.pages_read(db(), reader_id()) if r.id == read_id), None) or abort(404)
    page = part_in_version(db(), reader_library(), Page, read.ref, read.version) or abort(404)
    return render_template("learning/page_as_read.html", page=page, read=read, library=reader_library(), notes={},
                           answers=page_answers(db(), reader_id(), read.ref), sources=page_sources(page),
                           organisation=reader_organisation())  # fmt: skip
