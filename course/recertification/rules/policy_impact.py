"""The impact of a policy change, computed before the change is saved, and the check that nobody is left without a next
due date."""

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
from course.translation import lazy_gettext as _

COURSE_NAMES = {INITIAL: _("the whole course"), REFRESHER: _("the refresher")}
_NO_DATE = _("none")


@dataclass(frozen=True)
class PersonImpact:
    """A person whom the policy change affects: the certification status on the day on which the change takes effect,
    without and with it; and the expiry of a certificate renewed on the due date (or today, if that has passed), without
    and with it."""

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
        """The impact in words, with both dates of all that changes."""
        before, after = self.details_before, self.details_after
        group_before, group_after = GROUP_OF_STATE[before.state], GROUP_OF_STATE[after.state]
        pairs = (
            (_("due day: %(before)s → %(after)s"), _date_or_none(before.due.day), _date_or_none(after.due.day)),
            (
                _("can be renewed from: %(before)s → %(after)s"),
                _date_or_none(before.window_opens),
                _date_or_none(after.window_opens),
            ),
            (
                _("next certificate would be valid until: %(before)s → %(after)s"),
                _date_or_none(self.renewed_before),
                _date_or_none(self.renewed_after),
            ),
            (_("status: %(before)s → %(after)s"), STATUS_GROUPS[group_before], STATUS_GROUPS[group_after]),
            (_("needed next: %(before)s → %(after)s"), COURSE_NAMES[before.course], COURSE_NAMES[after.course]),
        )
        summary = ""
        for message, old, new in pairs:
            if old != new:
                change = message % {"before": old, "after": new}
                summary = _("%(changes)s; %(change)s", changes=summary, change=change) if summary else change
        return summary


@dataclass(frozen=True)
class PolicyImpact:
    """The impact of a policy change on the day `on`: every affected person, by key, and the number of unaffected
    people."""

    on: date
    affected: tuple[PersonImpact, ...]
    unaffected_count: int

    @property
    def overdue_count(self) -> int:
        """The number of people whom the change makes overdue."""
        return sum(impact.becomes_overdue for impact in self.affected)


def _visible_values(details: StatusDetails) -> tuple[date | None, date | None, str, str]:
    """The values by which a person would notice the change: due date, start of the renewal window, status group and
    course."""
    return details.due.day, details.window_opens, GROUP_OF_STATE[details.state], details.course


def _date_or_none(day: date | None) -> str:
    return long_date(day) if day else _NO_DATE


def preview_policy_change(
    people: Mapping[str, CertificationFacts], old: Sequence[Policy], new: Sequence[Policy], on: date
) -> PolicyImpact:
    """The impact if the policy versions `new` replace `old`, on that day or when the newest version takes effect. No
    issued certificate changes, whatever the change. A version that is not among `old` is taken as recorded `on` that
    day, as it will be when it is saved."""
    new = [policy if policy in old else replace(policy, recorded=on) for policy in new]
    day = max([on, *(policy.governs_from for policy in new if policy not in old)])
    affected = [
        impact for key in sorted(people) if (impact := _person_impact(key, people[key].as_of(day), old, new, day))
    ]
    return PolicyImpact(day, tuple(affected), len(people) - len(affected))


def _person_impact(
    key: str, known: CertificationFacts, old: Sequence[Policy], new: Sequence[Policy], day: date
) -> PersonImpact | None:
    """The impact on one person; None if nothing changes for them."""
    old_versions, new_versions = policies_for_person(old, known.pathways), policies_for_person(new, known.pathways)
    if old_versions == new_versions:
        return None
    before, after = derive_status_details(known, old_versions, day), derive_status_details(known, new_versions, day)
    impact = PersonImpact(
        key,
        before,
        after,
        _renewal_valid_until(known, old_versions, before),
        _renewal_valid_until(known, new_versions, after),
    )
    return impact if impact.has_changes else None


def _renewal_valid_until(known: CertificationFacts, policies: Sequence[Policy], details: StatusDetails) -> date | None:
    """The expiry of the certificate if the person completes the needed course on the due date; None without a due date."""
    if details.due.day is None:
        return None
    day = max(details.due.day, details.on)
    renewal = next_cycle(CompletionFact(day, kind=details.course_on(day)), details.chain, known, policies)
    return max((until for until in (renewal.valid_until, details.valid_until) if until), default=None)


def missing_due_date_reason(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> str | None:
    """The reason in words why this person's next cycle would not happen, or None if it will. Every person for whom the
    course is required has a due date, except during a leave without a return date and before the first policy version.
    """
    known = facts.as_of(on)
    if policy_in_force(policies_for_person(policies, known.pathways), on) is None:
        is_required = any(covers(r.since, r.until, on) for r in known.requirements)
        return _("The course is needed, but no rule about renewal is in force.") if is_required else None
    details = status_details(facts, policies, on)
    if details.state == NOT_REQUIRED or details.due.day is not None:
        return None
    if details.pause:
        return _(
            "On leave since %(since)s without a return date (%(reason)s).",
            since=long_date(details.pause.since),
            reason=details.pause.reason,
        )
    return _("Needed, but without a next due day.")
