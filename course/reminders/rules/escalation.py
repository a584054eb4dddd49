"""The reminder steps of a person: all steps with their days, the current step, and the next one.

A step before the due date that falls on no business day moves to the business day before, so that nobody is reminded
too late; a step after the due date moves to the next business day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count as numbers

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import add_days, long_date
from course.reminders.rules.business_days import SendingHours
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext


@dataclass(frozen=True)
class ReminderStep:
    """A step: `name` is equal for everybody on it, `day` is the day of the reminder, `reason` the explanation."""

    name: str
    day: date
    reason: str


@dataclass(frozen=True)
class ReminderStatus:
    """The current step of a person, or in `silence_reason` why there is none; and the next step."""

    step: ReminderStep | None
    silence_reason: str
    next: ReminderStep | None


def reminder_steps(due: date, opens: date | None, hours: SendingHours) -> Iterator[ReminderStep]:
    """All steps for a due date in order, without end: after the due date there is always another one.

    Nobody is reminded before the recertification window opens (`opens`): earlier steps move to that day, as one.
    """
    steps_by_day: dict[date, ReminderStep] = {}
    for days in hours.policy.before:
        day = hours.previous_business_day(add_days(due, -days))
        if opens is not None and day < opens:
            day = hours.next_business_day(opens)
        if day <= due:
            # Of several steps on one day the one nearest to the due date remains.
            steps_by_day[day] = ReminderStep(f"before {days}", day, _before_reason(days, due))
    yield from (steps_by_day[day] for day in sorted(steps_by_day))
    for number in numbers():
        days = 1 + number * hours.policy.every_days
        day = hours.next_business_day(add_days(due, days))
        # During a closure several steps may fall on the next business day; the last of them remains.
        if hours.next_business_day(add_days(due, days + hours.policy.every_days)) > day:
            yield ReminderStep(f"after {days}", day, _after_reason(days, due))


def _before_reason(days: int, due: date) -> str:
    if not days:
        return _("the due day, %(due)s", due=long_date(due))
    return lazy_ngettext(
        "%(num)s day before the due day, %(due)s", "%(num)s days before the due day, %(due)s", days, due=long_date(due)
    )


def _after_reason(days: int, due: date) -> str:
    return lazy_ngettext(
        "%(num)s day after the due day, %(due)s", "%(num)s days after the due day, %(due)s", days, due=long_date(due)
    )


def step_reason(name: str, due: date) -> str | None:
    """The explanation of a step by its name, in the language of the moment; None for a name that no step has."""
    when, _space, days = name.partition(" ")
    if when not in ("before", "after") or not days.isdecimal():
        return None
    return (_before_reason if when == "before" else _after_reason)(int(days), due)


def reminder_status(status: CertificationStatus, joined_on: date, hours: SendingHours) -> ReminderStatus:
    """The current and the next reminder step of a person, on the day of the certification status.

    `joined_on` is the day on which the person was added. Steps up to that day, or up to the start of the current cycle,
    do not count: people who have just been invited or imported start with the next step. Nobody is reminded during a
    leave, without a requirement, or before the window opens.
    """
    if status.state == NOT_REQUIRED:
        return ReminderStatus(None, _("The course is not required."), None)
    if status.due is None or status.state == PAUSED:
        return ReminderStatus(None, _("There are no reminders during a leave."), None)
    first_day = max(joined_on, status.cycle) if status.cycle else joined_on
    current, next_step = None, None
    for step in reminder_steps(status.due, status.window_opens, hours):
        if step.day <= first_day:
            continue
        if step.day > status.on:
            next_step = step
            break
        current = step
    if status.state == UP_TO_DATE:
        return ReminderStatus(None, _("Up to date, and the day is not near."), next_step)
    if current is not None:
        return ReminderStatus(current, "", next_step)
    if status.on <= first_day:
        return ReminderStatus(None, _("Added, or done, today: the first reminder comes later."), next_step)
    return ReminderStatus(None, _("No step has been reached yet."), next_step)


def reminder_key(person_id: int, status: CertificationStatus, step: ReminderStep) -> str:
    """The key that makes a reminder unique: person, cycle, due date and step."""
    return f"reminder:{person_id}:{status.cycle}:{status.due}:{step.name}"
