"""A cache, in this process, of counts of the answers before last Monday.

The counts do not change until the next Monday, and a million answers take seconds to count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar, cast

from flask import current_app
from sqlalchemy.orm import Session

from course.analytics.rules.release_schedule import ReleaseSchedule
from course.analytics.rules.suppression import monday_of
from course.analytics.team_findings import release_schedule_until

EXTENSION_KEY = "course.analytics"
MAX_CACHED_COUNTS = 50
T = TypeVar("T")


@dataclass
class _WeeklyCounts:
    """The counts of answers before a Monday."""

    monday: date
    schedule: ReleaseSchedule | None = None
    counts: dict[Hashable, object] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _weekly_counts(today: date) -> _WeeklyCounts:
    week: _WeeklyCounts | None = current_app.extensions.get(EXTENSION_KEY)
    if week is None or week.monday != monday_of(today):
        week = current_app.extensions[EXTENSION_KEY] = _WeeklyCounts(monday_of(today))
    return week


def cached_release_schedule(session: Session, today: date, zone: str) -> ReleaseSchedule:
    """Which figures of each group are published when."""
    week = _weekly_counts(today)
    with week.lock:
        if week.schedule is None:
            week.schedule = release_schedule_until(session, today, zone)
        return week.schedule


def cached_count(today: date, key: Hashable, count: Callable[[], T]) -> T:
    """The cached result of `count` under this key; computed now if it is not there."""
    counts = _weekly_counts(today).counts
    if key not in counts:
        if len(counts) >= MAX_CACHED_COUNTS:
            counts.clear()
        counts[key] = count()
    return cast("T", counts[key])
