"""Coverage checks: each pathway and nation on each page, and enough questions on each learning point."""

from __future__ import annotations

from collections.abc import Iterator

from course.content.guessers import guesser_problems
from course.content.quality import (
    MAX_MEDIAN_SENTENCE,
    asked_count,
    item_writing_flaw,
    page_reading_ease,
    question_form_counts,
)
from course.content.reading_context import ReadingContext
from course.content.schema import NATIONS, SETTINGS, Module
from course.content.variants import module_variant, nearest_scenario, page_variant
from course.content.yaml_source import Problem


def coverage_problems(reading: ReadingContext) -> Iterator[Problem]:
    """The gaps in the content, by pathway, by nation and by learning point."""
    for module in reading.modules:
        yield from _point_problems(reading, module)
        yield from _pathway_problems(reading, module)
        yield from _page_problems(reading, module)
        yield from _discussion_problems(reading, module)
    yield from _own_setting_problems(reading)
    yield from _question_bank_problems(reading)
    yield from _item_problems(reading)
    for number, row in enumerate(reading.further):
        sources = {source.id for source in reading.sources}
        if row.source is not None and row.source not in sources:
            place = reading.place("further", row.id)
            yield place.problem(f"unknown source '{row.source}'", number)


def _point_problems(reading: ReadingContext, module: Module) -> Iterator[Problem]:
    """Points that no page for everybody teaches, that no question assesses, or that a pathway does not practise."""
    place = reading.place("module", module.id)
    taught = {p for page in module.pages.values() if not page.pathways for p in page.teaches}
    assessed = {p for q in module.questions for p in q.points}
    for point in module.points:
        for requirement, points in (
            ("taught by a page that everybody reads", taught),
            ("assessed by a question", assessed),
        ):
            if point not in points:
                yield place.problem(f"the learning point '{point}' is not {requirement}", "points")
        missing = [name for name in SETTINGS if point not in _practised_points(module_variant(module, name, None))]
        if missing:
            who = "on any pathway" if len(missing) == len(SETTINGS) else f"on the pathway {', '.join(missing)}"
            yield place.problem(f"the learning point '{point}' is not practised {who}", "points")


def _practised_points(module: Module) -> set[str]:
    steps = {step.id for step in module.steps}
    points = {p for t in module.timelines.values() if t.id in steps for p in t.points}
    return points | {p for s in module.scenarios.values() if s.id in steps for scene in s.scenes for p in scene.points}


def _pathway_problems(reading: ReadingContext, module: Module) -> Iterator[Problem]:
    for number, step in enumerate(module.steps):
        if not step.others:
            continue
        scenarios = [module.scenarios[name] for name in (step.id, *step.others)]
        for pathway in SETTINGS:
            chosen = nearest_scenario(scenarios, pathway)
            if pathway not in (*chosen.settings, *chosen.near):
                place = reading.place("module", module.id)
                message = f"no scenario here is from the work of the pathway '{pathway}', or near it"
                yield place.problem(message, "steps", number)


def _page_problems(reading: ReadingContext, module: Module) -> Iterator[Problem]:
    for page in module.pages.values():
        place = reading.place("page", module.id, page.id)
        for kind, readers in (("setting", page.pathways or tuple(SETTINGS)), ("nation", tuple(NATIONS))):
            blocks = [block for block in page.blocks if block.kind == kind]
            addressed = {name for block in blocks for name in block.audience}
            for name in readers if blocks else ():
                if name not in addressed:
                    yield place.problem(f"the page has no '{kind}' block for '{name}'")
        fewest, most = reading.course.sentence_words if reading.course else (1, MAX_MEDIAN_SENTENCE)
        for name in page.pathways or SETTINGS:
            ease = page_reading_ease(page_variant(page, name, "england"))
            if not fewest <= ease.median_sentence <= most:
                yield place.problem(
                    f"half of its sentences have more than {ease.median_sentence:.0f} words, half have fewer; keep "
                    f"between {fewest} and {most}"
                )
                break


def _discussion_problems(reading: ReadingContext, module: Module) -> Iterator[Problem]:
    sheet = reading.discussions.get(module.id)
    if sheet and sheet.scenario not in module.scenarios:
        place = reading.place("discussion", module.id)
        yield place.problem(f"the scenario '{sheet.scenario}' does not exist", "scenario")


def _own_setting_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Pathways that find scenarios of their own work, and not only near ones, in too few modules (`own_setting_modules`)."""
    if reading.course is None:
        return
    for pathway in SETTINGS:
        own = sum(any(pathway in s.settings for s in module.scenarios.values()) for module in reading.modules)
        if own < reading.course.own_setting_modules:
            message = f"the pathway '{pathway}' finds its own work in {own} modules; course.yaml asks for "
            yield reading.place("course").problem(
                f"{message}{reading.course.own_setting_modules}", "own_setting_modules"
            )


def _question_bank_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Points that belong to no module, or have too few questions or forms of question."""
    if reading.course is None:
        return
    taught = {point for module in reading.modules for point in module.points}
    variants: dict[str, list[Module]] = {
        pathway: [module_variant(module, pathway, None) for module in reading.modules] for pathway in SETTINGS
    }
    rules = reading.course
    for point in reading.points:
        place = reading.place("point", point.id)
        if point.id not in taught:
            yield place.problem(f"the learning point '{point.id}' belongs to no module")
            continue
        required = rules.questions_per_critical_point if point.safety_critical else rules.questions_per_point
        forms = {pathway: question_form_counts(point.id, modules) for pathway, modules in variants.items()}
        few = {pathway: asked_count(counts) for pathway, counts in forms.items() if asked_count(counts) < required}
        if few:
            has = " and ".join(
                f"{count} questions{_on_pathways([name for name, asked in few.items() if asked == count])}"
                for count in sorted(set(few.values()))
            )
            yield place.problem(f"the learning point '{point.id}' has {has}; it needs {required}")
        plain = [name for name, counts in forms.items() if sum(map(bool, counts.values())) < rules.forms_per_point]
        if plain:
            yield place.problem(
                f"the learning point '{point.id}' needs {rules.forms_per_point} forms of question{_on_pathways(plain)}"
            )


def _on_pathways(pathways: list[str]) -> str:
    """Where a gap is, as the end of a phrase: nothing for a gap on all pathways."""
    if len(pathways) == len(SETTINGS):
        return ""
    return f" on the pathway{'s' if len(pathways) > 1 else ''} {', '.join(pathways)}"


def _item_problems(reading: ReadingContext) -> Iterator[Problem]:
    """Questions in which the surface of an option gives away whether it is right."""
    for question in [question for module in reading.modules for question in module.questions]:
        message = item_writing_flaw(question)
        if message:
            yield reading.place("question", question.id).problem(f"{message} ('{question.id}')", "options")


def guessability_problems(reading: ReadingContext) -> Iterator[Problem]:
    """What guessers do too well over all questions and scenes. It takes a third of a second, so it is no part of the checks at
    start: `flask content check` and a test over the real content ask for it."""
    for module_id, problem in guesser_problems(reading.modules):
        if module_id is None:
            yield reading.place("course").problem(problem)
        else:
            yield reading.place("module", module_id).problem(problem, "points")
