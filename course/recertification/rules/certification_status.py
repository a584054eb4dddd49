"""Where a person stands on a day, from dated facts alone: nothing is stored, and no job has to run first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from course.recertification.rules.civil_dates import add_days, add_months
from course.recertification.rules.facts import (
    INITIAL,
    REFRESHER,
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    Pause,
    Requirement,
    covers,
)
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import (
    Policy,
    governing_policy,
    immediate_changes,
    moved_due_date,
    policy_in_force,
    policy_or_first,
)
from course.recertification.rules.validity_chain import (
    Cycle,
    LeadingCycle,
    first_policy_day,
    furthest_extension,
    last_refresher_day,
    last_valid_day,
    leading_cycle,
    renewal_due_date,
    timely_extensions,
    validity_chain,
    window_start,
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
class Obligation:
    """That the person has to hold a certificate: the reasons of the day, and by when the first one is due."""

    reasons: tuple[str, ...]
    start: date
    first_due: date
    minimum_applied: bool


@dataclass(frozen=True)
class DueDate:
    """A due day, where it comes from (certificate, policy, start, floor, revocation, extension or pause), and the fact
    or the version of the policy that moved it there."""

    day: date | None
    source: str
    extension: Extension | None = None
    pause: Pause | None = None
    revoked_completion: CompletionFact | None = None
    policy: Policy | None = None


@dataclass(frozen=True)
class StatusDetails:
    """All that a standing and its sentence are made of. `rule` is None before the first policy, `duty` None if
    nothing is required, `works_here` whether the person is employed on the day."""

    on: date
    policy: Policy | None
    obligation: Obligation | None
    pause: Pause | None
    chain: tuple[Cycle, ...]
    leading_cycle: LeadingCycle | None
    valid_until: date | None
    due: DueDate
    window_opens: date | None
    due_soon_from: date | None
    refresher_until: date | None
    started: date | None
    progress_until: date | None
    is_employed: bool = True

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
        if self.due.day is None or self.pause:
            return 0
        return max(0, (self.on - self.due.day).days)

    @property
    def has_expired(self) -> bool:
        """Whether what was completed has ended: the last day of the certificate has passed, and so has the later day
        that a change of policy may have given it."""
        return self.leading_cycle is not None and self.on > max(
            self.leading_cycle.due_date.day, self.valid_until or self.leading_cycle.due_date.day
        )

    @property
    def state(self) -> str:
        """One word for the day. Overdue and expired are only those whose due day has passed."""
        if self.obligation is None:
            return NOT_REQUIRED
        if self.pause:
            return PAUSED
        if self.overdue_days:
            return EXPIRED if self.has_expired else OVERDUE
        if self.window_opens is not None and self.on < self.window_opens:
            return UP_TO_DATE
        if self.started:
            return IN_PROGRESS
        if self.due_soon_from is not None and self.on >= self.due_soon_from:
            return DUE_SOON
        return NOT_YET_DUE if self.leading_cycle is None or self.has_expired else UP_TO_DATE


def status_details(facts: CertificationFacts, policies: Sequence[Policy], on: date) -> StatusDetails:
    """Where the person stands, before it is put in words."""
    known = facts.as_of(on)
    return derive_status_details(known, policies_for_person(policies, known.pathways), on)


def derive_status_details(known: CertificationFacts, policies: Sequence[Policy], on: date) -> StatusDetails:
    """The same from the facts as they were known on that day, and the versions that govern this person."""
    rule = policy_in_force(policies, on)
    duty = _duty(known, policies, on) if rule else None
    done = validity_chain(known, policies, on)
    holding = [cycle for cycle in done if cycle.is_in_effect]
    held, until = leading_cycle(holding, policies, on), last_valid_day(holding)
    paused = _latest_pause([pause for pause in known.pauses if covers(pause.since, pause.until, on)]) if duty else None
    granted = furthest_extension(known.extensions, policies, on) if policies else None
    due = _due_date(known, policies, on, duty, done, held, granted)
    if paused and any(p.until is None and p.since <= on for p in known.pauses):
        due = DueDate(None, "pause", pause=paused)
    opens = soon = refresher_until = None
    if held and until:
        cause, last = held.cycle.completion.day, max(held.due_date.day, until)
        own = governing_policy(policies, cause, on)
        # The due day may be later than the mark: then renewing keeps the date from the window on, but nothing is near.
        opens, soon = (
            window_start(held.due_date.day, cause, own),
            window_start(due.day, cause, own) if due.day else None,
        )
        in_time = timely_extensions(last, known.extensions, policies, on, own)
        refresher_until = last_refresher_day(last, in_time, policies, on, own)
    started, ends = _unfinished_attempt(known, policies, on) if rule else (None, None)
    works = not known.employments or any(covers(one.start, one.end, on) for one in known.employments)
    return StatusDetails(
        on, rule, duty, paused, done, held, until, due, opens, soon, refresher_until, started, ends, works
    )


def _latest_pause(pauses: list[Pause]) -> Pause | None:
    """Of several leaves at once the one that ends last."""
    return max(pauses, key=lambda pause: (pause.until or date.max, pause.since), default=None)


def _adjoining_spans(spans: list[tuple[date, date | None]], on: date) -> set[int]:
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


def _duty(known: CertificationFacts, policies: Sequence[Policy], on: date) -> Obligation | None:
    """What is required on the day. The earliest due day of all reasons wins; a reason that ended the day before
    another began keeps its due day, so that a change of pathway does not give the first weeks once more."""
    reasons = [r for r in known.requirements if covers(r.since, r.until, on)]
    work = known.employments or (EmploymentFact(date.min, None, date.min),)
    stints = [work[i] for i in _adjoining_spans([(e.start, e.end) for e in work], on)]
    if not reasons or not stints:
        return None
    causes = [known.requirements[i] for i in _adjoining_spans([(r.since, r.until) for r in known.requirements], on)]
    begins, day, floored = min(
        (_first_due_date(cause, stint, policies, on) for cause in causes for stint in stints), key=lambda one: one[1]
    )
    names = dict.fromkeys(reason.reason for reason in sorted(reasons, key=lambda r: r.since))
    return Obligation(tuple(names), begins, day, floored)


def _first_due_date(
    cause: Requirement, stint: EmploymentFact, policies: Sequence[Policy], on: date
) -> tuple[date, date, bool]:
    """When that duty began, when the first course is due, and whether the minimum of days decided."""
    begins = max(cause.since, stint.start)
    written = max(cause.recorded_on, stint.recorded_on, first_policy_day(policies))

    def under(policy: Policy) -> tuple[date, date]:
        return add_days(begins, policy.starter_days), add_days(written, policy.minimum_days)

    wished, floor = under(policy_or_first(policies, begins))
    day = max(wished, floor)
    for policy in immediate_changes(policies, begins, on):
        wished, floor = under(policy)
        day = moved_due_date(day, max(wished, floor), policy)
    return begins, day, day > wished


def _due_date(
    known: CertificationFacts,
    policies: Sequence[Policy],
    on: date,
    duty: Obligation | None,
    chain: Sequence[Cycle],
    held: LeadingCycle | None,
    granted: tuple[date, Extension] | None,
) -> DueDate:
    """The due day: the latest of what was held, the first weeks, the days after a revocation, what was granted, and
    the days after a leave."""
    if duty is None:
        return DueDate(None, "nothing")
    day, source = duty.first_due, "floor" if duty.minimum_applied else "start"
    changed = None
    if held and held.due_date.day >= day:
        longest = max((cycle for cycle in chain if cycle.is_in_effect), key=lambda cycle: cycle.valid_until or date.min)
        day, source = held.due_date.day, "certificate"
        if held.due_date.day != longest.valid_until:
            # Either this mark was moved, or that of a certificate that lasts longer.
            source, changed = "policy", held.moved_by_policy or renewal_due_date(longest, policies, on)[1]
    left, revoked = _revocation_deadline(chain, policies)
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
        minimum = policy_or_first(policies, pause.recorded_on).minimum_days
        back = max(add_days(pause.until, pause.re_enter_days), add_days(pause.recorded_on, minimum))
        if back > day:
            day, source, taken = back, "pause", pause
    return DueDate(
        day,
        source,
        extension if source == "extension" else None,
        taken if source == "pause" else None,
        revoked if source == "revocation" else None,
        changed if source == "policy" else None,
    )


def _revocation_deadline(chain: Sequence[Cycle], policies: Sequence[Policy]) -> tuple[date, CompletionFact | None]:
    """Until when somebody has whose certificate was revoked, and which it was: the minimum of days from the day of
    the revocation, but no longer than the certificate would have lasted."""
    found: tuple[date, CompletionFact | None] = (date.min, None)
    for cycle in chain:
        on = cycle.completion.revoked
        if cycle.is_counted and on is not None:
            least = add_days(on, policy_or_first(policies, on).minimum_days)
            found = max(
                found,
                (min(least, renewal_due_date(cycle, policies, on)[0].day), cycle.completion),
                key=lambda one: one[0],
            )
    return found


def _unfinished_attempt(
    known: CertificationFacts, policies: Sequence[Policy], on: date
) -> tuple[date | None, date | None]:
    """When the unfinished attempt began, and until when it is one. What was begun before the last completion belongs
    to that, and what is older than the limit has ended."""
    done = max((completion.day for completion in known.completions), default=date.min)
    begun = max((one.day for one in known.started if done < one.day <= on), default=None)
    if begun is None:
        return None, None
    ends = add_months(begun, policy_or_first(policies, begun).progress_months)
    return (begun, ends) if on <= ends else (None, None)
