"""The course as any pathway in any nation reads it. There is nothing to post here, so nothing can be recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.content.library import Library
from course.content.loaded_course import library as whole
from course.content.schema import NATIONS, SETTINGS, Module, Nation, Scenario, Setting
from course.learning.rules.branching import RunState, debrief_rows, run_state
from course.learning.rules.grading import option_order
from course.learning.rules.progress import CHECK
from course.organisation.request_organisation import current_organisation
from course.web.access import Permission, requires_permission

pages = Blueprint("preview", __name__)
MAX_DECISIONS = 60  # far more than any story has: an address longer than that is no walk


@dataclass(frozen=True)
class PreviewReader:
    """As whom the course is read, the course as they get it, and the address under which that is."""

    pathway: Setting
    nation: Nation
    library: Library

    @property
    def base(self) -> str:
        return f"/preview/{self.pathway}/{self.nation}"

    def at_home(self, html: str) -> Markup:
        """Finished HTML of the course with its links to other pages kept inside the preview."""
        return Markup(str(html).replace('href="/module/', f'href="{self.base}/'))  # noqa: S704 (the course's own)


def _reader_or_404(pathway: str, nation: str) -> PreviewReader:
    g.here = "organisation"
    for setting in SETTINGS:
        for country in NATIONS:
            if (setting, country) == (pathway, nation):
                return PreviewReader(setting, country, whole().for_(setting, country))
    return abort(404)


def _module_or_404(reader: PreviewReader, module_id: str) -> Module:
    return reader.library.modules.get(module_id) or abort(404)


@pages.get("")
@requires_permission(Permission.MANAGE_ORGANISATION)
def choose() -> str | Response:
    """Choose as whom to read the course."""
    g.here = "organisation"
    if "pathway" in request.args:
        reader = _reader_or_404(request.args["pathway"], request.args.get("nation", ""))
        return redirect(reader.base, 303)
    ours = current_organisation()
    return render_template("preview/choose.html", pathways=SETTINGS, nations=NATIONS, ours=ours)


@pages.get("/<pathway>/<nation>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def modules(pathway: str, nation: str) -> str:
    """The modules of a pathway."""
    return render_template("preview/modules.html", reader=_reader_or_404(pathway, nation))


@pages.get("/<pathway>/<nation>/<module_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def module(pathway: str, nation: str, module_id: str) -> str:
    """The steps of a module, and the scenarios from other people's work."""
    reader = _reader_or_404(pathway, nation)
    found = _module_or_404(reader, module_id)
    others = [found.scenarios[name] for one in found.steps for name in one.others]
    return render_template("preview/module.html", reader=reader, module=found, others=others, check=CHECK)


@pages.get("/<pathway>/<nation>/<module_id>/<step_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def step(pathway: str, nation: str, module_id: str, step_id: str) -> str:
    """A page, a scenario (its decisions stand in the address), a timeline, or the module's questions."""
    reader = _reader_or_404(pathway, nation)
    found = _module_or_404(reader, module_id)
    frame = {"reader": reader, "module": found, "step_id": step_id, "onward": _next_address(reader, found, step_id)}
    if step_id == CHECK:
        return _render_questions(found.questions, "Check what you know", frame)
    one = found.step(step_id) or abort(404)
    if one.kind == "page":
        ours = current_organisation()
        return render_template("preview/page.html", **frame, page=found.pages[step_id], library=reader.library,
                               organisation=replace(ours, nation=reader.nation) if ours else None)  # fmt: skip
    if one.kind == "timeline":
        timeline = found.timelines[step_id]
        return _render_questions((timeline,), timeline.title or one.title, frame)
    scenario = found.scenarios[step_id]
    taken = [name for name in request.args.get("way", "").split(".") if name]
    state = _replay_choices(scenario, taken)
    return render_template("preview/scenario.html", **frame, scenario=scenario, state=state, taken=taken,
                           rows=debrief_rows(state), points=reader.library.points)  # fmt: skip


def _render_questions(questions: Sequence[object], title: str, frame: dict[str, object]) -> str:
    return render_template(
        "preview/questions.html", **frame, questions=questions, title=title, shown_order=option_order
    )


def _replay_choices(scenario: Scenario, taken: Sequence[str]) -> RunState:
    """Where the choices in the address lead. Not found where one was not open there."""
    decisions: list[tuple[str, str]] = []
    state = run_state(scenario, decisions)
    for name in taken:
        if len(decisions) >= MAX_DECISIONS or state.scene is None or name not in {c.id for c in state.open_choices}:
            abort(404)
        decisions.append((state.scene.id, name))
        state = run_state(scenario, decisions)
    return state


def _next_address(reader: PreviewReader, module: Module, step_id: str) -> str:
    """The step after this one, or the outline after the last."""
    ids = [*(one.id for one in module.steps), CHECK]
    following = ids[ids.index(step_id) + 1 :] if step_id in ids else []
    outline = url_for("preview.module", pathway=reader.pathway, nation=reader.nation, module_id=module.id)
    return f"{outline}/{following[0]}" if following else outline
