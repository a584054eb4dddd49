"""The course as one pathway and one nation read it: other examples and scenarios, the same learning points.

None as a pathway or nation stands for a reader of whom nobody said it: nothing is left out for them.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.content.schema import NATIONS, SETTINGS, Module, Nation, Page, Scenario, Setting, Step


def page_variant(page: Page, pathway: Setting | None, nation: Nation | None) -> Page:
    """The page without what is meant for others. The same object when nothing on it is."""
    named = {"setting": pathway, "nation": nation}
    kept = tuple(block for block in page.blocks if not named.get(block.kind) or named[block.kind] in block.audience)
    # Made anew and not copied: a copy would take the version along, which stands for other words.
    return page if len(kept) == len(page.blocks) else Page.model_construct(**{**dict(page), "blocks": kept})


def page_variants(page: Page) -> Iterator[Page]:
    """Every form in which somebody may see the page, each once."""
    seen = set()
    settings = [None, *SETTINGS] if any(block.kind == "setting" for block in page.blocks) else [None]
    nations = [None, *NATIONS] if any(block.kind == "nation" for block in page.blocks) else [None]
    for setting in settings:
        for nation in nations:
            found = page_variant(page, setting, nation)
            if found.version not in seen:
                seen.add(found.version)
                yield found


def nearest_scenario(scenarios: list[Scenario], pathway: Setting | None) -> Scenario:
    """The scenario from somebody's own work, else the first that comes close to it, else the first."""
    own = [scenario for scenario in scenarios if pathway in scenario.settings]
    close = [scenario for scenario in scenarios if pathway in scenario.near]
    return [*own, *close, *scenarios][0]


def module_variant(module: Module, pathway: Setting | None, nation: Nation | None) -> Module:
    """The module with the pages, the scenarios and the steps of one pathway and nation."""
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
    return module.model_copy(update={"pages": pages, "steps": tuple(steps)})


def _nearest_step(module: Module, step: Step, pathway: Setting | None) -> Step:
    ids = (step.id, *step.others)
    chosen = nearest_scenario([module.scenarios[name] for name in ids], pathway)
    others = tuple(name for name in ids if name != chosen.id)
    return step.model_copy(update={"id": chosen.id, "title": chosen.title, "others": others})
