"""An oracle for the recertification rules: a second implementation, plain and slow, to be compared with the first.

The oracle is written from the numbered cases of the design and from the decisions (docs/decisions.md). It takes nothing
from course/recertification/rules but the facts that it reads: no date arithmetic, no order of versions, no text. Each
function names its case. Where the two implementations differ, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from course.recertification.rules import CertificationFacts, CompletionFact, Extension, Policy
from tests.recertification.oracle_facts import as_known, gone

ONE_DAY = timedelta(days=1)
WANTED_BY_THE_RULE = {"anniversary", "fixed"}


@dataclass(frozen=True)
class Reading:
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
class Worth:
    """A completion that counts: its own last day, how that is counted on, and the rule of its day."""

    done: CompletionFact
    end: date
    anchor: date
    months: int
    rule: Policy
    kept: tuple[date, date, int] | None  # the date that was kept by renewing in time: (last day, anchor, months)


def later(day: date, months: int) -> date:
    """Case 28: the same day some months later, or the last day of a month that is too short."""
    year, month, wanted = day.year, day.month + months, day.day
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    while True:
        try:
            return date(year, month, wanted)
        except ValueError:
            wanted -= 1


def days_on(day: date, days: int) -> date:
    return day + days * ONE_DAY


def next_common_day(rule: Policy, not_before: date) -> date:
    """Case 1: the first of the common dates that is not before that day; 29 February is the 28th in a common year."""
    for year in (not_before.year, not_before.year + 1):
        found = later(date(2000, rule.fixed_month, rule.fixed_day), 12 * (year - 2000))
        if found >= not_before:
            return found
    raise AssertionError("there is one in every year")


def begins(version: Policy) -> date:
    """No rule reaches back before the day on which it was written down."""
    return version.since if version.recorded is None else max(version.since, version.recorded)


def newest(versions: list[Policy], day: date) -> Policy | None:
    """The version in force: the one that began last; of two from one day the one written down last."""
    found: Policy | None = None
    for version in versions:
        if begins(version) <= day and (
            found is None
            or (begins(version), version.recorded or version.since) >= (begins(found), found.recorded or found.since)
        ):
            found = version
    return found


def life_of_rules(facts: CertificationFacts, versions: list[Policy]) -> list[Policy]:
    """Which rules came to govern this person, the oldest first: one for each day on which one did.

    A pathway's own rule stays its own until it is ended; whoever moves comes under the other rule on that day, now.
    """
    if all(version.pathway is None for version in versions):
        return one_a_day(versions)
    choices = {choice.since: choice.name for choice in facts.pathways}
    found: list[Policy] = []
    pathway: str | None = None
    for day in sorted({begins(version) for version in versions} | set(choices)):
        old, pathway = pathway, choices.get(day, pathway)
        here, there = rule_for(pathway, versions, day), rule_for(old, versions, day)
        if here is None:
            continue
        if here is not there:
            found.append(replace(here, since=day, recorded=day, applies="now", pathway=None))
            continue
        news = [version for version in versions if begins(version) == day and version.pathway in (None, pathway)]
        ended = [version for version in news if version.kind == "general"]
        before = rule_for(pathway, versions, day - ONE_DAY)
        if ended and here.pathway is None and before is not None and before.pathway is not None:
            found.append(replace(here, since=day, recorded=day, applies=ended[-1].applies))
        elif here in news:
            found.append(replace(here, pathway=None))
    return one_a_day(found)


def rule_for(pathway: str | None, versions: list[Policy], day: date) -> Policy | None:
    """The rule for those of a pathway: its own, unless it has none or that was ended; otherwise the one for all."""
    own = newest([version for version in versions if version.pathway == pathway], day) if pathway else None
    if own is not None and own.kind in WANTED_BY_THE_RULE:
        return own
    return newest([version for version in versions if version.pathway is None], day)


def one_a_day(versions: list[Policy]) -> list[Policy]:
    """Of several versions from one day only the one written down last ever governed anybody."""
    return [version for day in sorted({begins(v) for v in versions}) if (version := newest(versions, day)) is not None]


class Reader:
    """One person as known on a day."""

    def __init__(self, facts: CertificationFacts, versions: list[Policy], on: date) -> None:
        self.on = on
        self.facts = as_known(facts, on)
        self.rules = life_of_rules(self.facts, versions)
        self.counted: list[Worth] = []
        self.not_counted: list[CompletionFact] = []

    def rule_of(self, day: date) -> Policy:
        """The rule under which something of that day is judged: before the first rule, the first."""
        return newest(self.rules, day) or self.rules[0]

    def changes(self, cause: date, until: date) -> list[Policy]:
        """The rules that came after the cause and apply now (cases 22 and 23)."""
        return [rule for rule in self.rules if cause < begins(rule) <= until and rule.applies == "now"]

    def rule_over(self, cause: date, day: date) -> Policy:
        """The rule over a cycle: that of its beginning, until another one applies now."""
        return [self.rule_of(cause), *self.changes(cause, day)][-1]

    # -- what each completion is worth -------------------------------------------------------------------------------

    def judge_all(self) -> None:
        """Case 33: everything is kept. What does not count is looked at again when something else is recorded."""
        waiting: list[CompletionFact] = []
        every = sorted(
            self.facts.completions, key=lambda c: (c.recorded or c.day, c.day, c.kind, c.valid_until or c.day)
        )
        for new in every:
            waiting.append(new)
            for one in sorted(waiting, key=lambda c: c.day):
                worth = self.worth(one, new.recorded or new.day)
                if worth is not None:
                    self.counted.append(worth)
                    waiting.remove(one)
        self.not_counted = waiting

    def worth(self, done: CompletionFact, told: date) -> Worth | None:
        """What a completion is worth by what was recorded when it was; None if it does not count."""
        rule, written = self.rule_of(done.day), done.recorded or done.day
        if done.kind == "imported":
            oldest = self.rule_of(written).import_age_months
            if oldest is not None and done.day < later(written, -oldest):
                return None  # case 20
            if done.valid_until is not None:  # case 21: it is valid until the day that it states, and no other
                months = whole_months(done.day, done.valid_until)
                anchor = done.day if months else done.valid_until
                return Worth(done, done.valid_until, anchor, months, rule, None)
        before = [w for w in self.counted if w.done.day <= done.day and not gone(w.done, told - ONE_DAY)]
        if not before:
            return None if done.kind == "refresher" else self.afresh(done, rule)
        held, due, kept = self.leading(before, done.day)
        over = self.rule_over(held.done.day, done.day)
        if done.day < window_of(due, held.done.day, over):
            return self.afresh(done, rule)  # case 3: too early to keep the date, so it counts from its own day
        if done.day <= due:
            return self.kept(done, rule, due, kept)
        limit, granted = self.limit(max(due, *(w.end for w in before)), written, over)
        if done.day > limit:  # case 37: after the limit only the whole course counts
            return None if done.kind == "refresher" else self.afresh(done, rule)
        if granted is not None and done.day <= granted:  # case 16: inside an extension is not late
            worth = self.kept(done, rule, due, kept)
            if done.day < window_of(worth.end, done.day, rule):
                return worth
        return self.afresh(done, rule)

    def afresh(self, done: CompletionFact, rule: Policy) -> Worth:
        """Valid from the day of completion on (cases 1, 2, 6)."""
        if rule.kind == "fixed":
            end = next_common_day(rule, later(done.day, rule.minimum_months))
            return Worth(done, end, end, 0, rule, None)
        return Worth(done, later(done.day, rule.period_months), done.day, rule.period_months, rule, None)

    def kept(self, done: CompletionFact, rule: Policy, due: date, kept: tuple[date, int]) -> Worth:
        """Renewed in time: counted from the date that was held."""
        anchor, months = kept
        if rule.kind == "fixed":
            end = next_common_day(rule, max(later(done.day, rule.minimum_months), due + ONE_DAY))
            return Worth(done, end, end, 0, rule, (due, anchor, months))
        whole = months + rule.period_months
        return Worth(done, later(anchor, whole), anchor, whole, rule, (due, anchor, months))

    def due_of(self, worth: Worth, day: date) -> tuple[date, tuple[date, int]]:
        """By when a completion wants a renewal, with the changes that apply now, and from where the next one counts.
        A change moves the day later at once, and nearer only as far as the minimum of days (cases 22, 23)."""
        due, count = worth.end, (worth.anchor, worth.months)
        for rule in self.changes(worth.done.day, day):
            if worth.done.valid_until is not None:
                continue  # a stated day is a stated day
            if worth.kept is None:
                new = self.afresh(worth.done, rule)
            else:
                new = self.kept(worth.done, rule, worth.kept[0], worth.kept[1:])
            least = days_on(begins(rule), rule.minimum_days)
            if new.end >= due or new.end >= least:
                due, count = new.end, (new.anchor, new.months)
            elif due > least:
                due, count = least, (least, 0)
        return due, count

    def leading(self, held: list[Worth], day: date) -> tuple[Worth, date, tuple[date, int]]:
        """Of several the one that lasts longest decides."""
        found = [(self.due_of(worth, day), worth) for worth in held]
        (due, count), worth = max(found, key=lambda one: (one[0][0], one[1].done.day))
        return worth, due, count

    # -- more time, and until when the refresher is enough -----------------------------------------------------------

    def given(self, extension: Extension, day: date) -> date:
        """Until when an extension gives time: neither it nor taking it back leaves less than the minimum of days."""
        least = self.rule_of(extension.recorded).minimum_days
        until = max(extension.until, days_on(extension.recorded, least))
        if extension.withdrawn is not None and extension.withdrawn <= day:
            until = min(until, days_on(extension.withdrawn, least))
        return until

    def limit(self, last: date, day: date, rule: Policy) -> tuple[date, date | None]:
        """The last day on which the refresher is enough, and until when more time was given before that had passed.
        More time that is given later never turns the whole course into the refresher."""
        counted: list[Extension] = []
        for one in sorted(self.facts.extensions, key=lambda e: e.recorded):
            ends = [last, *(self.given(other, one.recorded) for other in counted)]
            if one.recorded <= day and one.recorded <= later(max(ends), rule.lapse_months):
                counted.append(one)
        given = [self.given(one, day) for one in counted]
        return later(max([last, *given]), rule.lapse_months), max(given, default=None)

    # -- the duty and the due day ------------------------------------------------------------------------------------

    def duty(self) -> date | None:
        """By when the first course is due, or None if nothing is required (cases 7, 18, 19, 34)."""
        reasons = together([(r.since, r.until, r.recorded or r.since) for r in self.facts.requirements], self.on)
        work = [(e.start, e.end, e.recorded or e.start) for e in self.facts.employments]
        stays = together(work, self.on) if work else [(date.min, date.min)]
        return min((self.first_due(r, s) for r in reasons for s in stays), default=None)

    def first_due(self, reason: tuple[date, date], stay: tuple[date, date]) -> date:
        since = max(reason[0], stay[0])
        # A course without any rule asks for nothing, so nothing is counted from before the first.
        told = max(reason[1], stay[1], begins(self.rules[0]))

        def under(rule: Policy) -> date:
            return max(days_on(since, rule.starter_days), days_on(told, rule.minimum_days))

        due = under(self.rule_of(since))
        for rule in self.changes(since, self.on):
            new, least = under(rule), days_on(begins(rule), rule.minimum_days)
            due = new if new >= due else min(due, max(new, least))
        return due

    def due(self, first: date, held: list[Worth]) -> date:
        due = first
        if held:
            due = max(due, self.leading(held, self.on)[1])
        for worth in self.counted:  # a revocation leaves the minimum of days, but nothing beyond what was held
            revoked = worth.done.revoked
            if revoked is not None:
                least = days_on(revoked, self.rule_of(revoked).minimum_days)
                due = max(due, min(least, self.due_of(worth, revoked)[0]))
        for extension in self.facts.extensions:  # case 15
            due = max(due, self.given(extension, self.on))
        for leave in sorted(self.facts.pauses, key=lambda leave: leave.since):  # case 45
            if leave.until is None or leave.until < leave.since:
                continue
            if leave.since > due and leave.since > self.on:
                continue  # it begins after the due day and has not begun: until then it helps nobody
            told = leave.recorded or leave.since
            back = days_on(leave.until, leave.re_enter_days)
            due = max(due, back, days_on(told, self.rule_of(told).minimum_days))
        return due

    # -- all together ------------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        if not self.rules or begins(self.rules[0]) > self.on:
            return Reading("not-required", None, None, None, "initial", None, 0, ())
        self.judge_all()
        held = [worth for worth in self.counted if not gone(worth.done, self.on)]
        ends: list[tuple[date, str, date | None]] = [(w.done.day, w.done.kind, w.end) for w in self.counted]
        ends += [(one.day, one.kind, None) for one in self.not_counted]
        valid_until = opens = limit = None
        in_date_until = soon = date.min
        first = self.duty()
        due = None if first is None else self.due(first, held)
        away = [p for p in self.facts.pauses if p.since <= self.on and (p.until is None or self.on <= p.until)]
        if any(leave.until is None for leave in away):
            due = None
        if held:
            worth, mark, _ = self.leading(held, self.on)
            over = self.rule_over(worth.done.day, self.on)
            valid_until = max(w.end for w in held)
            opens = window_of(mark, worth.done.day, over)
            limit = self.limit(max(mark, valid_until), self.on, over)[0]
            in_date_until = max(mark, valid_until)
            soon = window_of(due, worth.done.day, over) if due else date.max
        state = self.word(first is not None, bool(away), due, bool(held), opens, in_date_until, soon)
        overdue = (self.on - due).days if due and not away and self.on > due else 0
        course = "refresher" if limit is not None and self.on <= limit else "initial"
        return Reading(state, due, valid_until, opens, course, limit, overdue, tuple(sorted(ends, key=str)))

    def word(
        self, required: bool, away: bool, due: date | None, holds: bool, opens: date | None, until: date, soon: date
    ) -> str:
        """One word for the day. Overdue, or expired, is only somebody whose day has passed."""
        if not required:
            return "not-required"
        if away:
            return "paused"
        assert due is not None
        if self.on > due:
            return "expired" if holds and self.on > until else "overdue"
        if opens is not None and self.on < opens:
            return "up-to-date"
        if self.begun():
            return "in-progress"
        if holds and self.on >= soon:
            return "due-soon"
        return "up-to-date" if holds and self.on <= until else "not-yet-due"

    def begun(self) -> bool:
        """Cases 26, 27, 46: what was begun after the last completion, and not too long ago."""
        done = max((c.day for c in self.facts.completions), default=date.min)
        begun = max((s.day for s in self.facts.started if done < s.day <= self.on), default=None)
        return begun is not None and self.on <= later(begun, self.rule_of(begun).progress_months)


def window_of(due: date, cause: date, rule: Policy) -> date:
    """Case 4: so many days before the day that is due now, not before its cause, and at least one day before it."""
    opens = days_on(due, -rule.window_days)
    if opens < cause:
        opens = cause
    return opens if opens < due else due - ONE_DAY


def whole_months(first: date, last: date) -> int:
    """After how many whole months the last day comes; 0 if it is no whole number."""
    for months in ((last.year - first.year) * 12 + last.month - first.month + extra for extra in (-1, 0, 1)):
        if months > 0 and later(first, months) == last:
            return months
    return 0


def together(spans: list[tuple[date, date | None, date]], on: date) -> list[tuple[date, date]]:
    """Case 19: the spans that cover the day, and those before them without a day between: (first day, told on)."""
    mine = [span for span in spans if span[0] <= on and (span[1] is None or on <= span[1])]
    more = bool(mine)
    while more:
        first = min(span[0] for span in mine)
        before = [
            span
            for span in spans
            if span[0] < first and (span[1] is None or (span[1] >= span[0] and span[1] + ONE_DAY >= first))
        ]
        more = any(span not in mine for span in before)
        mine += [span for span in before if span not in mine]
    return [(span[0], span[2]) for span in mine]


def read(facts: CertificationFacts, policies: list[Policy], on: date) -> Reading:
    """Where the person stands on that day, by the second reading."""
    return Reader(facts, list(policies), on).read()
