"""What the learner's pages share: the reader, progress in a module, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from flask import Blueprint, abort, current_app, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.queries import part_in_version
from course.content.rendering import shown_languages
from course.content.schema import Module, Page
from course.dates import civil_date
from course.learning import queries
from course.learning.reader_course import reader_library
from course.learning.rules.progress import (
    CHECK,
    CourseProgress,
    ModuleProgress,
    StepProgress,
    module_progress,
    progress,
)
from course.translation import gettext as _
from course.web.addresses import mounted_at, url_for
from course.web.app_state import app_state
from course.web.current import this_g
from course.web.in_place import page_in_place
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import row_source

pages = Blueprint("learning", __name__)
RENDERED = 2048  # lists of steps, and lines under the header, that are kept in memory; two kilobytes each


def reader_id() -> int:
    """The id of the person who is signed in; also puts the page into the section "My training"."""
    kept = this_g()
    kept.here = "training"
    return int(kept.person_id)


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), app_state().config.time_zone)


def module_or_404(module_id: str) -> Module:
    """The module of this id that is taught now; otherwise the page is not found."""
    module = reader_library().modules.get(module_id)
    return module if module is not None else abort(404)


def module_of(ref: str) -> Module | None:
    """The module of a reference (module or module/step); None if it is no longer taught."""
    return reader_library().modules.get(ref.split("/")[0])


def page_as_opened(page: Page, ref: str) -> Page:
    """A page (`ref` is module/page) in the version that the button of its form names (`then`): it may have been opened before an
    edit, or kept on a device that was offline for days. The page as it is now where the form names none that was ever shown."""
    sent = request.form.get("then", "next")
    if sent in ("next", page.version):
        return page
    return part_in_version(row_source(), reader_library(), Page, ref, sent) or page


def reader_progress(module: Module) -> ModuleProgress:
    """The reader's progress in one module. One query; a page that shows several modules asks `course_progress`."""
    known: ModuleProgress | None = this_g().get("known_progress")  # see known_attempt
    if known is not None and known.module.id == module.id:
        return known
    return module_progress(reader_library(), module, queries.module_facts(row_source(), reader_id(), module.id))


def course_progress() -> CourseProgress:
    """The reader's progress in the whole course. One query."""
    return progress(reader_library(), queries.progress_facts(row_source(), reader_id()))


@pages.app_template_global()
def step_address(step: StepProgress) -> str:
    """The path of a step of a module."""
    return url_for("learning.step", module_id=step.module_id, step_id=step.id)


@pages.app_template_global("rail")
def step_navigation(progress: ModuleProgress, here: str) -> Markup:
    """The list of a module's steps beside its pages; `here` is the id of the step that the page shows."""
    return _render_rail(progress.steps, here, mounted_at(), shown_languages(*(step.title for step in progress.steps)))


# Keyed by everything that is in it. Learners who stand at the same step share it.
@lru_cache(maxsize=RENDERED)
def _render_rail(
    steps: tuple[StepProgress, ...], here: str, _mounted_at: str, _languages: tuple[str | None, ...]
) -> Markup:
    # Rendered by itself: the list needs none of the variables that context processors give to whole pages.
    html = current_app.jinja_env.get_template("frame/rail.html").render(steps=steps, here=here, address=step_address)
    return Markup(html)  # noqa: S704 (a template made it)


@pages.app_template_global("strip")
def module_strip(
    progress: ModuleProgress, here: str, title: str = "", place: str = "", bits: Sequence[str] = ()
) -> Markup:
    """The line under the header: the module, `title` (without it the module's title), `place` (without it "Step 3 of 8"
    for the step `here`) and a row of `bits`, each "on" (done), "at" (here) or "" (ahead); without them one for each step.
    """
    ids = [step.id for step in progress.steps]
    if not place and here in ids:
        place = _("Step %(number)s of %(total)s", number=ids.index(here) + 1, total=len(ids))
    if not bits:
        bits = ["at" if step.id == here else "on" if step.done else "" for step in progress.steps]
    title = title or progress.module.title
    shown_as = mounted_at(), *shown_languages(title)
    return _render_strip(progress.module.id, progress.number, title, place, tuple(bits), shown_as)


@lru_cache(maxsize=RENDERED)
def _render_strip(
    module: str, number: int, title: str, place: str, bits: tuple[str, ...], _shown_as: tuple[str | None, ...]
) -> Markup:
    html = current_app.jinja_env.get_template("frame/strip.html").render(
        id=module, number=number, title=title, place=place, bits=bits
    )
    return Markup(html)  # noqa: S704 (a template made it)


def next_open_step(progress: ModuleProgress, step_id: str) -> StepProgress | None:
    """The next open step after a finished one, then any open one; None if every other step is done."""
    ids = [step.id for step in progress.steps]
    position = ids.index(step_id) if step_id in ids else -1
    candidates = [*progress.steps[position + 1 :], *progress.steps[:position]]
    return next((step for step in candidates if not step.done and step.id != step_id), None)


def next_step_address(progress: ModuleProgress, step_id: str) -> str:
    """The path of the page after a finished step: the next open step after it, then any open one, then the module's end."""
    following = next_open_step(progress, step_id)
    if following is None:
        return url_for("milestones.module_done", module_id=progress.module.id)
    return step_address(following)


def redirect_to(address: str) -> Response:
    """The response to a POST: a redirect to another page or, where the script of the page asks for that, the page."""
    return page_in_place(address) or redirect_after_post(address)


__all__ = [
    "CHECK",
    "course_progress",
    "module_of",
    "module_or_404",
    "next_open_step",
    "next_step_address",
    "page_as_opened",
    "pages",
    "reader_id",
    "reader_progress",
    "redirect_to",
    "step_address",
    "today",
]
