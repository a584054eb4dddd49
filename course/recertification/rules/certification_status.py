"""Where a person stands on a day, from dated facts alone: nothing is stored, and no job has to run first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months
from course.recertification.rules.facts import (
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
from course.recertification.rules.pathway_policy import of_person
from course.recertification.rules.policy import Policy, at_or_first, changes_now, governing, in_force, moved
from course.recertification.rules.validity_chain import (
    Cycle,
    Lead,
    chain,
    due_mark,
    first_governs,
    furthest,
    in_time_for,
    lapses_after,
    last_valid_day,
    lead,
    window,
)

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
    """A due day, where it comes from (certificate, policy, start, floor, revocation, extension or pause), and the fact
    or the version of the policy that moved it there."""

    day: date | None
    source: str
    extension: Extension | None = None
    pause: Pause | None = None
    revoked: Completion | None = None
    changed: Policy | None = None


@dataclass(frozen=True)
class Position:
    """All that a standing and its sentence are made of. `rule` is None before the first policy, `duty` None if
    nothing is required, `works_here` whether the person is employed on the day."""

    on: date
    rule: Policy | None
    duty: Duty | None
    paused: Pause | None
    chain: tuple[Cycle, ...]
    lead: Lead | None
    valid_until: date | None
    due: Due
    window_opens: date | None
    due_soon_from: date | None
    refresher_until: date | None
    started: date | None
    progress_until: date | None
    works_here: bool = True

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
    def ran_out(self) -> bool:
        """Whether what was completed has ended: the last day of the certificate has passed, and so has the later day
        that a change of policy may have given it."""
        return self.lead is not None and self.on > max(self.lead.mark.day, self.valid_until or self.lead.mark.day)

    @property
    def state(self) -> str:
        """One word for the day. Overdue and expired are only those whose due day has passed."""
        if self.duty is None:
            return NOT_REQUIRED
        if self.paused:
            return PAUSED
        if self.overdue_days:
            return EXPIRED if self.ran_out else OVERDUE
        if self.window_opens is not None and self.on < self.window_opens:
            return UP_TO_DATE
        if self.started:
            return IN_PROGRESS
        if self.due_soon_from is not None and self.on >= self.due_soon_from:
            return DUE_SOON
        return NOT_YET_DUE if self.lead is None or self.ran_out else UP_TO_DATE


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
    opens = soon = refresher_until = None
    if held and until:
        cause, last = held.cycle.completion.day, max(held.mark.day, until)
        own = governing(policies, cause, on)
        # The due day may be later than the mark: then renewing keeps the date from the window on, but nothing is near.
        opens, soon = window(held.mark.day, cause, own), window(due.day, cause, own) if due.day else None
        in_time = in_time_for(last, known.extensions, policies, on, own)
        refresher_until = lapses_after(last, in_time, policies, on, own)
    started, ends = _progress(known, policies, on) if rule else (None, None)
    works = not known.employments or any(covers(one.start, one.end, on) for one in known.employments)
    return Position(on, rule, duty, paused, done, held, until, due, opens, soon, refresher_until, started, ends, works)


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
    changed = None
    if held and held.mark.day >= day:
        longest = max((cycle for cycle in chain if cycle.holds), key=lambda cycle: cycle.valid_until or date.min)
        day, source = held.mark.day, "certificate"
        if held.mark.day != longest.valid_until:
            # Either this mark was moved, or that of a certificate that lasts longer.
            source, changed = "policy", held.moved_by or due_mark(longest, policies, on)[1]
    left, revoked = _after_revocation(chain, policies)
    if revoked and left > day:
        day, source = left, "revocation"
    extension = None
    if granted and granted[0] > day:
        day, source, extension = granted[0], "extension", granted[1]
    taken = None
    for pause in sorted(known.pauses, key=lambda pause: pause.since):
        # A leave that begins only after the due day does not help whoever is overdue before it.
        if pause.until is None or pause.until < pause.since or pause.since > max(day, on):
            continue
        minimum = at_or_first(policies, pause.written).minimum_days
        back = max(add_days(pause.until, pause.re_enter_days), add_days(pause.written, minimum))
        if back > day:
            day, source, taken = back, "pause", pause
    return Due(
        day,
        source,
        extension if source == "extension" else None,
        taken if source == "pause" else None,
        revoked if source == "revocation" else None,
        changed if source == "policy" else None,
    )


def _after_revocation(chain: Sequence[Cycle], policies: Sequence[Policy]) -> tuple[date, Completion | None]:
    """Until when somebody has whose certificate was revoked, and which it was: the minimum of days from the day of
    the revocation, but no longer than the certificate would have lasted."""
    found: tuple[date, Completion | None] = (date.min, None)
    for cycle in chain:
        on = cycle.completion.revoked
        if cycle.counts and on is not None:
            least = add_days(on, at_or_first(policies, on).minimum_days)
            found = max(
                found, (min(least, due_mark(cycle, policies, on)[0].day), cycle.completion), key=lambda one: one[0]
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
