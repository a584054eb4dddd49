"""The ladder of one person: the steps with their days, the one they stand on, and the next.

A step before the due day whose day is no working day comes on the last working day before it, so that nobody hears
too late; one after the due day comes on the next working day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count as numbers

from course.recertification.rules import Standing
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import add_days, count, words
from course.reminders.rules.business_days import Hours


@dataclass(frozen=True)
class Step:
    """`name` is the same for everybody who stands on it, `day` the one on which it comes, `why` the reason."""

    name: str
    day: date
    why: str


@dataclass(frozen=True)
class Answer:
    """The step that somebody stands on today, or in `quiet` why there is none; and the one that comes next."""

    step: Step | None
    quiet: str
    next: Step | None


def ladder(due: date, opens: date | None, hours: Hours) -> Iterator[Step]:
    """All steps for a due day in their order, without end: after the due day there is always one more.

    Nobody is reminded before renewing would keep the date (`opens`): earlier steps move there, as one.
    """
    coming: dict[date, Step] = {}
    for days in hours.policy.before:
        day = hours.until_day(add_days(due, -days))
        if opens is not None and day < opens:
            day = hours.from_day(opens)
        if day <= due:
            # Of several on one day the nearest counts.
            coming[day] = Step(f"before {days}", day, _before(days, due))
    yield from (coming[day] for day in sorted(coming))
    for number in numbers():
        days = 1 + number * hours.policy.every_days
        day = hours.from_day(add_days(due, days))
        # While it is closed several may fall on the next working day; the last of them counts.
        if hours.from_day(add_days(due, days + hours.policy.every_days)) > day:
            yield Step(f"after {days}", day, f"{count(days, 'day')} after the due day, {words(due)}")


def _before(days: int, due: date) -> str:
    return f"{count(days, 'day')} before the due day, {words(due)}" if days else f"the due day, {words(due)}"


def answer(now: Standing, added: date, hours: Hours) -> Answer:
    """Where somebody stands on the ladder on the day of their standing.

    `added` is the day on which they came here. Steps up to that day, or up to the day on which their present cycle
    began, do not count: who has just been invited or imported hears first of the next step. Nobody who is away, who
    does not need the course, or who could not yet renew is reminded.
    """
    if now.state == NOT_REQUIRED:
        return Answer(None, "The course is not required.", None)
    if now.due is None or now.state == PAUSED:
        return Answer(None, "Nobody is reminded during a leave.", None)
    begins = max(added, now.cycle) if now.cycle else added
    current, following = None, None
    for step in ladder(now.due, now.window_opens, hours):
        if step.day <= begins:
            continue
        if step.day > now.on:
            following = step
            break
        current = step
    if now.state == UP_TO_DATE:
        return Answer(None, "Up to date, and the day is not near.", following)
    if current is not None:
        return Answer(current, "", following)
    if now.on <= begins:
        return Answer(None, "Added, or done, today: the first reminder comes later.", following)
    return Answer(None, "No step has been reached yet.", following)


def key(person_id: int, now: Standing, step: Step) -> str:
    """Names the reminder, so that it is queued once: the person, the cycle, its due day, the step."""
    return f"reminder:{person_id}:{now.cycle}:{now.due}:{step.name}"
