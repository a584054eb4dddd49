"""What a change of policy would do, before it is saved, and whose cycle would end in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.certification_status import (
    NOT_REQUIRED,
    StatusDetails,
    derive_status_details,
    status_details,
)
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.explanations import GROUP_OF_STATE, STATUS_GROUPS
from course.recertification.rules.facts import INITIAL, REFRESHER, CertificationFacts, CompletionFact, covers
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import Policy, policy_in_force
from course.recertification.rules.status_view import CertificationStatus, status_from_details
from course.recertification.rules.validity_chain import next_cycle

COURSE_NAMES = {INITIAL: "the whole course", REFRESHER: "the refresher"}


@dataclass(frozen=True)
class PersonImpact:
    """One person whom the change touches: the standing on the day it takes effect without and with it, and until
    when a renewal on the due day (today, if that has passed) would be valid without and with it."""

    key: str
    details_before: StatusDetails
    details_after: StatusDetails
    renewed_before: date | None
    renewed_after: date | None

    @property
    def before(self) -> CertificationStatus:
        return status_from_details(self.details_before)

    @property
    def after(self) -> CertificationStatus:
        return status_from_details(self.details_after)

    @property
    def becomes_overdue(self) -> bool:
        return self.details_after.overdue_days > 0 and self.details_before.overdue_days == 0

    @property
    def has_changes(self) -> bool:
        return self.renewed_before != self.renewed_after or _visible_values(self.details_before) != _visible_values(
            self.details_after
        )

    @property
    def summary(self) -> str:
        """In words, with both dates of all that changes."""
        pairs = (
            ("due day", self.details_before.due.day, self.details_after.due.day),
            ("can be renewed from", self.details_before.window_opens, self.details_after.window_opens),
            ("next certificate would be valid until", self.renewed_before, self.renewed_after),
        )
        said = [f"{what}: {_date_or_none(old)} → {_date_or_none(new)}" for what, old, new in pairs if old != new]
        before, after = (
            STATUS_GROUPS[GROUP_OF_STATE[self.details_before.state]],
            STATUS_GROUPS[GROUP_OF_STATE[self.details_after.state]],
        )
        if before != after:
            said.append(f"status: {before} → {after}")
        if self.details_before.course != self.details_after.course:
            said.append(
                f"needed next: {COURSE_NAMES[self.details_before.course]} → {COURSE_NAMES[self.details_after.course]}"
            )
        return "; ".join(said)


@dataclass(frozen=True)
class PolicyImpact:
    """A change of policy on the day `on`: everybody it touches, by key, and how many it does not touch."""

    on: date
    affected: tuple[PersonImpact, ...]
    unaffected_count: int

    @property
    def overdue_count(self) -> int:
        """How many it makes overdue."""
        return sum(touch.becomes_overdue for touch in self.affected)


def _visible_values(position: StatusDetails) -> tuple[date | None, date | None, str, str]:
    """What a change is told by."""
    return position.due.day, position.window_opens, GROUP_OF_STATE[position.state], position.course


def _date_or_none(day: date | None) -> str:
    return long_date(day) if day else "none"


def preview_policy_change(
    people: Mapping[str, CertificationFacts], old: Sequence[Policy], new: Sequence[Policy], on: date
) -> PolicyImpact:
    """Who is touched if the versions `new` replace `old`, on that day or when the newest comes to govern. Nothing on
    a certificate that was issued differs, whatever the change. A version that is not among `old` is taken as
    recorded `on` that day, as it will be when it is saved."""
    new = [policy if policy in old else replace(policy, recorded=on) for policy in new]
    day = max([on, *(policy.governs_from for policy in new if policy not in old)])
    touched = [found for key in sorted(people) if (found := _person_impact(key, people[key].as_of(day), old, new, day))]
    return PolicyImpact(day, tuple(touched), len(people) - len(touched))


def _person_impact(
    key: str, known: CertificationFacts, old: Sequence[Policy], new: Sequence[Policy], day: date
) -> PersonImpact | None:
    """What differs for one person; None if nothing does."""
    mine_old, mine_new = policies_for_person(old, known.pathways), policies_for_person(new, known.pathways)
    if mine_old == mine_new:
        return None
    before, after = derive_status_details(known, mine_old, day), derive_status_details(known, mine_new, day)
    found = PersonImpact(
        key, before, after, _renewal_valid_until(known, mine_old, before), _renewal_valid_until(known, mine_new, after)
    )
    return found if found.has_changes else None


def _renewal_valid_until(known: CertificationFacts, policies: Sequence[Policy], now: StatusDetails) -> date | None:
    """Until when the certificate would be valid if the person did what is needed on the due day."""
    if now.due.day is None:
        return None
    day = max(now.due.day, now.on)
    done = next_cycle(CompletionFact(day, kind=now.course_on(day)), now.chain, known, policies)
    return max((until for until in (done.valid_until, now.valid_until) if until), default=None)


def missing_due_date_reason(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> str | None:
    """Why this person's next cycle would not happen, in words, or None if it will. Of whoever is required there is
    a next due day, except in a leave without a return date and before the first policy."""
    known = facts.as_of(on)
    if policy_in_force(policies_for_person(policies, known.pathways), on) is None:
        waiting = any(covers(r.since, r.until, on) for r in known.requirements)
        return "The course is needed, but no rule about renewal is in force." if waiting else None
    here = status_details(facts, policies, on)
    if here.state == NOT_REQUIRED or here.due.day is not None:
        return None
    if here.pause:
        return f"On leave since {long_date(here.pause.since)} without a return date ({here.pause.reason})."
    return "Needed, but without a next due day."
