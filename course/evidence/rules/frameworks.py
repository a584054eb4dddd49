"""What the course covers under the headings of inspection frameworks, as a table; the kinds of sources in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from course.content.frameworks import Framework, FrameworkHeading, SourceKind
from course.content.schema import NATIONS, LearningPoint, Module, Source
from course.evidence.rules.tables import PackTable
from course.recertification.rules.civil_dates import long_date

SOURCE_KINDS: dict[SourceKind, str] = {
    "law": "Law and official guidance",
    "official": "Public bodies and national services about their own work",
    "research": "Research",
    "history": "History: the briefing of 2014 and the editions after it",
}


def modules_of_heading(heading: FrameworkHeading, modules: Iterable[Module]) -> list[Module]:
    """The modules that teach what stands under a heading, in the order of the course."""
    return [module for module in modules if not set(heading.points).isdisjoint(module.points)]


def sighting_text(framework: Framework, source: Source) -> str:
    """Where and when the headings were seen, in a sentence."""
    where = "on a page of the body itself" if framework.seen == "own-page" else "in a copy that someone else shows"
    return f"Headings seen on {long_date(source.checked)} {where}: {source.title} ({source.publisher}, {source.date})."


def frameworks_table(
    frameworks: Iterable[Framework], sources: Mapping[str, Source], points: Mapping[str, LearningPoint],
    modules: Iterable[Module],
) -> PackTable:  # fmt: skip
    """A row for each heading, also for those of which nothing is covered."""
    rows: PackTable = [
        ["Nation", "Framework", "Body", "For", "Heading", "Covered", "What the course covers", "Learning points", "Modules",
         "Source", "Publisher", "Of", "Checked", "State", "Seen", "Note", "Address"],
    ]  # fmt: skip
    taught = list(modules)
    for framework in frameworks:
        source = sources[framework.source]
        start: list[object] = [NATIONS[framework.nation], framework.name, framework.body, framework.applies_to]
        end: list[object] = [
            source.title, source.publisher, source.date, source.checked, source.status, framework.seen,
            framework.note or "", source.address or "",
        ]  # fmt: skip
        rows += [
            [*start, heading.title, "Yes", heading.covers, "; ".join(points[point].title for point in heading.points),
             "; ".join(module.title for module in modules_of_heading(heading, taught)), *end]
            for heading in framework.headings
        ]  # fmt: skip
        rows += [[*start, title, "No", "", "", "", *end] for title in framework.not_covered]
    return rows
