"""Where a person stands on a day, from dated facts alone: nothing is stored, and no job has to run first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from course.refreshers.rules.chain import (
    Cycle,
    Lead,
    chain,
    due_mark,
    first_governs,
    furthest,
    lapses_after,
    last_valid_day,
    lead,
    window,
)
from course.refreshers.rules.dates import add_days, add_months
from course.refreshers.rules.facts import (
    INITIAL,
    REFRESHER,
    Completion,
    Employment,
    Extension,
    Facts,
    Pause,
    Requirement,
    covers,
)
from course.refreshers.rules.pathways import of_person
from course.refreshers.rules.policy import Policy, at_or_first, changes_now, governing, in_force, moved

NOT_YET_DUE = "not-yet-due"
IN_PROGRESS = "in-progress"
DUE_SOON = "due-soon"
OVERDUE = "overdue"
UP_TO_DATE = "up-to-date"
EXPIRED = "expired"
PAUSED = "paused"
NOT_REQUIRED = "not-required"
STATES = (NOT_YET_DUE, IN_PROGRESS, DUE_SOON, OVERDUE, UP_TO_DATE, EXPIRED, PAUSED, NOT_REQUIRED)


@dataclass(frozen=True)
class Duty:
    """That the person has to hold a certificate: the reasons of the day, and by when the first one is due."""

    reasons: tuple[str, ...]
    begins: date
    first_due: date
    floored: bool


@dataclass(frozen=True)
class Due:
    """A due day, where it comes from (certificate, policy, start, floor, revocation, extension or pause), and the
    last day of what was granted (None if nothing was)."""

    day: date | None
    source: str
    granted_until: date | None = None
    extension: Extension | None = None
    pause: Pause | None = None
    revoked: Completion | None = None


@dataclass(frozen=True)
class Position:
    """All that a standing and its sentence are made of. `rule` is None before the first policy, `duty` None if
    nothing is required."""

    on: date
    rule: Policy | None
    duty: Duty | None
    paused: Pause | None
    chain: tuple[Cycle, ...]
    lead: Lead | None
    valid_until: date | None
    due: Due
    window_opens: date | None
    refresher_until: date | None
    started: date | None
    progress_until: date | None

    @property
    def course(self) -> str:
        """What is needed next."""
        return self.course_on(self.on)

    def course_on(self, day: date) -> str:
        """What would be needed on that day, if nothing happened until then."""
        return REFRESHER if self.refresher_until and day <= self.refresher_until else INITIAL

    @property
    def overdue_days(self) -> int:
        """Days after the due day. Nobody is overdue while paused, or while nothing is required."""
        if self.due.day is None or self.paused:
            return 0
        return max(0, (self.on - self.due.day).days)

    @property
    def state(self) -> str:
        if self.duty is None:
            return NOT_REQUIRED
        if self.paused:
            return PAUSED
        ran_out = self.valid_until is not None and self.on > self.valid_until
        if self.overdue_days:
            return EXPIRED if ran_out else OVERDUE
        if ran_out and not (self.due.granted_until and self.on <= self.due.granted_until):
            return EXPIRED
        begun = IN_PROGRESS if self.started else None
        if self.valid_until is None:
            return begun or NOT_YET_DUE
        if self.window_opens is not None and self.on < self.window_opens:
            return UP_TO_DATE
        return begun or DUE_SOON


def position(facts: Facts, policies: Sequence[Policy], on: date) -> Position:
    """Where the person stands, before it is put in words."""
    known = facts.known(on)
    return located(known, of_person(policies, known.pathways), on)


def located(known: Facts, policies: Sequence[Policy], on: date) -> Position:
    """The same from the facts as they were known on that day, and the versions that govern this person."""
    rule = in_force(policies, on)
    duty = _duty(known, policies, on) if rule else None
    done = chain(known, policies, on)
    holding = [cycle for cycle in done if cycle.holds]
    held, until = lead(holding, policies, on), last_valid_day(holding)
    paused = _latest([pause for pause in known.pauses if covers(pause.since, pause.until, on)]) if duty else None
    granted = furthest(known.extensions, policies, on) if policies else None
    due = _due(known, policies, on, duty, done, held, granted)
    if paused and any(p.until is None and p.since <= on for p in known.pauses):
        due = Due(None, "pause", pause=paused)
    opens = refresher_until = None
    if held and until:
        own = governing(policies, held.cycle.completion.day, on)
        opens = window(min(held.mark.day, until), held.cycle.completion.day, own)
        refresher_until = lapses_after(max(held.mark.day, until), granted, own)
    started, ends = _progress(known, policies, on) if rule else (None, None)
    return Position(on, rule, duty, paused, done, held, until, due, opens, refresher_until, started, ends)


def _latest(pauses: list[Pause]) -> Pause | None:
    """Of several leaves at once the one that ends last."""
    return max(pauses, key=lambda pause: (pause.until or date.max, pause.since), default=None)


def _joined(spans: list[tuple[date, date | None]], on: date) -> set[int]:
    """The spans that cover the day, and those that lead to them without a day between."""
    found = {i for i, (first, last) in enumerate(spans) if covers(first, last, on)}
    while found:
        begin = min(spans[i][0] for i in found)
        more = {
            i
            for i, (first, last) in enumerate(spans)
            if first < begin and (last is None or (last >= first and add_days(last, 1) >= begin))
        }
        if not more:
            break
        found |= more
    return found


def _duty(known: Facts, policies: Sequence[Policy], on: date) -> Duty | None:
    """What is required on the day. The earliest due day of all reasons wins; a reason that ended the day before
    another began keeps its due day, so that a change of pathway does not give the first weeks once more."""
    reasons = [r for r in known.requirements if covers(r.since, r.until, on)]
    work = known.employments or (Employment(date.min, None, date.min),)
    stints = [work[i] for i in _joined([(e.start, e.end) for e in work], on)]
    if not reasons or not stints:
        return None
    causes = [known.requirements[i] for i in _joined([(r.since, r.until) for r in known.requirements], on)]
    begins, day, floored = min(
        (_first_due(cause, stint, policies, on) for cause in causes for stint in stints), key=lambda one: one[1]
    )
    names = dict.fromkeys(reason.reason for reason in sorted(reasons, key=lambda r: r.since))
    return Duty(tuple(names), begins, day, floored)


def _first_due(cause: Requirement, stint: Employment, policies: Sequence[Policy], on: date) -> tuple[date, date, bool]:
    """When that duty began, when the first course is due, and whether the minimum of days decided."""
    begins = max(cause.since, stint.start)
    written = max(cause.written, stint.written, first_governs(policies))

    def under(policy: Policy) -> tuple[date, date]:
        return add_days(begins, policy.starter_days), add_days(written, policy.minimum_days)

    wished, floor = under(at_or_first(policies, begins))
    day = max(wished, floor)
    for policy in changes_now(policies, begins, on):
        wished, floor = under(policy)
        day = moved(day, max(wished, floor), policy)
    return begins, day, day > wished


def _due(
    known: Facts,
    policies: Sequence[Policy],
    on: date,
    duty: Duty | None,
    chain: Sequence[Cycle],
    held: Lead | None,
    granted: tuple[date, Extension] | None,
) -> Due:
    """The due day: the latest of what was held, the first weeks, the days after a revocation, what was granted, and
    the days after a leave."""
    if duty is None:
        return Due(None, "nothing")
    day, source = duty.first_due, "floor" if duty.floored else "start"
    until: date | None = None
    if held and held.mark.day >= day:
        stated = held.cycle.valid_until
        day, source = held.mark.day, "certificate" if held.mark.day == stated else "policy"
        until = day if source == "policy" else None
    left, revoked = _after_revocation(chain, policies)
    if revoked and left > day:
        day, source = left, "revocation"
        until = day
    extension = None
    if granted and granted[0] > day:
        day, source, extension = granted[0], "extension", granted[1]
        until = day
    taken = None
    for pause in sorted(known.pauses, key=lambda pause: pause.since):
        # A leave that begins only after the due day does not help whoever is overdue before it.
        if pause.until is None or pause.until < pause.since or pause.since > max(day, on):
            continue
        minimum = at_or_first(policies, pause.written).minimum_days
        back = max(add_days(pause.until, pause.re_enter_days), add_days(pause.written, minimum))
        if back > day:
            day, source, taken = back, "pause", pause
            until = day
    return Due(day, source, until, extension, taken, revoked if source == "revocation" else None)


def _after_revocation(chain: Sequence[Cycle], policies: Sequence[Policy]) -> tuple[date, Completion | None]:
    """Until when somebody has whose certificate was revoked, and which it was: the minimum of days from the day of
    the revocation, but no longer than the certificate would have lasted."""
    found: tuple[date, Completion | None] = (date.min, None)
    for cycle in chain:
        on = cycle.completion.revoked
        if cycle.counts and on is not None:
            least = add_days(on, at_or_first(policies, on).minimum_days)
            found = max(
                found, (min(least, due_mark(cycle, policies, on).day), cycle.completion), key=lambda one: one[0]
            )
    return found


def _progress(known: Facts, policies: Sequence[Policy], on: date) -> tuple[date | None, date | None]:
    """When the unfinished attempt began, and until when it is one. What was begun before the last completion belongs
    to that, and what is older than the limit has ended."""
    done = max((completion.day for completion in known.completions), default=date.min)
    begun = max((one.day for one in known.started if done < one.day <= on), default=None)
    if begun is None:
        return None, None
    ends = add_months(begun, at_or_first(policies, begun).progress_months)
    return (begun, ends) if on <= ends else (None, None)
