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

from course.analytics.rules.release_schedule import Timeline
from course.analytics.rules.suppression import monday_of
from course.analytics.team_findings import timeline_until

KEY = "course.analytics"
MOST_KEPT = 50
T = TypeVar("T")


@dataclass
class _Kept:
    """Of the Monday `of`."""

    of: date
    timeline: Timeline | None = None
    counts: dict[Hashable, object] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _here(today: date) -> _Kept:
    found: _Kept | None = current_app.extensions.get(KEY)
    if found is None or found.of != monday_of(today):
        found = current_app.extensions[KEY] = _Kept(monday_of(today))
    return found


def timeline_here(session: Session, today: date, zone: str) -> Timeline:
    """What is told of each group when."""
    here = _here(today)
    with here.lock:
        if here.timeline is None:
            here.timeline = timeline_until(session, today, zone)
        return here.timeline


def kept(today: date, what: Hashable, count: Callable[[], T]) -> T:
    """What was counted, or is counted now."""
    counts = _here(today).counts
    if what not in counts:
        if len(counts) >= MOST_KEPT:
            counts.clear()
        counts[what] = count()
    return cast("T", counts[what])
