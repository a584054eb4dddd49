"""What a change of policy would do, before it is saved, and whose cycle would end in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.certification_status import NOT_REQUIRED, Position, located, position
from course.recertification.rules.civil_dates import words
from course.recertification.rules.explanations import GROUP_OF, GROUPS
from course.recertification.rules.facts import INITIAL, REFRESHER, Completion, Facts, covers
from course.recertification.rules.pathway_policy import of_person
from course.recertification.rules.policy import Policy, in_force
from course.recertification.rules.status_view import Standing, answer
from course.recertification.rules.validity_chain import next_cycle

COURSES = {INITIAL: "the whole course", REFRESHER: "the refresher"}


@dataclass(frozen=True)
class Touch:
    """One person whom the change touches: the standing on the day it takes effect without and with it, and until
    when a renewal on the due day (today, if that has passed) would be valid without and with it."""

    key: str
    was: Position
    will_be: Position
    renewed_before: date | None
    renewed_after: date | None

    @property
    def before(self) -> Standing:
        return answer(self.was)

    @property
    def after(self) -> Standing:
        return answer(self.will_be)

    @property
    def becomes_overdue(self) -> bool:
        return self.will_be.overdue_days > 0 and self.was.overdue_days == 0

    @property
    def differs(self) -> bool:
        return self.renewed_before != self.renewed_after or _seen(self.was) != _seen(self.will_be)

    @property
    def how(self) -> str:
        """In words, with both dates of all that changes."""
        pairs = (
            ("due day", self.was.due.day, self.will_be.due.day),
            ("can be renewed from", self.was.window_opens, self.will_be.window_opens),
            ("next certificate would be valid until", self.renewed_before, self.renewed_after),
        )
        said = [f"{what}: {_day(old)} → {_day(new)}" for what, old, new in pairs if old != new]
        before, after = GROUPS[GROUP_OF[self.was.state]], GROUPS[GROUP_OF[self.will_be.state]]
        if before != after:
            said.append(f"status: {before} → {after}")
        if self.was.course != self.will_be.course:
            said.append(f"needed next: {COURSES[self.was.course]} → {COURSES[self.will_be.course]}")
        return "; ".join(said)


@dataclass(frozen=True)
class Preview:
    """A change of policy on the day `on`: everybody it touches, by key, and how many it does not touch."""

    on: date
    touched: tuple[Touch, ...]
    untouched: int

    @property
    def overdue(self) -> int:
        """How many it makes overdue."""
        return sum(touch.becomes_overdue for touch in self.touched)


def _seen(position: Position) -> tuple[date | None, date | None, str, str]:
    """What a change is told by."""
    return position.due.day, position.window_opens, GROUP_OF[position.state], position.course


def _day(day: date | None) -> str:
    return words(day) if day else "none"


def preview(people: Mapping[str, Facts], old: Sequence[Policy], new: Sequence[Policy], on: date) -> Preview:
    """Who is touched if the versions `new` replace `old`, on that day or when the newest comes to govern. Nothing on
    a certificate that was issued differs, whatever the change. A version that is not among `old` is taken as
    recorded `on` that day, as it will be when it is saved."""
    new = [policy if policy in old else replace(policy, recorded=on) for policy in new]
    day = max([on, *(policy.governs_from for policy in new if policy not in old)])
    touched = [found for key in sorted(people) if (found := _touch(key, people[key].known(day), old, new, day))]
    return Preview(day, tuple(touched), len(people) - len(touched))


def _touch(key: str, known: Facts, old: Sequence[Policy], new: Sequence[Policy], day: date) -> Touch | None:
    """What differs for one person; None if nothing does."""
    mine_old, mine_new = of_person(old, known.pathways), of_person(new, known.pathways)
    if mine_old == mine_new:
        return None
    before, after = located(known, mine_old, day), located(known, mine_new, day)
    found = Touch(key, before, after, _renewed(known, mine_old, before), _renewed(known, mine_new, after))
    return found if found.differs else None


def _renewed(known: Facts, policies: Sequence[Policy], now: Position) -> date | None:
    """Until when the certificate would be valid if the person did what is needed on the due day."""
    if now.due.day is None:
        return None
    day = max(now.due.day, now.on)
    done = next_cycle(Completion(day, kind=now.course_on(day)), now.chain, known, policies)
    return max((until for until in (done.valid_until, now.valid_until) if until), default=None)


def guard(facts: Facts, policies: Sequence[Policy], on: date) -> str | None:
    """Why this person's next cycle would not happen, in words, or None if it will. Of whoever is required there is
    a next due day, except in a leave without a return date and before the first policy."""
    known = facts.known(on)
    if in_force(of_person(policies, known.pathways), on) is None:
        waiting = any(covers(r.since, r.until, on) for r in known.requirements)
        return "The course is needed, but no rule about renewal is in force." if waiting else None
    here = position(facts, policies, on)
    if here.state == NOT_REQUIRED or here.due.day is not None:
        return None
    if here.paused:
        return f"On leave since {words(here.paused.since)} without a return date ({here.paused.reason})."
    return "Needed, but without a next due day."
