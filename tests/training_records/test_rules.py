"""Whom a manager can remind, and in which role somebody looked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from course.recertification.rules import Completion, Employment, Facts, Pause, Policy, Requirement, standing
from course.training_records.rules import Held, held_at, why_not

FIRST = date(2026, 1, 5)
POLICY = [Policy(since=date(2025, 1, 1))]
NEW = Facts(employments=(Employment(FIRST, None, FIRST),), requirements=(Requirement(FIRST, None, "working here"),))
DONE = Completion(date(2026, 1, 20), None, "initial")
AWAY = Pause(date(2026, 1, 10), None, 14, "long leave", date(2026, 1, 10))


@pytest.mark.parametrize(
    ("facts", "day", "dead", "already", "words"),
    [
        (NEW, date(2026, 1, 8), False, False, ""),
        (NEW, date(2026, 6, 1), False, False, ""),
        (NEW, date(2026, 6, 1), True, False, "address takes no mail"),
        (NEW, date(2026, 6, 1), False, True, "They have a reminder on 1 June 2026 already."),
        (NEW, date(2026, 1, 1), False, False, "not required"),
        (Facts(NEW.employments, NEW.requirements, (DONE,)), date(2026, 2, 1), False, False, "up to date"),
        (Facts(NEW.employments, NEW.requirements, (), (), (AWAY,)), date(2026, 6, 1), True, False, "on leave"),
    ],
)
def test_why_somebody_cannot_be_reminded(facts: Facts, day: date, dead: bool, already: bool, words: str) -> None:
    found = why_not(standing(facts, POLICY, day), dead, already)
    assert words in found
    assert bool(words) == bool(found)


def test_a_role_is_told_as_it_was_at_that_moment() -> None:
    def at(month: int, day: int) -> datetime:
        return datetime(2026, month, day, 9, tzinfo=UTC)

    rights = [
        Held("Administrator", at(1, 1), at(3, 1)),
        Held("Manager of Staff", at(2, 1), None),
        Held("Deputy of Priya Nair", at(4, 1), None, date(2026, 4, 2)),
    ]
    told = {
        moment: held_at(rights, moment, moment.date()) for moment in (at(1, 5), at(2, 5), at(3, 1), at(4, 2), at(4, 3))
    }
    assert list(told.values()) == [
        ("Administrator",),
        ("Administrator", "Manager of Staff"),
        ("Manager of Staff",),
        ("Manager of Staff", "Deputy of Priya Nair"),
        ("Manager of Staff",),
    ]
