"""The chain of validity: what each completion is worth, derived from the completions each time it is asked for.

Each completion is judged by what was recorded when it was recorded itself, so the date on a certificate that was
issued never changes, whatever is learned, granted or decided later.
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

# How a completion came, measured by what was held before it.
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
    """A last day and how it is counted: `months` after `anchor`, so that a clamped day does not stay clamped."""

    day: date
    anchor: date
    months: int


@dataclass(frozen=True)
class Cycle:
    """What one completion is worth. Valid from its day up to and including `valid_until`; that, `window_opens` and
    `anchor` are None if it does not count (`timing` says why). `before` is the mark it renewed, `policy` the version
    in force on its day."""

    completion: CompletionFact
    timing: str
    policy: Policy
    renewed_date: AnchoredDate | None = None
    valid_until: date | None = None
    window_opens: date | None = None
    anchor: date | None = None

    @property
    def is_counted(self) -> bool:
        return self.timing not in NOT_COUNTED

    @property
    def is_in_effect(self) -> bool:
        """Whether it counts and was not revoked."""
        return self.is_counted and self.completion.revoked is None

    @property
    def valid_from(self) -> date:
        return self.completion.day

    @property
    def issues_certificate(self) -> bool:
        """Whether we issue a certificate: for an attempt made here, never for an imported one."""
        return self.is_counted and self.completion.kind != IMPORTED

    @property
    def key(self) -> tuple[date, str, date | None]:
        """Names the cycle for this person: there is never a second one with the same key."""
        return self.completion.key


@dataclass(frozen=True)
class LeadingCycle:
    """The cycle on which the due day rests, with its mark as the policies stand, and the version that moved the mark
    away from the last day of the certificate (None if none did)."""

    cycle: Cycle
    due_date: AnchoredDate
    moved_by_policy: Policy | None = None


def cycles(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """Every completion that was recorded by that day, in the order of their days; none before the first policy."""
    known = facts.as_of(on)
    return validity_chain(known, policies_for_person(policies, known.pathways), on)


def validity_chain(known: CertificationFacts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """The same from the facts as they were known on that day, and the versions that govern this person."""
    if policy_in_force(policies, on) is None:
        return ()
    counted: list[Cycle] = []
    waiting: list[CompletionFact] = []
    for completion in sorted(known.completions, key=lambda c: (c.recorded_on, c.day, c.key[1], c.valid_until or c.day)):
        waiting.append(completion)
        # What did not count has no certificate that must not change: something recorded later may found it.
        for candidate in sorted(waiting, key=lambda c: c.day):
            cycle = _evaluate_completion(candidate, _unrevoked_cycles(counted, completion.recorded_on), known, policies)
            if cycle.is_counted:
                counted.append(cycle)
                waiting.remove(candidate)
    rest = [
        _evaluate_completion(completion, _unrevoked_cycles(counted, completion.recorded_on), known, policies)
        for completion in waiting
    ]
    return tuple(sorted([*counted, *rest], key=lambda c: (c.completion.day, c.completion.recorded_on)))


def next_cycle(
    done: CompletionFact, before: Sequence[Cycle], known: CertificationFacts, policies: Sequence[Policy]
) -> Cycle:
    """What one more completion, later than all others, would be worth."""
    return _evaluate_completion(
        done, _unrevoked_cycles([cycle for cycle in before if cycle.is_counted], done.recorded_on), known, policies
    )


def _unrevoked_cycles(counted: Sequence[Cycle], on: date) -> list[Cycle]:
    """Those that had not been revoked before that day. What was issued on the day of a revocation may have been
    issued before it, and keeps its date."""
    return [cycle for cycle in counted if cycle.completion.revoked is None or cycle.completion.revoked >= on]


def _evaluate_completion(
    completion: CompletionFact, counted: Sequence[Cycle], known: CertificationFacts, policies: Sequence[Policy]
) -> Cycle:
    """The completion judged after those of its day or earlier days that count."""
    policy = policy_or_first(policies, completion.day)
    earlier = [cycle for cycle in counted if cycle.completion.day <= completion.day]
    held = leading_cycle(earlier, policies, completion.day)
    timing = _timing(completion, held, last_valid_day(earlier), known, policies)
    cycle = Cycle(completion, timing, policy, held.due_date if held else None)
    if not cycle.is_counted:
        return cycle
    mark = expiry_under_policy(cycle, policy)
    if timing in IN_TIME and window_start(mark.day, completion.day, policy) <= completion.day:
        # Counted from the old date the next renewal would be due at once (after an extension of many months).
        cycle = replace(cycle, timing=EXTENSION_NEW_DATE)
        mark = expiry_under_policy(cycle, policy)
    # The last day is that of this completion alone. Whoever holds another certificate that lasts longer still holds it.
    opens = window_start(mark.day, completion.day, policy)
    return replace(cycle, valid_until=mark.day, anchor=mark.anchor, window_opens=opens)


def _timing(
    completion: CompletionFact,
    held: LeadingCycle | None,
    until: date | None,
    known: CertificationFacts,
    policies: Sequence[Policy],
) -> str:
    """How the completion came."""
    day = completion.day
    age = policy_or_first(policies, completion.recorded_on).import_age_months
    if completion.kind == IMPORTED and age is not None and day < add_months(completion.recorded_on, -age):
        return TOO_OLD
    if completion.valid_until is not None:
        return STATED_EXPIRY
    if held is None or until is None:
        return NO_PRIOR_CERTIFICATE if completion.kind == REFRESHER else FIRST_COMPLETION
    rule = governing_policy(policies, held.cycle.completion.day, day)
    if day < window_start(held.due_date.day, held.cycle.completion.day, rule):
        return BEFORE_WINDOW
    if day <= held.due_date.day:
        return IN_WINDOW
    last = max(held.due_date.day, until)
    in_time = timely_extensions(last, known.extensions, policies, completion.recorded_on, rule)
    if day > last_refresher_day(last, in_time, policies, completion.recorded_on, rule):
        return LAPSED if completion.kind == REFRESHER else LATE
    granted = furthest_extension(in_time, policies, completion.recorded_on)
    return IN_EXTENSION if granted is not None and day <= granted[0] else LATE


def expiry_under_policy(cycle: Cycle, policy: Policy) -> AnchoredDate:
    """What the completion would be worth under that policy. How it came stays as it was judged on its day, so a
    longer period never gives an earlier day."""
    completion = cycle.completion
    if completion.valid_until is not None:
        months = months_between(completion.day, completion.valid_until)
        anchor = completion.day if months else completion.valid_until
        return AnchoredDate(completion.valid_until, anchor, months or 0)
    before = cycle.renewed_date if cycle.timing in IN_TIME else None
    if policy.kind == FIXED_DATE:
        earliest = add_months(completion.day, policy.minimum_months)
        if before:
            earliest = max(earliest, add_days(before.day, 1))
        day = next_yearly_date(policy.fixed_month, policy.fixed_day, earliest)
        return AnchoredDate(day, day, 0)
    anchor, months = (before.anchor, before.months) if before else (completion.day, 0)
    months += policy.period_months
    return AnchoredDate(add_months(anchor, months), anchor, months)


def leading_cycle(chain: Iterable[Cycle], policies: Sequence[Policy], on: date) -> LeadingCycle | None:
    """The cycle whose last day is the furthest, with changes of policy that applied at once by that day. Of equal
    ones the latest, since it says best what the person did."""
    found = [LeadingCycle(cycle, *renewal_due_date(cycle, policies, on)) for cycle in chain if cycle.is_counted]
    return max(found, key=lambda one: (one.due_date.day, one.cycle.completion.day), default=None)


def renewal_due_date(cycle: Cycle, policies: Sequence[Policy], on: date) -> tuple[AnchoredDate, Policy | None]:
    """The day by which the completion wants a renewal, and the version that moved it there last (None: none did). The
    certificate keeps its own date."""
    mark, moved_by = expiry_under_policy(cycle, cycle.policy), None
    for policy in immediate_changes(policies, cycle.completion.day, on):
        changed = expiry_under_policy(cycle, policy)
        day = moved_due_date(mark.day, changed.day, policy)
        if day != mark.day:
            moved_by = policy
        if day == changed.day:
            mark = changed
        elif day != mark.day:
            # Only the minimum of days kept it from being nearer: the next renewal counts from this day.
            mark = AnchoredDate(day, day, 0)
    return mark, moved_by


def last_valid_day(chain: Iterable[Cycle]) -> date | None:
    """The last day of the certificate that lasts longest."""
    return max((cycle.valid_until for cycle in chain if cycle.valid_until is not None), default=None)


def window_start(last: date, cause: date, policy: Policy) -> date:
    """When the window for a last day opens: not before its cause, and at least one day before the last day."""
    return min(max(add_days(last, -policy.window_days), cause), add_days(last, -1))


def timely_extensions(
    last: date, extensions: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> list[Extension]:
    """The extensions that were recorded before the refresher had ceased to be enough. More time that is granted later
    moves the due day, and the whole course stays the course that is needed."""
    found: list[Extension] = []
    for extension in sorted(extensions, key=lambda one: one.recorded):
        if extension.recorded <= min(on, last_refresher_day(last, found, policies, extension.recorded, policy)):
            found.append(extension)
    return found


def last_refresher_day(
    last: date, in_time: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> date:
    """The last day on which the refresher is enough."""
    granted = furthest_extension(in_time, policies, on)
    return add_months(max(last, granted[0]) if granted else last, policy.lapse_months)


def furthest_extension(
    extensions: Iterable[Extension], policies: Sequence[Policy], on: date
) -> tuple[date, Extension] | None:
    """The extension that reaches furthest, of those recorded by that day. Neither a grant nor its withdrawal leaves
    less than the minimum of days."""
    found = []
    for extension in extensions:
        if extension.recorded <= on:
            minimum = governing_policy(policies, extension.recorded, extension.recorded).minimum_days
            until = max(extension.until, add_days(extension.recorded, minimum))
            if extension.withdrawn is not None and extension.withdrawn <= on:
                until = min(until, add_days(extension.withdrawn, minimum))
            found.append((until, extension))
    return max(found, key=lambda one: one[0], default=None)


def first_policy_day(policies: Sequence[Policy]) -> date:
    """The day on which the course got a rule at all."""
    return policy_versions(policies)[0].governs_from
