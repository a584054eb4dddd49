"""People of a pack, without a database."""

from __future__ import annotations

from datetime import date, timedelta

from course.evidence.rules.tables import PackPerson, PersonRow
from course.recertification.rules.certification_status import NOT_REQUIRED, OVERDUE, UP_TO_DATE
from course.reports.rules import StatusLine

DAY = date(2026, 3, 1)


def pack_person(
    number: int, teams: tuple[int, ...] = (), state: str = UP_TO_DATE, details: PersonRow | None = None
) -> PackPerson:
    """A person of a pack of DAY. With a certificate unless they are overdue or need none; 10 days overdue if they are."""
    is_overdue = state == OVERDUE
    line = StatusLine(
        number, f"Person {number}", f"p{number}@example.org", teams, "school", None, state,
        DAY - timedelta(days=10) if is_overdue else None,
        None if state in (OVERDUE, NOT_REQUIRED) else DAY + timedelta(days=100),
        10 if is_overdue else 0, None, "whole", DAY,
    )  # fmt: skip
    return PackPerson(line, "", "School or college", "", details or PersonRow())
