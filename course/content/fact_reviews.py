"""The schedule of fact reviews: which facts must be checked again, by whom and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from course.content.schema import Course, Source
from course.content.supplements import Help, HelpRoute, SupportService
from course.dates import add_months


@dataclass(frozen=True)
class FactReview:
    """A fact, the day by which it must be checked again, and the person who is responsible."""

    source: Source
    due_on: date
    owner: str

    def is_overdue(self, today: date) -> bool:
        return self.due_on < today


def next_review(source: Source, course: Course) -> FactReview:
    """The next review of a fact: by default `facts_months` (course.yaml) after the last check, by `facts_owner`.

    A source may name its own day and its own owner. An open fact is due at once.
    """
    due_on = source.check_by or add_months(source.checked, course.facts_months)
    if source.status == "open":
        due_on = source.checked
    return FactReview(source, due_on, source.owner or course.facts_owner)


def review_schedule(sources: dict[str, Source], course: Course) -> list[FactReview]:
    """The reviews of all facts, by due day, the earliest first."""
    return sorted(
        (next_review(source, course) for source in sources.values()),
        key=lambda review: (review.due_on, review.source.id),
    )


def reviews_by_status(sources: dict[str, Source], course: Course) -> tuple[list[FactReview], list[FactReview]]:
    """The reviews of facts that are taught, and of open ones, which nobody could confirm and which are not taught.

    Only a taught fact can be overdue: the open ones wait for somebody to confirm them.
    """
    reviews = review_schedule(sources, course)
    taught = [review for review in reviews if review.source.status != "open"]
    return taught, [review for review in reviews if review.source.status == "open"]


@dataclass(frozen=True)
class PrintedNumber:
    """A telephone number on the page "Worried about a child?", and the source that it rests on."""

    name: str
    phone: str
    source: Source

    @property
    def was_seen(self) -> bool:
        """Whether the number was seen on a page. One that was not has to be rung before anybody relies on it."""
        return self.source.status == "confirmed"


def printed_numbers(help_page: Help, sources: dict[str, Source]) -> list[PrintedNumber]:
    """The telephone numbers of help.yaml, first those that were seen on no page, then by their last check."""
    entries: list[HelpRoute | SupportService] = [*help_page.routes, *help_page.support]
    numbers = [PrintedNumber(entry.name, entry.phone, sources[entry.source]) for entry in entries if entry.phone]
    return sorted(numbers, key=lambda number: (number.was_seen, number.source.checked, number.name))
