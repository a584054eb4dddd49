"""Which reminder is due for somebody on a day, and when it may leave. Derived from the standing: a job that did not
run for weeks sends the step of today and nothing that has gone stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from course.refreshers.rules.answer import Standing
from course.refreshers.rules.dates import add_days, count
from course.refreshers.rules.standing import NOT_REQUIRED, PAUSED

BEFORE = (60, 30, 14, 7, 1)  # days before the due day
EVERY = 7  # days between reminders after it
OPENS, CLOSES = time(8), time(18)  # when mail may leave, on working days


@dataclass(frozen=True)
class Reminder:
    """One step of the ladder: `name` is the same for everybody who stands on it, `why` says in words why it is sent."""

    name: str
    why: str


def reminder(now: Standing) -> Reminder | None:
    """The step on which the person stands today; None if there is nothing to remind of.

    Before the due day the nearest step that has been reached, but none whose day lies before the cycle itself:
    who has just been invited or imported is not reminded at once. After it one a week. Nobody who is away, or
    who does not need the course, is reminded.
    """
    if now.due is None or now.state in (NOT_REQUIRED, PAUSED):
        return None
    left = (now.due - now.on).days
    if left < 0:
        week = (-left - 1) // EVERY
        return Reminder(f"overdue {week}", f"It was due {count(-left, 'day')} ago.")
    reached = [days for days in BEFORE if left <= days and (now.cycle is None or add_days(now.due, -days) > now.cycle)]
    if not reached:
        return None
    return Reminder(
        f"before {min(reached)}", "It is due today." if left == 0 else f"It is due in {count(left, 'day')}."
    )


def key(person_id: int, now: Standing, step: Reminder) -> str:
    """Names the reminder, so that it is queued once: the person, the cycle, its due day, the step."""
    return f"reminder:{person_id}:{now.cycle}:{now.due}:{step.name}"


def may_leave(at: datetime, zone: str) -> datetime:
    """The first moment from `at` on that is within working hours on a working day of the zone."""
    local = at.astimezone(ZoneInfo(zone))
    day: date = local.date()
    if local.time() >= CLOSES:
        day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    if day == local.date() and local.time() >= OPENS:
        return at
    return datetime.combine(day, OPENS, ZoneInfo(zone)).astimezone(at.tzinfo)
