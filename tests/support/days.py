"""The day on which a test runs. It is asked for in the test, not when a file is read: a run may cross midnight."""

from __future__ import annotations

from datetime import date, timedelta

from course.clock import now
from course.dates import civil_date

ZONE = "Europe/London"


def this_day(later: int = 0) -> date:
    """The day in England, or the one so many days later; before it if `later` is negative."""
    return civil_date(now(), ZONE) + timedelta(days=later)


def form_day(later: int = 0) -> str:
    """The same, as a form has it."""
    return this_day(later).isoformat()
