"""An oracle for the recertification rules: a second implementation, plain and slow, to be compared with the first.

The oracle is written from the numbered cases of the design and from the decisions (docs/decisions.md). It takes nothing
from course/recertification/rules but the facts that it reads: no date arithmetic, no order of versions, no text. Each
function names its case. Where the two implementations differ, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from course.recertification.rules import CertificationFacts, CompletionFact, Extension, Policy
from tests.recertification.oracle_facts import facts_as_of, is_revoked

ONE_DAY = timedelta(days=1)
KINDS_WITH_A_PERIOD = {"anniversary", "fixed"}


@dataclass(frozen=True)
class OracleStatus:
    """The certification status that the oracle derives for one person on one day."""

    state: str
    due: date | None
    valid_until: date | None
    window_opens: date | None
    course: str
    refresher_until: date | None
    overdue_days: int
    ends: tuple[tuple[date, str, date | None], ...]  # each completion that was recorded, and its own last day


@dataclass
class OracleCycle:
    """A completion that counts: its expiry, how that is counted from the anchor, and the policy of its day."""

    completion: CompletionFact
    expiry: date
    anchor: date
    months: int
    policy: Policy
    kept_date: tuple[date, date, int] | None  # the date kept by a renewal in time: (due date, anchor, months)


def months_later(day: date, months: int) -> date:
    """Case 28: the same day some months later, or the last day of a shorter month."""
    year, month, month_day = day.year, day.month + months, day.day
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    while True:
        try:
            return date(year, month, month_day)
        except ValueError:
            month_day -= 1


def days_later(day: date, days: int) -> date:
    return day + days * ONE_DAY


def next_fixed_date(policy: Policy, not_before: date) -> date:
    """Case 1: the first of the fixed dates that is not before that day; 29 February is the 28th in a common year."""
    for year in (not_before.year, not_before.year + 1):
        found = months_later(date(2000, policy.fixed_month, policy.fixed_day), 12 * (year - 2000))
        if found >= not_before:
            return found
    raise AssertionError("there is one in every year")


def governs_from(version: Policy) -> date:
    """The first day on which the version governs: no policy version takes effect before the day on which it was
    recorded."""
    return version.since if version.recorded is None else max(version.since, version.recorded)


def version_in_force(versions: list[Policy], day: date) -> Policy | None:
    """The version in force: the one that took effect last; of two from one day the one recorded last."""
    found: Policy | None = None
    for version in versions:
        if governs_from(version) <= day and (
            found is None
            or (governs_from(version), version.recorded or version.since)
            >= (governs_from(found), found.recorded or found.since)
        ):
            found = version
    return found


def governing_versions(facts: CertificationFacts, versions: list[Policy]) -> list[Policy]:
    """The versions that govern this person, the oldest first: one for each day on which one took effect.

    A pathway keeps its own policy until it is ended; a person who changes pathways comes under the other policy on that
    day, at once.
    """
    if all(version.pathway is None for version in versions):
        return last_version_of_each_day(versions)
    choices = {choice.since: choice.name for choice in facts.pathways}
    sequence: list[Policy] = []
    pathway: str | None = None
    for day in sorted({governs_from(version) for version in versions} | set(choices)):
        old, pathway = pathway, choices.get(day, pathway)
        version_now, version_before_move = (
            version_for_pathway(pathway, versions, day),
            version_for_pathway(old, versions, day),
        )
        if version_now is None:
            continue
        if version_now is not version_before_move:
            sequence.append(replace(version_now, since=day, recorded=day, applies="now", pathway=None))
            continue
        new_versions = [
            version for version in versions if governs_from(version) == day and version.pathway in (None, pathway)
        ]
        ended = [version for version in new_versions if version.kind == "general"]
        previous = version_for_pathway(pathway, versions, day - ONE_DAY)
        if ended and version_now.pathway is None and previous is not None and previous.pathway is not None:
            sequence.append(replace(version_now, since=day, recorded=day, applies=ended[-1].applies))
        elif version_now in new_versions:
            sequence.append(replace(version_now, pathway=None))
    return last_version_of_each_day(sequence)


def version_for_pathway(pathway: str | None, versions: list[Policy], day: date) -> Policy | None:
    """The version for the people in a pathway: the pathway's own, unless it has none or its own was ended; otherwise
    the version for everybody."""
    pathway_version = (
        version_in_force([version for version in versions if version.pathway == pathway], day) if pathway else None
    )
    if pathway_version is not None and pathway_version.kind in KINDS_WITH_A_PERIOD:
        return pathway_version
    return version_in_force([version for version in versions if version.pathway is None], day)


def last_version_of_each_day(versions: list[Policy]) -> list[Policy]:
    """Of several versions from one day only the one recorded last ever governed anybody."""
    return [
        version
        for day in sorted({governs_from(v) for v in versions})
        if (version := version_in_force(versions, day)) is not None
    ]


class OraclePerson:
    """One person as known on a day."""

    def __init__(self, facts: CertificationFacts, versions: list[Policy], on: date) -> None:
        self.on = on
        self.facts = facts_as_of(facts, on)
        self.policies = governing_versions(self.facts, versions)
        self.counted: list[OracleCycle] = []
        self.not_counted: list[CompletionFact] = []

    def policy_of(self, day: date) -> Policy:
        """The policy under which a fact of that day is judged: before the first version, the first."""
        return version_in_force(self.policies, day) or self.policies[0]

    def immediate_changes(self, cause: date, until: date) -> list[Policy]:
        """The versions that came after the cause and apply now (cases 22 and 23)."""
        return [policy for policy in self.policies if cause < governs_from(policy) <= until and policy.applies == "now"]

    def policy_over_cycle(self, cause: date, day: date) -> Policy:
        """The policy over a cycle: the one of its beginning, until another version applies now."""
        return [self.policy_of(cause), *self.immediate_changes(cause, day)][-1]

    # -- the cycle of each completion -------------------------------------------------------------------------------

    def evaluate_all(self) -> None:
        """Case 33: every completion is kept. A completion that does not count is evaluated again when another one is
        recorded."""
        waiting: list[CompletionFact] = []
        completions = sorted(
            self.facts.completions, key=lambda c: (c.recorded or c.day, c.day, c.kind, c.valid_until or c.day)
        )
        for new in completions:
            waiting.append(new)
            for completion in sorted(waiting, key=lambda c: c.day):
                cycle = self.evaluate(completion, new.recorded or new.day)
                if cycle is not None:
                    self.counted.append(cycle)
                    waiting.remove(completion)
        self.not_counted = waiting

    def evaluate(self, completion: CompletionFact, known_on: date) -> OracleCycle | None:
        """The cycle of a completion by what was recorded on the day when it was recorded; None if it does not count."""
        policy, recorded = self.policy_of(completion.day), completion.recorded or completion.day
        if completion.kind == "imported":
            oldest = self.policy_of(recorded).import_age_months
            if oldest is not None and completion.day < months_later(recorded, -oldest):
                return None  # case 20
            if completion.valid_until is not None:  # case 21: it is valid until the day that it states, and no other
                months = whole_months(completion.day, completion.valid_until)
                anchor = completion.day if months else completion.valid_until
                return OracleCycle(completion, completion.valid_until, anchor, months, policy, None)
        earlier = [
            w
            for w in self.counted
            if w.completion.day <= completion.day and not is_revoked(w.completion, known_on - ONE_DAY)
        ]
        if not earlier:
            return None if completion.kind == "refresher" else self.count_from_completion(completion, policy)
        leading, due, count = self.leading(earlier, completion.day)
        cycle_policy = self.policy_over_cycle(leading.completion.day, completion.day)
        if completion.day < window_start(due, leading.completion.day, cycle_policy):
            return self.count_from_completion(
                completion, policy
            )  # case 3: too early to keep the date, so it counts from its own day
        if completion.day <= due:
            return self.count_from_kept_date(completion, policy, due, count)
        grace_end, extended = self.grace_period_end(max(due, *(w.expiry for w in earlier)), recorded, cycle_policy)
        if completion.day > grace_end:  # case 37: after the limit only the whole course counts
            return None if completion.kind == "refresher" else self.count_from_completion(completion, policy)
        if extended is not None and completion.day <= extended:  # case 16: inside an extension is not late
            cycle = self.count_from_kept_date(completion, policy, due, count)
            if completion.day < window_start(cycle.expiry, completion.day, policy):
                return cycle
        return self.count_from_completion(completion, policy)

    def count_from_completion(self, completion: CompletionFact, policy: Policy) -> OracleCycle:
        """Valid from the day of completion on (cases 1, 2, 6)."""
        if policy.kind == "fixed":
            expiry = next_fixed_date(policy, months_later(completion.day, policy.minimum_months))
            return OracleCycle(completion, expiry, expiry, 0, policy, None)
        return OracleCycle(
            completion,
            months_later(completion.day, policy.period_months),
            completion.day,
            policy.period_months,
            policy,
            None,
        )

    def count_from_kept_date(
        self, completion: CompletionFact, policy: Policy, due: date, count: tuple[date, int]
    ) -> OracleCycle:
        """Renewed in time: counted from the previous date."""
        anchor, months = count
        if policy.kind == "fixed":
            expiry = next_fixed_date(policy, max(months_later(completion.day, policy.minimum_months), due + ONE_DAY))
            return OracleCycle(completion, expiry, expiry, 0, policy, (due, anchor, months))
        all_months = months + policy.period_months
        return OracleCycle(
            completion, months_later(anchor, all_months), anchor, all_months, policy, (due, anchor, months)
        )

    def renewal_due(self, cycle: OracleCycle, day: date) -> tuple[date, tuple[date, int]]:
        """The due date of the renewal, with the changes that apply now, and the anchor from which the next one is
        counted. A change moves a due date later at once, and nearer only as far as the minimum number of days (cases
        22, 23)."""
        due, count = cycle.expiry, (cycle.anchor, cycle.months)
        for policy in self.immediate_changes(cycle.completion.day, day):
            if cycle.completion.valid_until is not None:
                continue  # a policy change never moves the last day that a certificate states
            if cycle.kept_date is None:
                new = self.count_from_completion(cycle.completion, policy)
            else:
                new = self.count_from_kept_date(cycle.completion, policy, cycle.kept_date[0], cycle.kept_date[1:])
            earliest = days_later(governs_from(policy), policy.minimum_days)
            if new.expiry >= due or new.expiry >= earliest:
                due, count = new.expiry, (new.anchor, new.months)
            elif due > earliest:
                due, count = earliest, (earliest, 0)
        return due, count

    def leading(self, cycles: list[OracleCycle], day: date) -> tuple[OracleCycle, date, tuple[date, int]]:
        """Of several cycles the one with the furthest due date decides."""
        due_dates = [(self.renewal_due(cycle, day), cycle) for cycle in cycles]
        (due, count), cycle = max(due_dates, key=lambda one: (one[0][0], one[1].completion.day))
        return cycle, due, count

    # -- extensions and the grace period -----------------------------------------------------------

    def extended_until(self, extension: Extension, day: date) -> date:
        """The last day of an extension: neither the grant nor the withdrawal leaves less than the minimum number of
        days."""
        minimum = self.policy_of(extension.recorded).minimum_days
        until = max(extension.until, days_later(extension.recorded, minimum))
        if extension.withdrawn is not None and extension.withdrawn <= day:
            until = min(until, days_later(extension.withdrawn, minimum))
        return until

    def grace_period_end(self, expiry: date, day: date, policy: Policy) -> tuple[date, date | None]:
        """The last day on which the refresher is enough, and the last day of the extensions granted before that had
        passed. An extension granted later never turns the whole course into the refresher."""
        counted: list[Extension] = []
        for one in sorted(self.facts.extensions, key=lambda e: e.recorded):
            ends = [expiry, *(self.extended_until(other, one.recorded) for other in counted)]
            if one.recorded <= day and one.recorded <= months_later(max(ends), policy.lapse_months):
                counted.append(one)
        extended = [self.extended_until(one, day) for one in counted]
        return months_later(max([expiry, *extended]), policy.lapse_months), max(extended, default=None)

    # -- the obligation and the due date ------------------------------------------------------------------------------------

    def first_course_due(self) -> date | None:
        """The due date of the first course, or None if nothing is required (cases 7, 18, 19, 34)."""
        reasons = adjoining_spans([(r.since, r.until, r.recorded or r.since) for r in self.facts.requirements], self.on)
        employments = [(e.start, e.end, e.recorded or e.start) for e in self.facts.employments]
        spells = adjoining_spans(employments, self.on) if employments else [(date.min, date.min)]
        return min((self.first_due(r, s) for r in reasons for s in spells), default=None)

    def first_due(self, reason: tuple[date, date], spell: tuple[date, date]) -> date:
        since = max(reason[0], spell[0])
        # Before the first policy version nothing is required, so nothing is counted from an earlier day.
        known_on = max(reason[1], spell[1], governs_from(self.policies[0]))

        def under(policy: Policy) -> date:
            return max(days_later(since, policy.starter_days), days_later(known_on, policy.minimum_days))

        due = under(self.policy_of(since))
        for policy in self.immediate_changes(since, self.on):
            new, earliest = under(policy), days_later(governs_from(policy), policy.minimum_days)
            due = new if new >= due else min(due, max(new, earliest))
        return due

    def due(self, first: date, cycles: list[OracleCycle]) -> date:
        due = first
        if cycles:
            due = max(due, self.leading(cycles, self.on)[1])
        for (
            cycle
        ) in self.counted:  # a revocation leaves the minimum number of days, but no more than the certificate had
            revoked = cycle.completion.revoked
            if revoked is not None:
                earliest = days_later(revoked, self.policy_of(revoked).minimum_days)
                due = max(due, min(earliest, self.renewal_due(cycle, revoked)[0]))
        for extension in self.facts.extensions:  # case 15
            due = max(due, self.extended_until(extension, self.on))
        for leave in sorted(self.facts.pauses, key=lambda leave: leave.since):  # case 45
            if leave.until is None or leave.until < leave.since:
                continue
            if leave.since > due and leave.since > self.on:
                continue  # the leave begins after the due date and has not begun, so it does not help yet
            recorded = leave.recorded or leave.since
            return_due = days_later(leave.until, leave.re_enter_days)
            due = max(due, return_due, days_later(recorded, self.policy_of(recorded).minimum_days))
        return due

    # -- all together ------------------------------------------------------------------------------------------------

    def status(self) -> OracleStatus:
        if not self.policies or governs_from(self.policies[0]) > self.on:
            return OracleStatus("not-required", None, None, None, "initial", None, 0, ())
        self.evaluate_all()
        cycles = [cycle for cycle in self.counted if not is_revoked(cycle.completion, self.on)]
        ends: list[tuple[date, str, date | None]] = [
            (w.completion.day, w.completion.kind, w.expiry) for w in self.counted
        ]
        ends += [(one.day, one.kind, None) for one in self.not_counted]
        valid_until = window_opens = grace_end = None
        expiry = due_soon_from = date.min
        first = self.first_course_due()
        due = None if first is None else self.due(first, cycles)
        away = [p for p in self.facts.pauses if p.since <= self.on and (p.until is None or self.on <= p.until)]
        if any(leave.until is None for leave in away):
            due = None
        if cycles:
            cycle, due_date, _ = self.leading(cycles, self.on)
            cycle_policy = self.policy_over_cycle(cycle.completion.day, self.on)
            valid_until = max(w.expiry for w in cycles)
            window_opens = window_start(due_date, cycle.completion.day, cycle_policy)
            grace_end = self.grace_period_end(max(due_date, valid_until), self.on, cycle_policy)[0]
            expiry = max(due_date, valid_until)
            due_soon_from = window_start(due, cycle.completion.day, cycle_policy) if due else date.max
        state = self.state(first is not None, bool(away), due, bool(cycles), window_opens, expiry, due_soon_from)
        overdue = (self.on - due).days if due and not away and self.on > due else 0
        course = "refresher" if grace_end is not None and self.on <= grace_end else "initial"
        return OracleStatus(
            state, due, valid_until, window_opens, course, grace_end, overdue, tuple(sorted(ends, key=str))
        )

    def state(
        self, required: bool, away: bool, due: date | None, holds: bool, opens: date | None, until: date, soon: date
    ) -> str:
        """The status of the day in one word. Only a person whose due date has passed is overdue or expired."""
        if not required:
            return "not-required"
        if away:
            return "paused"
        assert due is not None
        if self.on > due:
            return "expired" if holds and self.on > until else "overdue"
        if opens is not None and self.on < opens:
            return "up-to-date"
        if self.has_unfinished_attempt():
            return "in-progress"
        if holds and self.on >= soon:
            return "due-soon"
        return "up-to-date" if holds and self.on <= until else "not-yet-due"

    def has_unfinished_attempt(self) -> bool:
        """Cases 26, 27, 46: an attempt begun after the last completion, and not too long ago."""
        last_completed = max((c.day for c in self.facts.completions), default=date.min)
        begun_on = max((s.day for s in self.facts.started if last_completed < s.day <= self.on), default=None)
        return begun_on is not None and self.on <= months_later(begun_on, self.policy_of(begun_on).progress_months)


def window_start(due: date, cause: date, policy: Policy) -> date:
    """Case 4: so many days before the present due date, not before its cause, and at least one day before it."""
    opens = days_later(due, -policy.window_days)
    if opens < cause:
        opens = cause
    return opens if opens < due else due - ONE_DAY


def whole_months(first: date, last: date) -> int:
    """The number of whole months between the days; 0 if it is not a whole number."""
    for months in ((last.year - first.year) * 12 + last.month - first.month + extra for extra in (-1, 0, 1)):
        if months > 0 and months_later(first, months) == last:
            return months
    return 0


def adjoining_spans(spans: list[tuple[date, date | None, date]], on: date) -> list[tuple[date, date]]:
    """Case 19: the spans that cover the day, and those before them without a day between: (first day, day of
    recording)."""
    found = [span for span in spans if span[0] <= on and (span[1] is None or on <= span[1])]
    more = bool(found)
    while more:
        first = min(span[0] for span in found)
        before = [
            span
            for span in spans
            if span[0] < first and (span[1] is None or (span[1] >= span[0] and span[1] + ONE_DAY >= first))
        ]
        more = any(span not in found for span in before)
        found += [span for span in before if span not in found]
    return [(span[0], span[2]) for span in found]


def oracle_status(facts: CertificationFacts, policies: list[Policy], on: date) -> OracleStatus:
    """The certification status of the person on that day, by the oracle."""
    return OraclePerson(facts, list(policies), on).status()
