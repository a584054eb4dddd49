"""Variants of the course by pathway and nation: other examples and scenarios, the same learning points.

None as a pathway or nation means that it is unknown: nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.content.schema import NATIONS, SETTINGS, Module, Nation, Page, Question, Scenario, Setting, Step


def page_variant(page: Page, pathway: Setting | None, nation: Nation | None) -> Page:
    """The page without the blocks for other pathways and nations. The same object if there are none."""
    reader = {"setting": pathway, "nation": nation}
    blocks = tuple(block for block in page.blocks if not reader.get(block.kind) or reader[block.kind] in block.audience)
    if len(blocks) == len(page.blocks):
        return page
    # Constructed, not copied: a copy would take the cached version along, which belongs to another text.
    variant = Page.model_construct(**{**dict(page), "blocks": blocks})
    if page.original is not page:
        variant.translation_of(page_variant(page.original, pathway, nation))
    return variant


def page_variants(page: Page) -> Iterator[Page]:
    """Every variant of the page that a learner may see, each once."""
    seen = set()
    settings = [None, *SETTINGS] if any(block.kind == "setting" for block in page.blocks) else [None]
    nations = [None, *NATIONS] if any(block.kind == "nation" for block in page.blocks) else [None]
    for setting in settings:
        for nation in nations:
            variant = page_variant(page, setting, nation)
            if variant.version not in seen:
                seen.add(variant.version)
                yield variant


def nearest_scenario(scenarios: list[Scenario], pathway: Setting | None) -> Scenario:
    """The scenario of the pathway's own work, otherwise the first that is near to it, otherwise the first."""
    own = [scenario for scenario in scenarios if pathway in scenario.settings]
    close = [scenario for scenario in scenarios if pathway in scenario.near]
    return [*own, *close, *scenarios][0]


def module_variant(module: Module, pathway: Setting | None, nation: Nation | None) -> Module:
    """The module with the pages, the scenarios, the steps and the questions of one pathway and nation."""
    pages = {
        page.id: page_variant(page, pathway, nation)
        for page in module.pages.values()
        if not page.pathways or pathway in page.pathways
    }
    steps = []
    for step in module.steps:
        if step.kind == "page" and step.id not in pages:
            continue
        steps.append(_nearest_step(module, step, pathway) if step.others else step)
    questions = tuple(question for question in module.questions if plays_in(question, pathway))
    return module.model_copy(update={"pages": pages, "steps": tuple(steps), "questions": questions})


def plays_in(question: Question, pathway: Setting | None) -> bool:
    """Whether a question plays in the work of a pathway, so that people on it may be asked it."""
    return pathway is None or not question.settings or pathway in question.settings


def _nearest_step(module: Module, step: Step, pathway: Setting | None) -> Step:
    ids = (step.id, *step.others)
    chosen = nearest_scenario([module.scenarios[name] for name in ids], pathway)
    others = tuple(name for name in ids if name != chosen.id)
    return step.model_copy(update={"id": chosen.id, "title": chosen.title, "others": others})
