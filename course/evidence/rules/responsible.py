"""Who was responsible on the day of a pack, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from course.evidence.rules.tables import PackTable


@dataclass(frozen=True)
class ResponsiblePerson:
    """Somebody who was responsible on the day, and for what. `confirmed_on` is the day on which a safeguarding contact was
    last confirmed; None for whoever has a role in the course."""

    responsibility: str
    name: str
    confirmed_on: date | None = None


def responsible_table(people: Iterable[ResponsiblePerson]) -> PackTable:
    headings: list[object] = ["Responsible for", "Name", "Confirmed on"]
    return [headings] + [[person.responsibility, person.name, person.confirmed_on] for person in people]
