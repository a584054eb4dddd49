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
from course.learning.reader_course import library
from course.learning.rules.progress import CHECK, ModuleStand, StepStand, module_stand
from course.web.app_state import state
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import rows

pages = Blueprint("learning", __name__)
KEPT_STANDS = 4096
_stands: dict[Hashable, ModuleStand] = {}


def me() -> int:
    """The id of the person who is signed in; marks the page as part of "My training"."""
    g.here = "training"
    return int(g.person_id)


def today() -> date:
    """The calendar day in the organisation's time zone."""
    return civil_date(now(), state().config.time_zone)


def module_or_404(module_id: str) -> Module:
    module = library().modules.get(module_id)
    return module if module is not None else abort(404)


def module_of(ref: str) -> Module | None:
    """The module of a reference (module or module/step); None if it is no longer taught."""
    return library().modules.get(ref.split("/")[0])


def stand_of(module: Module) -> ModuleStand:
    """Where this person stands in a module. Who has done the same stands at the same place, so it is kept."""
    ours, done = library(), queries.facts(rows(), me())
    key = (ours.version, ours.pathway, ours.nation, module.id, done)
    found = _stands.get(key)
    if found is None:
        if len(_stands) >= KEPT_STANDS:
            _stands.clear()
        found = _stands[key] = module_stand(ours, module, done)
    return found


def step_address(step: StepStand) -> str:
    """Where a step of a module is."""
    return f"/module/{step.module_id}/{step.id}"


def rail(stand: ModuleStand, here: str) -> Markup:
    """The steps of a module beside its pages. Many people stand at the same place in it, so it is kept."""
    return _rail(stand.module.id, stand.module.title, stand.number, stand.steps, here)


@lru_cache(maxsize=2048)
def _rail(module_id: str, title: str, number: int, steps: tuple[StepStand, ...], here: str) -> Markup:
    template = current_app.jinja_env.get_template("frame/rail.html")
    page = template.render(id=module_id, title=title, number=number, steps=steps, here=here, address=step_address)
    return Markup(page)  # noqa: S704 (a template made it)


@pages.app_context_processor
def _frame() -> dict[str, object]:
    return {"rail": rail, "step_address": step_address}


def after(stand: ModuleStand, step_id: str) -> str:
    """Where to go when a step is finished: the next open one after it, then any open one, then the outline."""
    ids = [step.id for step in stand.steps]
    position = ids.index(step_id) if step_id in ids else -1
    onward = [*stand.steps[position + 1 :], *stand.steps[:position]]
    following = next((step for step in onward if not step.done and step.id != step_id), None)
    if following is None:
        return url_for("learning.module", module_id=stand.module.id)
    return step_address(following)


def go(address: str) -> Response:
    """Answer a post: look at another page."""
    return seen_redirect(address)


__all__ = [
    "CHECK",
    "after",
    "go",
    "me",
    "module_of",
    "module_or_404",
    "pages",
    "stand_of",
    "step_address",
    "today",
]
