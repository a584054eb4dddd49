"""The chain of validity: what each completion is worth, derived from the completions each time it is asked for.

Each completion is judged by what was recorded when it was recorded itself, so the date on a certificate that was
issued never changes, whatever is learned, granted or decided later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months, months_between, yearly
from course.recertification.rules.facts import IMPORTED, REFRESHER, Completion, Extension, Facts
from course.recertification.rules.pathway_policy import of_person
from course.recertification.rules.policy import (
    FIXED,
    Policy,
    at_or_first,
    changes_now,
    governing,
    in_force,
    moved,
    versions,
)

# How a completion came, measured by what was held before it.
FIRST = "first"
WINDOW = "in the window"
EXTENSION = "in an extension"
AFRESH = "in an extension, with a new date"
EARLY = "before the window"
LATE = "late"
STATED = "imported with its last day"
LAPSED = "refresher after the limit"
UNFOUNDED = "refresher without a certificate before it"
TOO_OLD = "imported, too old"

IN_TIME = (WINDOW, EXTENSION)
NOT_COUNTED = (LAPSED, UNFOUNDED, TOO_OLD)


@dataclass(frozen=True)
class Mark:
    """A last day and how it is counted: `months` after `anchor`, so that a clamped day does not stay clamped."""

    day: date
    anchor: date
    months: int


@dataclass(frozen=True)
class Cycle:
    """What one completion is worth. Valid from its day up to and including `valid_until`; that, `window_opens` and
    `anchor` are None if it does not count (`timing` says why). `before` is the mark it renewed, `policy` the version
    in force on its day."""

    completion: Completion
    timing: str
    policy: Policy
    before: Mark | None = None
    valid_until: date | None = None
    window_opens: date | None = None
    anchor: date | None = None

    @property
    def counts(self) -> bool:
        return self.timing not in NOT_COUNTED

    @property
    def holds(self) -> bool:
        """Whether it counts and was not revoked."""
        return self.counts and self.completion.revoked is None

    @property
    def valid_from(self) -> date:
        return self.completion.day

    @property
    def certificate(self) -> bool:
        """Whether we issue a certificate: for an attempt made here, never for an imported one."""
        return self.counts and self.completion.kind != IMPORTED

    @property
    def key(self) -> tuple[date, str, date | None]:
        """Names the cycle for this person: there is never a second one with the same key."""
        return self.completion.key


@dataclass(frozen=True)
class Lead:
    """The cycle on which the due day rests, with its mark as the policies stand, and the version that moved the mark
    away from the last day of the certificate (None if none did)."""

    cycle: Cycle
    mark: Mark
    moved_by: Policy | None = None


def cycles(facts: Facts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """Every completion that was recorded by that day, in the order of their days; none before the first policy."""
    known = facts.known(on)
    return chain(known, of_person(policies, known.pathways), on)


def chain(known: Facts, policies: Sequence[Policy], on: date) -> tuple[Cycle, ...]:
    """The same from the facts as they were known on that day, and the versions that govern this person."""
    if in_force(policies, on) is None:
        return ()
    counted: list[Cycle] = []
    waiting: list[Completion] = []
    for completion in sorted(known.completions, key=lambda c: (c.written, c.day, c.key[1], c.valid_until or c.day)):
        waiting.append(completion)
        # What did not count has no certificate that must not change: something recorded later may found it.
        for candidate in sorted(waiting, key=lambda c: c.day):
            cycle = _cycle(candidate, _held(counted, completion.written), known, policies)
            if cycle.counts:
                counted.append(cycle)
                waiting.remove(candidate)
    rest = [_cycle(completion, _held(counted, completion.written), known, policies) for completion in waiting]
    return tuple(sorted([*counted, *rest], key=lambda c: (c.completion.day, c.completion.written)))


def next_cycle(done: Completion, before: Sequence[Cycle], known: Facts, policies: Sequence[Policy]) -> Cycle:
    """What one more completion, later than all others, would be worth."""
    return _cycle(done, _held([cycle for cycle in before if cycle.counts], done.written), known, policies)


def _held(counted: Sequence[Cycle], on: date) -> list[Cycle]:
    """Those that had not been revoked before that day. What was issued on the day of a revocation may have been
    issued before it, and keeps its date."""
    return [cycle for cycle in counted if cycle.completion.revoked is None or cycle.completion.revoked >= on]


def _cycle(completion: Completion, counted: Sequence[Cycle], known: Facts, policies: Sequence[Policy]) -> Cycle:
    """The completion judged after those of its day or earlier days that count."""
    policy = at_or_first(policies, completion.day)
    earlier = [cycle for cycle in counted if cycle.completion.day <= completion.day]
    held = lead(earlier, policies, completion.day)
    timing = _timing(completion, held, last_valid_day(earlier), known, policies)
    cycle = Cycle(completion, timing, policy, held.mark if held else None)
    if not cycle.counts:
        return cycle
    mark = under(cycle, policy)
    if timing in IN_TIME and window(mark.day, completion.day, policy) <= completion.day:
        # Counted from the old date the next renewal would be due at once (after an extension of many months).
        cycle = replace(cycle, timing=AFRESH)
        mark = under(cycle, policy)
    # The last day is that of this completion alone. Whoever holds another certificate that lasts longer still holds it.
    opens = window(mark.day, completion.day, policy)
    return replace(cycle, valid_until=mark.day, anchor=mark.anchor, window_opens=opens)


def _timing(
    completion: Completion, held: Lead | None, until: date | None, known: Facts, policies: Sequence[Policy]
) -> str:
    """How the completion came."""
    day = completion.day
    age = at_or_first(policies, completion.written).import_age_months
    if completion.kind == IMPORTED and age is not None and day < add_months(completion.written, -age):
        return TOO_OLD
    if completion.valid_until is not None:
        return STATED
    if held is None or until is None:
        return UNFOUNDED if completion.kind == REFRESHER else FIRST
    rule = governing(policies, held.cycle.completion.day, day)
    if day < window(held.mark.day, held.cycle.completion.day, rule):
        return EARLY
    if day <= held.mark.day:
        return WINDOW
    last = max(held.mark.day, until)
    in_time = in_time_for(last, known.extensions, policies, completion.written, rule)
    if day > lapses_after(last, in_time, policies, completion.written, rule):
        return LAPSED if completion.kind == REFRESHER else LATE
    granted = furthest(in_time, policies, completion.written)
    return EXTENSION if granted is not None and day <= granted[0] else LATE


def under(cycle: Cycle, policy: Policy) -> Mark:
    """What the completion would be worth under that policy. How it came stays as it was judged on its day, so a
    longer period never gives an earlier day."""
    completion = cycle.completion
    if completion.valid_until is not None:
        months = months_between(completion.day, completion.valid_until)
        anchor = completion.day if months else completion.valid_until
        return Mark(completion.valid_until, anchor, months or 0)
    before = cycle.before if cycle.timing in IN_TIME else None
    if policy.kind == FIXED:
        earliest = add_months(completion.day, policy.minimum_months)
        if before:
            earliest = max(earliest, add_days(before.day, 1))
        day = yearly(policy.fixed_month, policy.fixed_day, earliest)
        return Mark(day, day, 0)
    anchor, months = (before.anchor, before.months) if before else (completion.day, 0)
    months += policy.period_months
    return Mark(add_months(anchor, months), anchor, months)


def lead(chain: Iterable[Cycle], policies: Sequence[Policy], on: date) -> Lead | None:
    """The cycle whose last day is the furthest, with changes of policy that applied at once by that day. Of equal
    ones the latest, since it says best what the person did."""
    found = [Lead(cycle, *due_mark(cycle, policies, on)) for cycle in chain if cycle.counts]
    return max(found, key=lambda one: (one.mark.day, one.cycle.completion.day), default=None)


def due_mark(cycle: Cycle, policies: Sequence[Policy], on: date) -> tuple[Mark, Policy | None]:
    """The day by which the completion wants a renewal, and the version that moved it there last (None: none did). The
    certificate keeps its own date."""
    mark, moved_by = under(cycle, cycle.policy), None
    for policy in changes_now(policies, cycle.completion.day, on):
        changed = under(cycle, policy)
        day = moved(mark.day, changed.day, policy)
        if day != mark.day:
            moved_by = policy
        if day == changed.day:
            mark = changed
        elif day != mark.day:
            # Only the minimum of days kept it from being nearer: the next renewal counts from this day.
            mark = Mark(day, day, 0)
    return mark, moved_by


def last_valid_day(chain: Iterable[Cycle]) -> date | None:
    """The last day of the certificate that lasts longest."""
    return max((cycle.valid_until for cycle in chain if cycle.valid_until is not None), default=None)


def window(last: date, cause: date, policy: Policy) -> date:
    """When the window for a last day opens: not before its cause, and at least one day before the last day."""
    return min(max(add_days(last, -policy.window_days), cause), add_days(last, -1))


def in_time_for(
    last: date, extensions: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> list[Extension]:
    """The extensions that were recorded before the refresher had ceased to be enough. More time that is granted later
    moves the due day, and the whole course stays the course that is needed."""
    found: list[Extension] = []
    for extension in sorted(extensions, key=lambda one: one.recorded):
        if extension.recorded <= min(on, lapses_after(last, found, policies, extension.recorded, policy)):
            found.append(extension)
    return found


def lapses_after(
    last: date, in_time: Iterable[Extension], policies: Sequence[Policy], on: date, policy: Policy
) -> date:
    """The last day on which the refresher is enough."""
    granted = furthest(in_time, policies, on)
    return add_months(max(last, granted[0]) if granted else last, policy.lapse_months)


def furthest(extensions: Iterable[Extension], policies: Sequence[Policy], on: date) -> tuple[date, Extension] | None:
    """The extension that reaches furthest, of those recorded by that day. Neither a grant nor its withdrawal leaves
    less than the minimum of days."""
    found = []
    for extension in extensions:
        if extension.recorded <= on:
            minimum = governing(policies, extension.recorded, extension.recorded).minimum_days
            until = max(extension.until, add_days(extension.recorded, minimum))
            if extension.withdrawn is not None and extension.withdrawn <= on:
                until = min(until, add_days(extension.withdrawn, minimum))
            found.append((until, extension))
    return max(found, key=lambda one: one[0], default=None)


def first_governs(policies: Sequence[Policy]) -> date:
    """The day on which the course got a rule at all."""
    return versions(policies)[0].governs_from
