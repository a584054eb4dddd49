"""What the learner's pages have in common: where one is in a module, and what comes next."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from functools import lru_cache

from flask import Blueprint, abort, current_app, g, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.clock import now
from course.content.schema import Module
from course.dates import civil_date
from course.learning import queries
from course.learning.reader_course import reader_library
from course.learning.rules.progress import CHECK, ModuleProgress, StepProgress, module_progress
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import row_source

pages = Blueprint("learning", __name__)
PROGRESS_CACHE_SIZE = 4096
_progress_cache: dict[Hashable, ModuleProgress] = {}


def reader_id() -> int:
    """The id of the person who is signed in; marks the page as part of "My training"."""
    g.here = "training"
    return int(g.person_id)


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), app_state().config.time_zone)


def module_or_404(module_id: str) -> Module:
    module = reader_library().modules.get(module_id)
    return module if module is not None else abort(404)


def module_of(ref: str) -> Module | None:
    """The module of a reference (module or module/step); None if it is no longer taught."""
    return reader_library().modules.get(ref.split("/")[0])


def reader_progress(module: Module) -> ModuleProgress:
    """Where this person stands in a module. Who has done the same stands at the same place, so it is kept."""
    ours, done = reader_library(), queries.progress_facts(row_source(), reader_id())
    key = (ours.version, ours.pathway, ours.nation, module.id, done)
    found = _progress_cache.get(key)
    if found is None:
        if len(_progress_cache) >= PROGRESS_CACHE_SIZE:
            _progress_cache.clear()
        found = _progress_cache[key] = module_progress(ours, module, done)
    return found


def step_address(step: StepProgress) -> str:
    """Where a step of a module is."""
    return f"/module/{step.module_id}/{step.id}"


def step_navigation(stand: ModuleProgress, here: str) -> Markup:
    """The steps of a module beside its pages. Many people stand at the same place in it, so it is kept."""
    return _render_step_navigation(stand.module.id, stand.module.title, stand.number, stand.steps, here)


@lru_cache(maxsize=2048)
def _render_step_navigation(
    module_id: str, title: str, number: int, steps: tuple[StepProgress, ...], here: str
) -> Markup:
    template = current_app.jinja_env.get_template("frame/rail.html")
    page = template.render(id=module_id, title=title, number=number, steps=steps, here=here, address=step_address)
    return Markup(page)  # noqa: S704 (a template made it)


@pages.app_context_processor
def _template_context() -> dict[str, object]:
    return {"rail": step_navigation, "step_address": step_address}


def next_step_address(stand: ModuleProgress, step_id: str) -> str:
    """Where to go when a step is finished: the next open one after it, then any open one, then the outline."""
    ids = [step.id for step in stand.steps]
    position = ids.index(step_id) if step_id in ids else -1
    onward = [*stand.steps[position + 1 :], *stand.steps[:position]]
    following = next((step for step in onward if not step.done and step.id != step_id), None)
    if following is None:
        return url_for("learning.module", module_id=stand.module.id)
    return step_address(following)


def redirect_to(address: str) -> Response:
    """Answer a post: look at another page."""
    return redirect_after_post(address)


__all__ = [
    "CHECK",
    "module_of",
    "module_or_404",
    "next_step_address",
    "pages",
    "reader_id",
    "reader_progress",
    "redirect_to",
    "step_address",
    "today",
]
