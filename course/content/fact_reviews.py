"""Which facts are due to be looked at again, by whom and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.content.schema import Course, Source
from course.dates import add_months


@dataclass(frozen=True)
class FactReview:
    """A fact, the day by which somebody must look at it again, and who that is."""

    source: Source
    by: date
    owner: str

    def late(self, today: date) -> bool:
        return self.by < today


def next_review(source: Source, course: Course) -> FactReview:
    """By default so many months after it was last checked (course.yaml, `facts_months`), by whoever keeps
    the course; a source may name its own day and its own owner. An open fact is due at once."""
    by = source.check_by or add_months(source.checked, course.facts_months)
    if source.status == "open":
        by = source.checked
    return FactReview(source, by, source.owner or course.facts_owner)


def review_schedule(sources: dict[str, Source], course: Course) -> list[FactReview]:
    """Every fact, the one that is due first at the top."""
    return sorted((next_review(source, course) for source in sources.values()), key=lambda d: (d.by, d.source.id))


def reviews_by_status(sources: dict[str, Source], course: Course) -> tuple[list[FactReview], list[FactReview]]:
    """The facts that are taught, and those that nobody could confirm and that are therefore not taught.
    Only one that is taught can be late: the others wait for somebody to find out."""
    found = review_schedule(sources, course)
    return [one for one in found if one.source.status != "open"], [one for one in found if one.source.status == "open"]
