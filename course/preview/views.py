"""The preview of the course for any pathway, nation and language. No page takes a POST, so that nothing can be recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from course.content.lesson_source import LESSON_PATH
from course.content.library import Library
from course.content.loaded_course import library as whole_library
from course.content.rendering import showing_gaps
from course.content.schema import NATIONS, SETTINGS, Module, Nation, Question, Scenario, Setting
from course.content.schema_base import FrozenModel
from course.content.text_fields import untranslated_texts
from course.learning.rules.branching import RunState, run_state
from course.learning.rules.debrief import debrief_rows
from course.learning.rules.grading import option_order
from course.learning.rules.progress import CHECK
from course.organisation.request_organisation import current_organisation
from course.preview.rules import ending_previews
from course.translation import SOURCE_LANGUAGE, language_name
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.addresses import url_for

pages = Blueprint("preview", __name__)
_NOT_SHOWN = frozenset({"cited", "changes"})  # texts of a page that stand elsewhere
_LESSON_LINK = re.compile(rf'href="{LESSON_PATH}([a-z0-9-]+)/([a-z0-9-]+)')
MAX_DECISIONS = 60  # far more than any scenario has; a longer query string is refused


@dataclass(frozen=True)
class PreviewReader:
    """The pathway, nation and language of a preview, with their variant of the course and the paths of its pages.

    `language` is in the address only if it is not English.
    """

    pathway: Setting
    nation: Nation
    library: Library
    language: str = SOURCE_LANGUAGE

    @property
    def language_name(self) -> str:
        """The name of the language in the language itself."""
        return language_name(self.language)

    @property
    def outline_path(self) -> str:
        """The path of the list of modules."""
        return url_for("preview.modules", pathway=self.pathway, nation=self.nation, language=self.language)

    def module_path(self, module_id: str) -> str:
        return url_for(
            "preview.module", pathway=self.pathway, nation=self.nation, language=self.language, module_id=module_id
        )

    def step_path(self, module_id: str, step_id: str, **values: str) -> str:
        """The path of a step of a module; `values` become its query string or, as `_anchor`, its fragment."""
        return url_for(
            "preview.step",
            pathway=self.pathway,
            nation=self.nation,
            language=self.language,
            module_id=module_id,
            step_id=step_id,
            **values,
        )

    def rewrite_links(self, html: str) -> Markup:
        """Rendered HTML of the course with its links to lesson pages changed to preview pages."""
        changed = _LESSON_LINK.sub(lambda link: f'href="{self.step_path(link[1], link[2])}', str(html))
        return Markup(changed)  # noqa: S704 (the course's own)


def _reader_or_404(pathway: str, nation: str, language: str) -> PreviewReader:
    """The reader of an address; 404 if there is no such pathway, nation or translation."""
    g.here = "organisation"
    if language not in _languages():
        abort(404)
    for setting in SETTINGS:
        for country in NATIONS:
            if (setting, country) == (pathway, nation):
                library = whole_library().in_language(language).for_(setting, country)
                return PreviewReader(setting, country, library, language)
    return abort(404)


def _languages() -> dict[str, str]:
    """The languages in which there is anything of the course, with their names: English first."""
    english = whole_library().in_language(SOURCE_LANGUAGE)
    return {language: language_name(language) for language in (SOURCE_LANGUAGE, *english.translations)}


def _render(template: str, reader: PreviewReader, shown: Iterable[FrozenModel], **page_values: Any) -> str:
    """Render a page of the preview. In a translation it marks what is still in English, and counts it in `shown`."""
    if reader.language == SOURCE_LANGUAGE:
        return render_template(template, reader=reader, gaps=0, **page_values)
    with showing_gaps(reader.language):
        gaps = sum(untranslated_texts(content, reader.language, _NOT_SHOWN) for content in shown)
        return render_template(template, reader=reader, gaps=gaps, **page_values)


def _module_or_404(reader: PreviewReader, module_id: str) -> Module:
    return reader.library.modules.get(module_id) or abort(404)


@pages.get("")
@requires_permission(Permission.MANAGE_ORGANISATION)
def choose() -> str | Response:
    """Show the choice of pathway, nation and language, or redirect to their preview."""
    g.here = "organisation"
    if "pathway" in request.args:
        language = request.args.get("language", SOURCE_LANGUAGE)
        reader = _reader_or_404(request.args["pathway"], request.args.get("nation", ""), language)
        return redirect(reader.outline_path, 303)
    organisation = current_organisation()
    return render_template(
        "preview/choose.html", pathways=SETTINGS, nations=NATIONS, languages=_languages(), ours=organisation
    )


@pages.get("/<pathway>/<nation>", defaults={"language": SOURCE_LANGUAGE})
@pages.get("/in/<language>/<pathway>/<nation>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def modules(pathway: str, nation: str, language: str) -> str:
    """List the modules of a pathway."""
    reader = _reader_or_404(pathway, nation, language)
    return _render("preview/modules.html", reader, [reader.library.course, *reader.library.modules.values()])


@pages.get("/<pathway>/<nation>/<module_id>", defaults={"language": SOURCE_LANGUAGE})
@pages.get("/in/<language>/<pathway>/<nation>/<module_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def module(pathway: str, nation: str, module_id: str, language: str) -> str:
    """List the steps of a module, and the scenarios of other pathways."""
    reader = _reader_or_404(pathway, nation, language)
    found = _module_or_404(reader, module_id)
    others = [found.scenarios[name] for step in found.steps for name in step.others]
    return _render("preview/module.html", reader, [found], module=found, others=others, check=CHECK)


@pages.get("/<pathway>/<nation>/<module_id>/<step_id>", defaults={"language": SOURCE_LANGUAGE})
@pages.get("/in/<language>/<pathway>/<nation>/<module_id>/<step_id>")
@requires_permission(Permission.MANAGE_ORGANISATION)
def step(pathway: str, nation: str, module_id: str, step_id: str, language: str) -> str:
    """Show a page, a scenario (its decisions are in the query string), a timeline, or the module's questions."""
    reader = _reader_or_404(pathway, nation, language)
    found = _module_or_404(reader, module_id)
    page_values = {"module": found, "step_id": step_id, "onward": _next_address(reader, found, step_id)}
    if step_id == CHECK:
        return _render_questions(reader, found.questions, _("Check what you know"), page_values)
    found_step = found.step(step_id) or abort(404)
    if found_step.kind == "page":
        organisation = current_organisation()
        page = found.pages[step_id]
        return _render("preview/page.html", reader, [page], **page_values, page=page, library=reader.library,
                       organisation=replace(organisation, nation=reader.nation) if organisation else None)  # fmt: skip
    if found_step.kind == "timeline":
        timeline = found.timelines[step_id]
        return _render_questions(reader, (timeline,), timeline.title or found_step.title, page_values)
    scenario = found.scenarios[step_id]
    taken = [name for name in request.args.get("way", "").split(".") if name]
    state = _replay_choices(scenario, taken)
    return _render("preview/scenario.html", reader, [scenario], **page_values, scenario=scenario, state=state, taken=taken,
                   rows=debrief_rows(state, scenario),
                   endings=ending_previews(scenario) if state.ending else [])  # fmt: skip


def _render_questions(
    reader: PreviewReader, questions: Sequence[Question], title: str, page_values: dict[str, object]
) -> str:
    return _render("preview/questions.html", reader, questions, **page_values, questions=questions, title=title,
                   shown_order=option_order)  # fmt: skip


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
