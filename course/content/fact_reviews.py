"""Which facts are due to be looked at again, by whom and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.content.schema import Course, Source
from course.dates import months_later


@dataclass(frozen=True)
class Due:
    """A fact, the day by which somebody must look at it again, and who that is."""

    source: Source
    by: date
    owner: str

    def late(self, today: date) -> bool:
        return self.by < today


def due(source: Source, course: Course) -> Due:
    """By default so many months after it was last checked (course.yaml, `facts_months`), by whoever keeps
    the course; a source may name its own day and its own owner. An open fact is due at once."""
    by = source.check_by or months_later(source.checked, course.facts_months)
    if source.status == "open":
        by = source.checked
    return Due(source, by, source.owner or course.facts_owner)


def all_due(sources: dict[str, Source], course: Course) -> list[Due]:
    """Every fact, the one that is due first at the top."""
    return sorted((due(source, course) for source in sources.values()), key=lambda d: (d.by, d.source.id))


def by_use(sources: dict[str, Source], course: Course) -> tuple[list[Due], list[Due]]:
    """The facts that are taught, and those that nobody could confirm and that are therefore not taught.
    Only one that is taught can be late: the others wait for somebody to find out."""
    found = all_due(sources, course)
    return [one for one in found if one.source.status != "open"], [one for one in found if one.source.status == "open"]
