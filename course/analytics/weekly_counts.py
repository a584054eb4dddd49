"""What was counted of the answers until last Monday, kept in this process: until the next one these do not change, and a
million of them take seconds to count."""

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
    """Of the Monday `of`."""

    of: date
    timeline: ReleaseSchedule | None = None
    counts: dict[Hashable, object] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _weekly_counts(today: date) -> _WeeklyCounts:
    found: _WeeklyCounts | None = current_app.extensions.get(EXTENSION_KEY)
    if found is None or found.of != monday_of(today):
        found = current_app.extensions[EXTENSION_KEY] = _WeeklyCounts(monday_of(today))
    return found


def cached_release_schedule(session: Session, today: date, zone: str) -> ReleaseSchedule:
    """What is told of each group when."""
    here = _weekly_counts(today)
    with here.lock:
        if here.timeline is None:
            here.timeline = release_schedule_until(session, today, zone)
        return here.timeline


def cached_count(today: date, what: Hashable, count: Callable[[], T]) -> T:
    """What was counted, or is counted now."""
    counts = _weekly_counts(today).counts
    if what not in counts:
        if len(counts) >= MAX_CACHED_COUNTS:
            counts.clear()
        counts[what] = count()
    return cast("T", counts[what])
