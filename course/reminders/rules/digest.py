"""The weekly digest for a manager or the safeguarding lead: counts, and the names only of people who are overdue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from course.recertification.rules import CertificationStatus
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.recertification.rules.explanations import COUNTED_GROUPS
from course.reminders.rules.business_days import SendingHours


@dataclass(frozen=True)
class OverduePerson:
    """A person whose due date has passed, and by how many days."""

    person_id: int
    name: str
    due: date
    days: int


@dataclass(frozen=True)
class NameToTell:
    """A person without an e-mail address, and one thing to tell them in person (see rules/in_person.py). `needs_code` says
    that they cannot sign in yet."""

    person_id: int
    name: str
    task: str
    due: date | None
    days: int
    lines: tuple[str, ...] = ()
    needs_code: bool = False


@dataclass(frozen=True)
class UnreachedManager:
    """A manager without an e-mail address, and what waits in their teams: how many people are overdue, are due soon, and are
    to be told something in person."""

    person_id: int
    name: str
    person_count: int
    overdue: int
    due_soon: int
    to_tell: int

    @property
    def is_waited_for(self) -> bool:
        """Whether anything in their teams has to be done."""
        return bool(self.overdue or self.due_soon or self.to_tell)


@dataclass(frozen=True)
class Digest:
    """The contents of a digest.

    `counts` is the number of people by status group (COUNTED_GROUPS, without empty groups); `overdue` are the people
    overdue for `overdue_from` days or more, longest first. `due_soon` is the number of people due within
    `due_soon_days`, the longest step of the policy: these may be in any group, so the number differs from that of the
    group "due soon". `to_tell` is what to tell people who have no e-mail address, by due date. `unreached` are managers of
    teams below, or for an administrator of any team, who get no such mail themselves.
    """

    counts: tuple[tuple[str, int], ...]
    overdue: tuple[OverduePerson, ...]
    due_soon: int
    overdue_from: int
    due_soon_days: int
    to_tell: tuple[NameToTell, ...] = ()
    unreached: tuple[UnreachedManager, ...] = ()

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do for whoever reads it."""
        return bool(self.overdue or self.due_soon or self.to_tell or self.unreached)

    @property
    def named_ids(self) -> list[int]:
        """The people who are overdue or to be told something, each once. Managers without an address are not among them."""
        return list(dict.fromkeys([*(one.person_id for one in self.overdue), *(one.person_id for one in self.to_tell)]))

    @property
    def person_count(self) -> int:
        return sum(number for _, number in self.counts)


def build_digest(
    people: Iterable[tuple[int, str, CertificationStatus]], hours: SendingHours, overdue_from: int = 1
) -> Digest:
    """The digest of these people (id, name, status); it names those overdue for `overdue_from` days or more."""
    totals: Counter[str] = Counter()
    overdue: list[OverduePerson] = []
    due_soon = 0
    for person_id, name, status in people:
        if status.state == NOT_REQUIRED:
            continue
        totals[status.group] += 1
        if status.state == PAUSED or status.due is None:
            continue
        if status.overdue_days >= overdue_from:
            overdue.append(OverduePerson(person_id, name, status.due, status.overdue_days))
        elif 0 <= (status.due - status.on).days <= hours.policy.before[0] and status.state != UP_TO_DATE:
            due_soon += 1
    overdue.sort(
        key=lambda overdue_person: (-overdue_person.days, overdue_person.name.casefold(), overdue_person.person_id)
    )
    counts = tuple((label, totals[group]) for group, label in COUNTED_GROUPS.items() if totals[group])
    return Digest(counts, tuple(overdue), due_soon, overdue_from, hours.policy.before[0])


def digest_day(day: date, hours: SendingHours) -> date | None:
    """The day of the digest in the week of `day`: the weekday of the policy, or the nearest business day in that week.

    None if the week has no business day.
    """
    monday = day - timedelta(days=day.weekday())
    weekday = monday + timedelta(days=hours.policy.digest_weekday)
    for candidate in (hours.next_business_day(weekday), hours.previous_business_day(weekday)):
        if monday <= candidate <= monday + timedelta(days=6):
            return candidate
    return None
