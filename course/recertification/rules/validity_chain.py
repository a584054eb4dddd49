"""The chain of validity: expiry date, renewal window and effect of each completion, derived from all completions
whenever they are needed.

Each completion is judged by what was recorded when it was recorded itself. So the date on an issued certificate never
changes, whatever is learned, granted or decided later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months, months_between, next_yearly_date
from course.recertification.rules.facts import IMPORTED, REFRESHER, CertificationFacts, CompletionFact, Extension
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import (
    FIXED_DATE,
    Policy,
    governing_policy,
    immediate_changes,
    moved_due_date,
    policy_in_force,
    policy_or_first,
    policy_versions,
)

# The timing of a completion, relative to the certificate that the person held before it.
FIRST_COMPLETION = "first"
IN_WINDOW = "in the window"
IN_EXTENSION = "in an extension"
EXTENSION_NEW_DATE = "in an extension, with a new date"
BEFORE_WINDOW = "before the window"
LATE = "late"
STATED_EXPIRY = "imported with its last day"
LAPSED = "refresher after the limit"
NO_PRIOR_CERTIFICATE = "refresher without a certificate before it"
TOO_OLD = "imported, too old"

IN_TIME = (IN_WINDOW, IN_EXTENSION)
NOT_COUNTED = (LAPSED, NO_PRIOR_CERTIFICATE, TOO_OLD)


@dataclass(frozen=True)
class AnchoredDate:
    """An expiry date and how it is counted: `months` after `anchor`. Counting from the anchor keeps a date that was
    clamped at the end of a short month from staying clamped."""

    day: date
    anchor: date
    months: int


@dataclass(frozen=True)
class Cycle:
    """The effect of one completion: one cycle of recertification. The certificate is valid from the day of the
    completion up to and including `valid_until` (its expiry), and can be renewed with the same date from `window_opens`
    (the renewal window). `valid_until`, `window_opens` and `anchor` are None if the completion does not count; `timing`
    says why. `renewed_date` is the due date that the completion renewed, `policy` the policy version in force on the
    day of the completion."""

    completion: CompletionFact
    timing: str
    policy: Policy
    renewed_date: AnchoredDate | None = None
    valid_until: date | None = None
    window_opens: date | None = None
    anchor: date | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the completion counts, that is, founds or renews a certificate."""
        return self.timing not in NOT_COUNTED

    @property
    def is_in_effect(self) -> bool:
        """Whether the completion counts and was not revoked."""
        return self.is_counted and self.completion.revoked is None

    @property
    def valid_from(self) -> date:
        """The first valid day of the certificate."""
        return self.completion.day

    @property
    def issues_certificate(self) -> bool:
        """Whether the course issues a certificate for the completion: for an attempt made here, never for an imported
        certificate."""
        return self.is_counted and self.completion.kind != IMPORTED

    @property
    def key(self) -> tuple[date, str, date | None]:
        """Identifies the cycle of this person: no two cycles have the same key."""
        return self.completion.key


@dataclass(frozen=True)
class LeadingCycle:
    """The cycle that determines the due date, with the due date under the policies in force, and the policy version
    that moved the due date away from the last valid day of the certificate (None if no version did)."""

    cycle: Cycle
    due_date: AnchoredDate
    moved_by_policy: Policy | None = None


