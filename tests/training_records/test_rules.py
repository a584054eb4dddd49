"""Which people a manager can remind, and the role in which a viewer looked at a record."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Pause,
    Policy,
    Requirement,
    certification_status,
)
from course.training_records.rules import ViewingRole, refusal_reason, roles_at

FIRST = date(2026, 1, 5)
POLICY = [Policy(since=date(2025, 1, 1))]
NEW = CertificationFacts(
    employments=(EmploymentFact(FIRST, None, FIRST),), requirements=(Requirement(FIRST, None, "working here"),)
)
DONE = CompletionFact(date(2026, 1, 20), None, "initial")
AWAY = Pause(date(2026, 1, 10), None, 14, "long leave", date(2026, 1, 10))


@pytest.mark.parametrize(
    ("facts", "day", "dead", "already", "words"),
    [
        (NEW, date(2026, 1, 8), False, False, ""),
        (NEW, date(2026, 6, 1), False, False, ""),
        (NEW, date(2026, 6, 1), True, False, "E-mails to their address fail"),
        (NEW, date(2026, 6, 1), False, True, "They already have a reminder on 1 June 2026."),
        (NEW, date(2026, 1, 1), False, False, "do not have to take the course"),
        (CertificationFacts(NEW.employments, NEW.requirements, (DONE,)), date(2026, 2, 1), False, False, "up to date"),
        (
            CertificationFacts(NEW.employments, NEW.requirements, (), (), (AWAY,)),
            date(2026, 6, 1),
            True,
            False,
            "on leave",
        ),
    ],
)
def test_the_reason_why_a_person_cannot_be_reminded(
    facts: CertificationFacts, day: date, dead: bool, already: bool, words: str
) -> None:
    found = refusal_reason(certification_status(facts, POLICY, day), dead, already)
    assert words in found
    assert bool(words) == bool(found)


def test_the_role_is_the_one_of_that_moment() -> None:
    def at(month: int, day: int) -> datetime:
        return datetime(2026, month, day, 9, tzinfo=UTC)

    rights = [
        ViewingRole("Administrator", at(1, 1), at(3, 1)),
        ViewingRole("Manager of Staff", at(2, 1), None),
        ViewingRole("Deputy of Priya Nair", at(4, 1), None, date(2026, 4, 2)),
    ]
    told = {
        moment: roles_at(rights, moment, moment.date()) for moment in (at(1, 5), at(2, 5), at(3, 1), at(4, 2), at(4, 3))
    }
    assert list(told.values()) == [
        ("Administrator",),
        ("Administrator", "Manager of Staff"),
        ("Manager of Staff",),
        ("Manager of Staff", "Deputy of Priya Nair"),
        ("Manager of Staff",),
    ]
