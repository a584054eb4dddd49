"""The certification status of a person on a day, derived from dated facts alone: nothing is stored, and no job has to
run first.

The states: not started or "not yet due" (time is left and nothing was begun), in progress, due soon (inside the renewal
window), overdue (the due date has passed), expired (overdue, and the certificate has ended), up to date (a valid
certificate), paused (a long leave), not required.
"""

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
    governing_cycle_policy,
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
    """The obligation of the person to hold a certificate: the reasons that apply on the day, the day on which the
    obligation began, and the due date of the first course. `minimum_applied` says that the minimum number of days set
    the due date."""

    reasons: tuple[str, ...]
    start: date
    first_due: date
    minimum_applied: bool


@dataclass(frozen=True)
class DueDate:
    """A due date, its source (certificate, policy, start, floor, revocation, extension or pause), and the fact or the
    policy version that moved it there."""

    day: date | None
    source: str
    extension: Extension | None = None
    pause: Pause | None = None
    revoked_completion: CompletionFact | None = None
    policy: Policy | None = None


@dataclass(frozen=True)
class StatusDetails:
    """Everything from which the certification status and its explanation are made. `policy` is None before the first
    policy version, `obligation` is None if nothing is required, `is_employed` says whether the person is employed on
    the day. `window_opens` is the first day of the renewal window, `refresher_until` the last day of the grace period.
    """

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
        """The course that the person needs next: initial or refresher."""
        return self.course_on(self.on)

    def course_on(self, day: date) -> str:
        """The course that the person would need on that day, if nothing happened until then: the refresher up to the
        end of the grace period, the initial course after that."""
        return REFRESHER if self.refresher_until and day <= self.refresher_until else INITIAL

    @property
    def overdue_days(self) -> int:
        """The number of days after the due date. Nobody is overdue during a pause, or while nothing is required."""
        if self.due.day is None or self.pause:
            return 0
        return max(0, (self.on - self.due.day).days)

    @property
    def has_expired(self) -> bool:
        """Whether the certificate has expired: its last valid day has passed, and so has the later due date that a
        policy change may have given it."""
        return self.leading_cycle is not None and self.on > max(
            self.leading_cycle.due_date.day, self.valid_until or self.leading_cycle.due_date.day
        )

    @property
    def state(self) -> str:
        """The certification status of the day, one of STATES. Only people whose due date has passed are overdue or
        expired; a person with time left after expiry (an extension, a pause) is not."""
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
    """The certification status with everything that it was derived from, before it is put in words."""
    known = facts.as_of(on)
    return derive_status_details(known, policies_for_person(policies, known.pathways), on)


def derive_status_details(known: CertificationFacts, policies: Sequence[Policy], on: date) -> StatusDetails:
    """The certification status, from the facts as they were known on that day and the policy versions that govern this
    person."""
    policy = policy_in_force(policies, on)
    obligation = _obligation(known, policies, on) if policy else None
    chain = validity_chain(known, policies, on)
    in_effect = [cycle for cycle in chain if cycle.is_in_effect]
    leading, latest_expiry = leading_cycle(in_effect, policies, on), last_valid_day(in_effect)
    pause = (
        _latest_pause([pause for pause in known.pauses if covers(pause.since, pause.until, on)]) if obligation else None
    )
    due = _due_date(known, policies, on, obligation, chain, leading)
    if pause and any(p.until is None and p.since <= on for p in known.pauses):
        due = DueDate(None, "pause", pause=pause)
    window_opens = due_soon_from = refresher_until = None
    if leading and latest_expiry:
        cause, last_valid = leading.cycle.completion.day, max(leading.due_date.day, latest_expiry)
        governing = governing_cycle_policy(leading.cycle, policies, on)
        # The due date may be later than the expiry (after an extension). A renewal then keeps the date from the first
        # day of the renewal window on, although nothing is due soon.
        window_opens, due_soon_from = (
            window_start(leading.due_date.day, cause, governing),
            window_start(due.day, cause, governing) if due.day else None,
        )
        in_time = timely_extensions(last_valid, known.extensions, policies, on, governing)
        refresher_until = last_refresher_day(last_valid, in_time, policies, on, governing)
    started, progress_until = _unfinished_attempt(known, policies, on) if policy else (None, None)
    is_employed = not known.employments or any(covers(one.start, one.end, on) for one in known.employments)
    return StatusDetails(
        on,
        policy,
        obligation,
        pause,
        chain,
        leading,
        latest_expiry,
        due,
        window_opens,
        due_soon_from,
        refresher_until,
        started,
        progress_until,
        is_employed,
    )


def _latest_pause(pauses: list[Pause]) -> Pause | None:
    """Of several pauses at once the one that ends last."""
    return max(pauses, key=lambda pause: (pause.until or date.max, pause.since), default=None)


def _adjoining_spans(spans: list[tuple[date, date | None]], on: date) -> set[int]:
    """The indices of the spans that cover the day, and of those that lead to them without a gap."""
    indices = {i for i, (first, last) in enumerate(spans) if covers(first, last, on)}
    while indices:
        begin = min(spans[i][0] for i in indices)
        adjoining = {
            i
            for i, (first, last) in enumerate(spans)
            if first < begin and (last is None or (last >= first and add_days(last, 1) >= begin))
        }
        if not adjoining:
            break
        indices |= adjoining
    return indices


