"""The preview of the course for any pathway and nation. No page takes a POST, so that nothing can be recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.content.lesson_source import LESSON_PATH
from course.content.library import Library
from course.content.loaded_course import library as whole_library
from course.content.schema import NATIONS, SETTINGS, Module, Nation, Scenario, Setting
from course.learning.rules.branching import RunState, debrief_rows, run_state
from course.learning.rules.grading import option_order
from course.learning.rules.progress import CHECK
from course.organisation.request_organisation import current_organisation
from course.web.access import Permission, requires_permission
from course.web.addresses import url_for

pages = Blueprint("preview", __name__)
_LESSON_LINK = re.compile(rf'href="{LESSON_PATH}([a-z0-9-]+)/([a-z0-9-]+)')
MAX_DECISIONS = 60  # far more than any scenario has; a longer query string is refused


@dataclass(frozen=True)
class PreviewReader:
    """The pathway and nation of a preview, with their variant of the course and the paths of its pages."""

    pathway: Setting
    nation: Nation
    library: Library

    @property
    def outline_path(self) -> str:
        """The path of the list of modules."""
        return url_for("preview.modules", pathway=self.pathway, nation=self.nation)

    def module_path(self, module_id: str) -> str:
        return url_for("preview.module", pathway=self.pathway, nation=self.nation, module_id=module_id)

    def step_path(self, module_id: str, step_id: str, **values: str) -> str:
        """The path of a step of a module; `values` become its query string or, as `_anchor`, its fragment."""
        return url_for(
            "preview.step", pathway=self.pathway, nation=self.nation, module_id=module_id, step_id=step_id, **values
        )

    def rewrite_links(self, html: str) -> Markup:
        """Rendered HTML of the course with its links to lesson pages changed to preview pages."""
        changed = _LESSON_LINK.sub(lambda link: f'href="{self.step_path(link[1], link[2])}', str(html))
        return Markup(changed)  # noqa: S704 (the course's own)


def _reader_or_404(pathway: str, nation: str) -> PreviewReader:
    g.here = "organisation"
    for setting in SETTINGS:
        for country in NATIONS:
            if (setting, country) == (pathway, nation):
                return PreviewReader(setting, country, whole_library().for_(setting, country))
    return abort(404)


def _module_or_404(reader: PreviewReader, module_id: str) -> Module:
    return reader.library.modules.get(module_id) or abort(404)


@pages.get("")
@requires_permission(Permission.MANAGE_ORGANISATION)
def choose() -> str | Response:
    """Show the choice of pathway and nation, or redirect to their preview."""
    g.here = "organisation"
    if "pathway" in request.args:
        reader = _reader_or_404(request.args["pathway"], request.args.get("nation", ""))
        return redirect(reader.outline_path, 303)
    organisation = current_organisation()
    return render_template("preview/choose.html", pathways=SETTINGS, nations=NATIONS, ours=organisation)


@pages.get("/<pathway>/<nation>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def modules(pathway: str, nation: str) -> str:
    """List the modules of a pathway."""
    return render_template("preview/modules.html", reader=_reader_or_404(pathway, nation))


@pages.get("/<pathway>/<nation>/<module_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def module(pathway: str, nation: str, module_id: str) -> str:
    """List the steps of a module, and the scenarios of other pathways."""
    reader = _reader_or_404(pathway, nation)
    found = _module_or_404(reader, module_id)
    others = [found.scenarios[name] for step in found.steps for name in step.others]
    return render_template("preview/module.html", reader=reader, module=found, others=others, check=CHECK)


@pages.get("/<pathway>/<nation>/<module_id>/<step_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def step(pathway: str, nation: str, module_id: str, step_id: str) -> str:
    """Show a page, a scenario (its decisions are in the query string), a timeline, or the module's questions."""
    reader = _reader_or_404(pathway, nation)
    found = _module_or_404(reader, module_id)
    page_values = {
        "reader": reader,
        "module": found,
        "step_id": step_id,
        "onward": _next_address(reader, found, step_id),
    }
    if step_id == CHECK:
        return _render_questions(found.questions, "Check what you know", page_values)
    found_step = found.step(step_id) or abort(404)
    if found_step.kind == "page":
        organisation = current_organisation()
        return render_template("preview/page.html", **page_values, page=found.pages[step_id], library=reader.library,
                               organisation=replace(organisation, nation=reader.nation) if organisation else None)  # fmt: skip
    if found_step.kind == "timeline":
        timeline = found.timelines[step_id]
        return _render_questions((timeline,), timeline.title or found_step.title, page_values)
    scenario = found.scenarios[step_id]
    taken = [name for name in request.args.get("way", "").split(".") if name]
    state = _replay_choices(scenario, taken)
    return render_template("preview/scenario.html", **page_values, scenario=scenario, state=state, taken=taken,
                           rows=debrief_rows(state), points=reader.library.points)  # fmt: skip


def _render_questions(questions: Sequence[object], title: str, page_values: dict[str, object]) -> str:
    return render_template(
        "preview/questions.html", **page_values, questions=questions, title=title, shown_order=option_order
    )


def _replay_choices(scenario: Scenario, taken: Sequence[str]) -> RunState:
    """The state of the run after the choices in the query string; 404 if one of them was not open."""
    decisions: list[tuple[str, str]] = []
    state = run_state(scenario, decisions)
    for name in taken:
        if len(decisions) >= MAX_DECISIONS or state.scene is None or name not in {c.id for c in state.open_choices}:
            abort(404)
        decisions.append((state.scene.id, name))
        state = run_state(scenario, decisions)
    return state


def _next_address(reader: PreviewReader, module: Module, step_id: str) -> str:
    """The path of the step after this one, or of the outline after the last."""
    ids = [*(step.id for step in module.steps), CHECK]
    following = ids[ids.index(step_id) + 1 :] if step_id in ids else []
    return reader.step_path(module.id, following[0]) if following else reader.module_path(module.id)
