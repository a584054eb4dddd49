"""The next day on which time alone may change a certification status, for whoever keeps derived statuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date

from course.recertification.rules.certification_status import StatusDetails
from course.recertification.rules.civil_dates import add_days
from course.recertification.rules.facts import CertificationFacts
from course.recertification.rules.policy import Policy


def next_change(facts: CertificationFacts, policies: Sequence[Policy], details: StatusDetails) -> date | None:
    """The first day after `details.on` on which the status may differ without any new fact; None if it never will.

    `facts` and `policies` are all of them, also those of later days. The day is early rather than late: nothing but
    `overdue_days` differs on any day before it, and nothing need differ on the day itself, from which the next day is
    then found. A status changes when a fact or a policy version begins, ends or becomes known, or when one of the dates
    that were derived passes; each of these dates is the first or the last day of something.
    """
    dates = {*_dates_of(facts), *(day for policy in policies for day in (policy.since, policy.governs_from))}
    dates |= _derived_dates(details)
    after = (change for day in dates if day < date.max for change in (day, add_days(day, 1)) if change > details.on)
    return min(after, default=None)


def _dates_of(facts: CertificationFacts) -> Iterator[date]:
    """Every date of every fact: an end of employment and of leave as well as the days on which they were recorded."""
    for kind in fields(facts):
        for fact in getattr(facts, kind.name):
            yield from (value for value in vars(fact).values() if isinstance(value, date))


def _derived_dates(details: StatusDetails) -> set[date]:
    days = {
        details.due.day,
        details.window_opens,
        details.due_soon_from,
        details.refresher_until,
        details.valid_until,
        details.progress_until,
        details.leading_cycle.due_date.day if details.leading_cycle else None,
    }
    return {day for day in days if day is not None}