def _obligation(known: CertificationFacts, policies: Sequence[Policy], on: date) -> Obligation | None:
    """The obligation of the day; None if nothing is required. The earliest due date of all reasons applies. A reason
    that ended the day before another one began keeps its due date, so that a change of pathway does not grant the
    starter days again."""
    reasons = [r for r in known.requirements if covers(r.since, r.until, on)]
    employments = known.employments or (EmploymentFact(date.min, None, date.min),)
    spells = [employments[i] for i in _adjoining_spans([(e.start, e.end) for e in employments], on)]
    if not reasons or not spells:
        return None
    requirements = [
        known.requirements[i] for i in _adjoining_spans([(r.since, r.until) for r in known.requirements], on)
    ]
    start, first_due, minimum_applied = min(
        (_first_due_date(requirement, spell, policies, on) for requirement in requirements for spell in spells),
        key=lambda one: one[1],
    )
    reason_names = dict.fromkeys(reason.reason for reason in sorted(reasons, key=lambda r: r.since))
    return Obligation(tuple(reason_names), start, first_due, minimum_applied)


def _first_due_date(
    requirement: Requirement, employment: EmploymentFact, policies: Sequence[Policy], on: date
) -> tuple[date, date, bool]:
    """The day on which the obligation began, the due date of the first course, and whether the minimum number of days
    set that due date."""
    start = max(requirement.since, employment.start)
    recorded = max(requirement.recorded_on, employment.recorded_on, first_policy_day(policies))

    def under(policy: Policy) -> tuple[date, date]:
        return add_days(start, policy.starter_days), add_days(recorded, policy.minimum_days)

    due, earliest = under(policy_or_first(policies, start))
    first_due = max(due, earliest)
    for policy in immediate_changes(policies, start, on):
        due, earliest = under(policy)
        first_due = moved_due_date(first_due, max(due, earliest), policy)
    return start, first_due, first_due > due


def _due_date(
    known: CertificationFacts,
    policies: Sequence[Policy],
    on: date,
    obligation: Obligation | None,
    chain: Sequence[Cycle],
    leading: LeadingCycle | None,
) -> DueDate:
    """The due date: the latest of the certificate's date, the end of the starter days, the days after a revocation, an
    extension, and the days after a pause."""
    if obligation is None:
        return DueDate(None, "nothing")
    day, source = obligation.first_due, "floor" if obligation.minimum_applied else "start"
    changed_policy = None
    if leading and leading.due_date.day >= day:
        longest = max((cycle for cycle in chain if cycle.is_in_effect), key=lambda cycle: cycle.valid_until or date.min)
        day, source = leading.due_date.day, "certificate"
        if leading.due_date.day != longest.valid_until:
            # A policy change moved this due date, or the due date of a certificate that lasts longer.
            source, changed_policy = "policy", leading.moved_by_policy or renewal_due_date(longest, policies, on)[1]
    revocation_due, revoked_completion = _revocation_due_date(chain, policies)
    if revoked_completion and revocation_due > day:
        day, source = revocation_due, "revocation"
    extension, furthest = None, furthest_extension(known.extensions, policies, on) if policies else None
    if furthest and furthest[0] > day:
        day, source, extension = furthest[0], "extension", furthest[1]
    moving_pause = None
    for pause in sorted(known.pauses, key=lambda pause: pause.since):
        # A leave that begins after the due date does not help a person who is overdue before the leave.
        if pause.until is None or pause.until < pause.since or pause.since > max(day, on):
            continue
        minimum = policy_or_first(policies, pause.recorded_on).minimum_days
        return_due = max(add_days(pause.until, pause.re_enter_days), add_days(pause.recorded_on, minimum))
        if return_due > day:
            day, source, moving_pause = return_due, "pause", pause
    return DueDate(
        day,
        source,
        extension if source == "extension" else None,
        moving_pause if source == "pause" else None,
        revoked_completion if source == "revocation" else None,
        changed_policy if source == "policy" else None,
    )


def _revocation_due_date(chain: Sequence[Cycle], policies: Sequence[Policy]) -> tuple[date, CompletionFact | None]:
    """The due date of a person whose certificate was revoked, and the revoked completion: the minimum number of days
    after the revocation, but no longer than the certificate would have lasted."""
    deadline: tuple[date, CompletionFact | None] = (date.min, None)
    for cycle in chain:
        revoked_on = cycle.completion.revoked
        if cycle.is_counted and revoked_on is not None:
            minimum = add_days(revoked_on, policy_or_first(policies, revoked_on).minimum_days)
            deadline = max(
                deadline,
                (min(minimum, renewal_due_date(cycle, policies, revoked_on)[0].day), cycle.completion),
                key=lambda one: one[0],
            )
    return deadline


def _unfinished_attempt(
    known: CertificationFacts, policies: Sequence[Policy], on: date
) -> tuple[date | None, date | None]:
    """The day on which the unfinished attempt began, and the last day on which it counts as progress. An attempt begun
    before the last completion belongs to that completion, and an attempt older than `progress_months` has ended."""
    last_completed = max((completion.day for completion in known.completions), default=date.min)
    begun_on = max((one.day for one in known.started if last_completed < one.day <= on), default=None)
    if begun_on is None:
        return None, None
    progress_until = add_months(begun_on, policy_or_first(policies, begun_on).progress_months)
    return (begun_on, progress_until) if on <= progress_until else (None, None)
