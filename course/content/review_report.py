"""Reports for reviewers of the content: the coverage of each learning point, and the whole question bank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course.content.library import Library
from course.content.schema import Module, Question, Source

FORM_NAMES = {
    "one": "one-best",
    "all": "all-that-apply",
    "order": "put-in-order",
    "sort": "sort-into-groups",
    "first-words": "first-words",
    "record": "record",
    "timeline": "missed-opportunities",
}


def coverage(library: Library) -> list[dict[str, Any]]:
    """One object for each learning point: `id`, and the places where it is `taught`, `practised`, `assessed`."""
    rows: dict[str, dict[str, Any]] = {
        point: {"id": point, "taught": [], "practised": [], "assessed": []} for point in library.points
    }
    for module in library.modules.values():
        for page in module.pages.values():
            for point in page.teaches:
                rows[point]["taught"].append(f"{module.id}/{page.id}")
        for scenario in module.scenarios.values():
            for scene in scenario.scenes:
                for point in scene.points:
                    rows[point]["practised"].append(f"{module.id}/{scenario.id}#{scene.id}")
        for timeline in module.timelines.values():
            for point in timeline.points:
                rows[point]["practised"].append(f"{module.id}/{timeline.id}")
        for question in module.questions:
            for point in question.points:
                rows[point]["assessed"].append(question.id)
    return list(rows.values())


@dataclass(frozen=True)
class ModuleCoverage:
    """A module, its points with the places of `coverage`, and how many of them are taught, practised and assessed."""

    module: Module
    rows: tuple[dict[str, Any], ...]

    def count(self, kind: str) -> int:
        return sum(bool(row[kind]) for row in self.rows)


def module_coverage(library: Library) -> list[ModuleCoverage]:
    """The coverage of each module's points, by module in the order of the course."""
    rows = {row["id"]: row for row in coverage(library)}
    return [
        ModuleCoverage(module, tuple(rows[point] for point in module.points)) for module in library.modules.values()
    ]


def newer_facts_by_point(library: Library) -> dict[str, list[Source]]:
    """For each learning point the newer facts on the pages that teach it."""
    facts: dict[str, dict[str, Source]] = {point: {} for point in library.points}
    for module in library.modules.values():
        for page in module.pages.values():
            cited = {source.id: source for block in page.blocks for source in block.cited}
            for point in set(page.teaches) & set(module.points):
                facts[point] |= cited
    return {point: list(sources.values()) for point, sources in facts.items()}


def sources_by_module(library: Library) -> list[tuple[Module | None, list[Source]]]:
    """The sources of what is taught, each under the first module whose pages cite it, in the order of the course; those that
    no page cites stand under None, at the end."""
    left = {source.id: source for source in library.sources.values() if source.status != "open"}
    groups: list[tuple[Module | None, list[Source]]] = []
    for module in library.modules.values():
        cited = [source.id for page in module.pages.values() for block in page.blocks for source in block.cited]
        groups.append((module, [left.pop(one) for one in cited if one in left]))
    groups.append((None, list(left.values())))
    return [(module, sources) for module, sources in groups if sources]


def question_bank(library: Library) -> list[dict[str, Any]]:
    """Every question as plain data. `correct` is true or false; for put-in-order it is the position
    (from 1), for sort-into-groups the name of the group. `settings` are the pathways in whose work it plays, where that
    is not anybody's. Where an answer is put together from parts, there may be an `intro`, and
    an option has its `part` and what it `does`."""
    return [_question_entry(library, question) for question in library.answerable.values()]


def _question_entry(library: Library, question: Question) -> dict[str, Any]:
    def right(number: int) -> Any:
        option = question.options[number]
        return {"order": number + 1, "sort": option.group}.get(question.form, option.correct)

    return {
        "id": question.id,
        "form": FORM_NAMES[question.form],
        **({"intro": str(question.intro)} if question.has_parts and question.intro else {}),
        "stem": str(question.stem),
        "options": [
            {
                "text": f"{o.date}: {o.text}" if o.date else str(o.text),
                "correct": right(n),
                "reason": str(o.reason),
                **({"part": o.group, "does": o.does} if question.has_parts else {}),
            }
            for n, o in enumerate(question.options)
        ],
        "points": list(question.points),
        "critical": library.is_critical(question),
        **({"settings": list(question.settings)} if question.settings else {}),
    }
