"""Record in the log that certificates have expired: time alone makes no entry, and programs ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from course.api.queries.events import recorded_expiries
from course.api.rules.events import EXPIRED
from course.audit.actions import record_event
from course.context import Context
from course.db import lock_name


def record_expiries(context: Context, lapsed: Sequence[tuple[int, date]]) -> int:
    """Record each of these certificates as expired, each by person and last valid day, unless that was done before. Returns
    how many were recorded."""
    lock_name(context.session, EXPIRED)
    known = recorded_expiries(context.session, [person_id for person_id, _ in lapsed])
    new = [one for one in dict.fromkeys(lapsed) if one not in known]
    for person_id, last_day in new:
        record_event(context, EXPIRED, ("person", person_id), {"valid_until": last_day})
    return len(new)
