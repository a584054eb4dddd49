"""The ladder of one person: the steps with their days, the one they stand on, and the next.

A step before the due day whose day is no working day comes on the last working day before it, so that nobody hears
too late; one after the due day comes on the next working day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count as numbers

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import add_days, long_date, pluralise
from course.reminders.rules.business_days import SendingHours


@dataclass(frozen=True)
class ReminderStep:
    """`name` is the same for everybody who stands on it, `day` the one on which it comes, `why` the reason."""

    name: str
    day: date
    why: str


@dataclass(frozen=True)
class ReminderStatus:
    """The step that somebody stands on today, or in `quiet` why there is none; and the one that comes next."""

    step: ReminderStep | None
    quiet: str
    next: ReminderStep | None


def reminder_steps(due: date, opens: date | None, hours: SendingHours) -> Iterator[ReminderStep]:
    """All steps for a due day in their order, without end: after the due day there is always one more.

    Nobody is reminded before renewing would keep the date (`opens`): earlier steps move there, as one.
    """
    coming: dict[date, ReminderStep] = {}
    for days in hours.policy.before:
        day = hours.until_day(add_days(due, -days))
        if opens is not None and day < opens:
            day = hours.from_day(opens)
        if day <= due:
            # Of several on one day the nearest counts.
            coming[day] = ReminderStep(f"before {days}", day, _before_reason(days, due))
    yield from (coming[day] for day in sorted(coming))
    for number in numbers():
        days = 1 + number * hours.policy.every_days
        day = hours.from_day(add_days(due, days))
        # While it is closed several may fall on the next working day; the last of them counts.
        if hours.from_day(add_days(due, days + hours.policy.every_days)) > day:
            yield ReminderStep(f"after {days}", day, f"{pluralise(days, 'day')} after the due day, {long_date(due)}")


def _before_reason(days: int, due: date) -> str:
    return (
        f"{pluralise(days, 'day')} before the due day, {long_date(due)}" if days else f"the due day, {long_date(due)}"
    )


def reminder_status(now: CertificationStatus, added: date, hours: SendingHours) -> ReminderStatus:
    """Where somebody stands on the ladder on the day of their standing.

    `added` is the day on which they came here. Steps up to that day, or up to the day on which their present cycle
    began, do not count: who has just been invited or imported hears first of the next step. Nobody who is away, who
    does not need the course, or who could not yet renew is reminded.
    """
    if now.state == NOT_REQUIRED:
        return ReminderStatus(None, "The course is not required.", None)
    if now.due is None or now.state == PAUSED:
        return ReminderStatus(None, "Nobody is reminded during a leave.", None)
    begins = max(added, now.cycle) if now.cycle else added
    current, following = None, None
    for step in reminder_steps(now.due, now.window_opens, hours):
        if step.day <= begins:
            continue
        if step.day > now.on:
            following = step
            break
        current = step
    if now.state == UP_TO_DATE:
        return ReminderStatus(None, "Up to date, and the day is not near.", following)
    if current is not None:
        return ReminderStatus(current, "", following)
    if now.on <= begins:
        return ReminderStatus(None, "Added, or done, today: the first reminder comes later.", following)
    return ReminderStatus(None, "No step has been reached yet.", following)


def reminder_key(person_id: int, now: CertificationStatus, step: ReminderStep) -> str:
    """Names the reminder, so that it is queued once: the person, the cycle, its due day, the step."""
    return f"reminder:{person_id}:{now.cycle}:{now.due}:{step.name}"
