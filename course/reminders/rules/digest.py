"""The weekly summary for a manager or the safeguarding lead: counts, and names only of those who are overdue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.civil_dates import pluralise
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reminders.rules.business_days import SendingHours


@dataclass(frozen=True)
class OverduePerson:
    """Somebody whose due day has passed, and by how many days."""

    person_id: int
    name: str
    due: date
    days: int


@dataclass(frozen=True)
class Digest:
    """How many people are in which group of the report (in words, none without anybody), who is overdue, the longest
    first, and for how many the day comes within the longest step of the ladder, which is `within` days: in whichever
    group they are, so it is another number than that of the group "due soon". Named are those overdue for
    `overdue_from` days or more."""

    counts: tuple[tuple[str, int], ...]
    overdue: tuple[OverduePerson, ...]
    soon: int
    overdue_from: int
    within: int

    @property
    def coming(self) -> str:
        """When the day comes for those who are `soon`, in words."""
        return f"in the next {pluralise(self.within, 'day')}" if self.within else "today"

    @property
    def people(self) -> int:
        return sum(number for _, number in self.counts)


def build_digest(
    people: Iterable[tuple[int, str, CertificationStatus]], hours: SendingHours, overdue_from: int = 1
) -> Digest:
    """The summary of these people (id, name, standing); named are those overdue for that many days or more."""
    counted: Counter[str] = Counter()
    late: list[OverduePerson] = []
    soon = 0
    for person_id, name, now in people:
        if now.state == NOT_REQUIRED:
            continue
        counted[now.group] += 1
        if now.state == PAUSED or now.due is None:
            continue
        if now.overdue_days >= overdue_from:
            late.append(OverduePerson(person_id, name, now.due, now.overdue_days))
        elif 0 <= (now.due - now.on).days <= hours.policy.before[0] and now.state != UP_TO_DATE:
            soon += 1
    late.sort(key=lambda one: (-one.days, one.name.casefold(), one.person_id))
    counts = tuple((label.lower(), counted[group]) for group, label in STATUS_GROUPS.items() if counted[group])
    return Digest(counts, tuple(late), soon, overdue_from, hours.policy.before[0])


def digest_day(day: date, hours: SendingHours) -> date | None:
    """The day of the summary in the week of `day`: the one that is set, or the working day next to it in that week.
    None if nobody works in that week."""
    monday = day - timedelta(days=day.weekday())
    wanted = monday + timedelta(days=hours.policy.digest_weekday)
    for found in (hours.from_day(wanted), hours.until_day(wanted)):
        if monday <= found <= monday + timedelta(days=6):
            return found
    return None