def cycles(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """The cycles of every completion that was recorded by that day, in the order of their days; none before the first
    policy version."""
    known = facts.as_of(on)
    return validity_chain(known, policies_for_person(policies, known.pathways), on)


def validity_chain(known: CertificationFacts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """The cycles, from the facts as they were known on that day and the policy versions that govern this person."""
    if policy_in_force(policies, on) is None:
        return ()
    counted: list[Cycle] = []
    waiting: list[CompletionFact] = []
    for completion in sorted(known.completions, key=lambda c: (c.recorded_on, c.day, c.key[1], c.valid_until or c.day)):
        waiting.append(completion)
        # A completion that did not count has issued no certificate that must stay the same. So a completion recorded
        # later may make it count.
        for candidate in sorted(waiting, key=lambda c: c.day):
            cycle = _evaluate_as_issued(candidate, _unrevoked_cycles(counted, completion.recorded_on), known, policies)
            if cycle.is_counted:
                counted.append(cycle)
                waiting.remove(candidate)
    uncounted = [
        _evaluate_completion(completion, _unrevoked_cycles(counted, completion.recorded_on), known, policies)
        for completion in waiting
    ]
    return tuple(sorted([*counted, *uncounted], key=lambda c: (c.completion.day, c.completion.recorded_on)))


def next_cycle(
    completion: CompletionFact, earlier: Sequence[Cycle], known: CertificationFacts, policies: Sequence[Policy]
) -> Cycle:
    """The cycle of one more completion that is later than all others."""
    return _evaluate_completion(
        completion,
        _unrevoked_cycles([cycle for cycle in earlier if cycle.is_counted], completion.recorded_on),
        known,
        policies,
    )


def _unrevoked_cycles(counted: Sequence[Cycle], on: date) -> list[Cycle]:
    """The cycles that had not been revoked before that day. A certificate issued on the day of a revocation may have
    been issued before the revocation, and keeps its date."""
    return [cycle for cycle in counted if cycle.completion.revoked is None or cycle.completion.revoked >= on]


def _evaluate_as_issued(
    completion: CompletionFact, counted: Sequence[Cycle], known: CertificationFacts, policies: Sequence[Policy]
) -> Cycle:
    """The cycle of the completion as its certificate states it. Days do not say whether a policy version, an extension
    or another certificate of the same day was recorded before the completion or after it; the certificate does."""
    cycle, day = _evaluate_completion(completion, counted, known, policies), completion.day
    if completion.issued_until is None or cycle.valid_until == completion.issued_until:
        return cycle
    facts_before = replace(known, extensions=tuple(one for one in known.extensions if one.recorded < day))
    counted_before = [one for one in counted if one.completion.recorded_on < day]
    policies_before = [one for one in policies if one.governs_from < day] or policies
    for versions in (policies, policies_before):
        for facts, earlier in ((known, counted), (facts_before, counted_before)):
            other = _evaluate_completion(completion, earlier, facts, versions)
            if other.valid_until == completion.issued_until:
                return other
    return cycle


def _evaluate_completion(
    completion: CompletionFact, counted: Sequence[Cycle], known: CertificationFacts, policies: Sequence[Policy]
) -> Cycle:
    """The cycle of the completion, judged after the counted completions of its own and of earlier days."""
    policy = policy_or_first(policies, completion.day)
    earlier = [cycle for cycle in counted if cycle.completion.day <= completion.day]
    leading = leading_cycle(earlier, policies, completion.day)
    timing = _timing(completion, leading, last_valid_day(earlier), known, policies)
    cycle = Cycle(completion, timing, policy, leading.due_date if leading else None)
    if not cycle.is_counted:
        return cycle
    expiry = expiry_under_policy(cycle, policy)
    if timing in IN_TIME and window_start(expiry.day, completion.day, policy) <= completion.day:
        # Counted from the old date, the next renewal would be due at once (after an extension of many months).
        cycle = replace(cycle, timing=EXTENSION_NEW_DATE)
        expiry = expiry_under_policy(cycle, policy)
    # The expiry is that of this completion alone. A person who holds another certificate that lasts longer still holds it.
    window_opens = window_start(expiry.day, completion.day, policy)
    return replace(cycle, valid_until=expiry.day, anchor=expiry.anchor, window_opens=window_opens)


def _timing(
    completion: CompletionFact,
    leading: LeadingCycle | None,
    latest_expiry: date | None,
    known: CertificationFacts,
    policies: Sequence[Policy],
) -> str:
    """The timing of the completion: before, inside or after the renewal window, in an extension, late, or why it does
    not count."""
    day = completion.day
    age_limit = policy_or_first(policies, completion.recorded_on).import_age_months
    is_limited = completion.kind == IMPORTED and not completion.is_merged
    if is_limited and age_limit is not None and day < add_months(completion.recorded_on, -age_limit):
        return TOO_OLD
    if completion.valid_until is not None:
        return STATED_EXPIRY
    if leading is None or latest_expiry is None:
        return NO_PRIOR_CERTIFICATE if completion.kind == REFRESHER else FIRST_COMPLETION
    policy = governing_cycle_policy(leading.cycle, policies, day)
    if day < window_start(leading.due_date.day, leading.cycle.completion.day, policy):
        return BEFORE_WINDOW
    if day <= leading.due_date.day:
        return IN_WINDOW
    last_valid = max(leading.due_date.day, latest_expiry)
    in_time = timely_extensions(last_valid, known.extensions, policies, completion.recorded_on, policy)
    if day > last_refresher_day(last_valid, in_time, policies, completion.recorded_on, policy):
        return LAPSED if completion.kind == REFRESHER else LATE
    extension = furthest_extension(in_time, policies, completion.recorded_on)
    return IN_EXTENSION if extension is not None and day <= extension[0] else LATE


def expiry_under_policy(cycle: Cycle, policy: Policy) -> AnchoredDate:
    """The expiry date that the completion would have under that policy version. The timing stays as it was judged on
    the day of the completion, so a longer period never gives an earlier expiry."""
    completion = cycle.completion
    if completion.valid_until is not None:
        months = months_between(completion.day, completion.valid_until)
        anchor = completion.day if months else completion.valid_until
        stated = AnchoredDate(completion.valid_until, anchor, months or 0)
        if not completion.is_own or policy == cycle.policy:
            return stated
        # A longer period counts for it as for what was completed in this entry; a shorter one leaves the stated day.
        counted = replace(cycle, completion=replace(completion, valid_until=None, is_own=False))
        return max(stated, expiry_under_policy(counted, policy), key=lambda one: one.day)
    renewed = cycle.renewed_date if cycle.timing in IN_TIME else None
    if policy.kind == FIXED_DATE:
        earliest = add_months(completion.day, policy.minimum_months)
        if renewed:
            earliest = max(earliest, add_days(renewed.day, 1))
        day = next_yearly_date(policy.fixed_month, policy.fixed_day, earliest)
        return AnchoredDate(day, day, 0)
    anchor, months = (renewed.anchor, renewed.months) if renewed else (completion.day, 0)
    months += policy.period_months
    return AnchoredDate(add_months(anchor, months), anchor, months)


def leading_cycle(chain: Iterable[Cycle], policies: Sequence[Policy], on: date) -> LeadingCycle | None:
    """The cycle with the furthest due date, after policy changes that applied "now" by that day. Of equal ones the
    latest, because it is the person's most recent completion."""
    counted = [LeadingCycle(cycle, *renewal_due_date(cycle, policies, on)) for cycle in chain if cycle.is_counted]
    return max(counted, key=lambda one: (one.due_date.day, one.cycle.completion.day), default=None)


def renewal_due_date(cycle: Cycle, policies: Sequence[Policy], on: date) -> tuple[AnchoredDate, Policy | None]:
    """The due date for renewing the completion, and the policy version that moved the due date last (None if none did).
    The certificate keeps its own expiry date."""
    due_date, moved_by = expiry_under_policy(cycle, cycle.policy), None
    for policy in _changes_after(cycle, policies, on):
        changed = expiry_under_policy(cycle, policy)
        day = moved_due_date(due_date.day, changed.day, policy)
        if day != due_date.day:
            moved_by = policy
        if day == changed.day:
            due_date = changed
        elif day != due_date.day:
            # The minimum number of days kept the due date from being nearer, so the next renewal counts from this day.
            due_date = AnchoredDate(day, day, 0)
    return due_date, moved_by


def _changes_after(cycle: Cycle, policies: Sequence[Policy], on: date) -> list[Policy]:
    """The policy versions that apply "now" and took effect after the completion; one of its own day, if the completion
    was judged under the version before it."""
    day = cycle.completion.day
    return immediate_changes(policies, day if cycle.policy == policy_or_first(policies, day) else add_days(day, -1), on)


def governing_cycle_policy(cycle: Cycle, policies: Sequence[Policy], on: date) -> Policy:
    """The policy version that governs the cycle on that day."""
    return (_changes_after(cycle, policies, on) or [cycle.policy])[-1]


def last_valid_day(chain: Iterable[Cycle]) -> date | None:
    """The expiry of the certificate that lasts longest; None if there is no certificate."""
    return max((cycle.valid_until for cycle in chain if cycle.valid_until is not None), default=None)


def window_start(expiry: date, cause: date, policy: Policy) -> date:
    """The first day of the renewal window for an expiry date: not before its cause, and at least one day before the
    expiry."""
    return min(max(add_days(expiry, -policy.window_days), cause), add_days(expiry, -1))


def timely_extensions(
    expiry: date, extensions: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> list[Extension]:
    """The extensions that were recorded before the grace period ended, while the refresher was still enough. An
    extension granted later moves the due date, but the whole course stays the course that is needed."""
    timely: list[Extension] = []
    for extension in sorted(extensions, key=lambda one: one.recorded):
        if extension.recorded <= min(on, last_refresher_day(expiry, timely, policies, extension.recorded, policy)):
            timely.append(extension)
    return timely


def last_refresher_day(
    expiry: date, in_time: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> date:
    """The last day of the grace period: the last day on which the refresher is enough. An extension in time prolongs
    the grace period."""
    extension = furthest_extension(in_time, policies, on)
    return add_months(max(expiry, extension[0]) if extension else expiry, policy.lapse_months)


def furthest_extension(
    extensions: Iterable[Extension], policies: Sequence[Policy], on: date
) -> tuple[date, Extension] | None:
    """The extension that reaches furthest, of those recorded by that day, with its last day. Neither a grant nor a
    withdrawal leaves the person less than the minimum number of days."""
    reached = []
    for extension in extensions:
        if extension.recorded <= on:
            minimum = governing_policy(policies, extension.recorded, extension.recorded).minimum_days
            until = max(extension.until, add_days(extension.recorded, minimum))
            if extension.withdrawn is not None and extension.withdrawn <= on:
                until = min(until, add_days(extension.withdrawn, minimum))
            reached.append((until, extension))
    return max(reached, key=lambda one: one[0], default=None)


def first_policy_day(policies: Sequence[Policy]) -> date:
    """The day on which the first policy version took effect."""
    return policy_versions(policies)[0].governs_from
