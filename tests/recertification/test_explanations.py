"""The explanation of a status names only what happened, and addresses its reader."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given

from course.recertification.rules import (
    CertificationFacts,
    CertificationStatus,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
    StartFact,
    certification_status,
    cycle_reason,
    cycles,
)
from course.recertification.rules.civil_dates import add_days, long_date
from course.recertification.rules.wording import MANAGER_PRONOUNS
from tests.recertification.makers import FIXED, RULE, add_facts, completed, d, employee, person, refreshed, status_on
from tests.recertification.random_histories import days, histories, several_policies
from tests.recertification.random_lives import RandomLife

DAY = r"(\d{1,2} [A-Z][a-z]+ \d{4})"
INTERNAL = re.compile(
    r"due-soon|up-to-date|not-yet-due|in-progress|not-required|initial|imported|floor|None|→|\b0 days"
)


def day(text: str) -> date:
    return datetime.strptime(text, "%d %B %Y").date()  # noqa: DTZ007 (a day has no zone)


class ExplainedStatus:
    """A certification status with everything that is known of the person on that day, to check its sentences."""

    def __init__(self, facts: CertificationFacts, policies: Iterable[Policy], now: CertificationStatus) -> None:
        self.facts, self.now, self.policies = facts.as_of(now.on), now, list(policies)

    def done(self, on: str, kinds: str = "initial refresher imported") -> bool:
        return any(c.day == day(on) and c.kind in kinds.split() for c in self.facts.completions)

    def given(self) -> list[Extension]:
        return [e for e in self.facts.extensions if e.recorded <= self.now.on]

    def changed(self) -> bool:
        """Whether a policy version took effect after a completion, and applied at once."""
        first = min((c.day for c in self.facts.completions), default=date.max)
        return any(p.applies == "now" and first < p.governs_from <= self.now.on for p in self.policies) or any(
            p.kind == "general" and p.governs_from <= self.now.on for p in self.policies
        )

    def left(self, until: str, number: str) -> bool:
        return any(
            p.until == day(until) and p.re_enter_days == int(number) and self.now.due == add_days(p.until, int(number))
            for p in self.facts.pauses
        )


# For each sentence a pattern, and the check that must then be true. A group in the pattern is passed to the check.
CLAIMS: dict[str, Callable[..., bool]] = {
    r"rule was changed": lambda s: s.changed(),
    r"pathway changed": lambda s: any(p.since <= s.now.on for p in s.facts.pathways),
    r"were granted more time": lambda s: any(not e.withdrawn for e in s.given()),
    r"extension;|inside a long extension": lambda s: bool(s.given()),
    rf"extra time was cancelled on {DAY}": lambda s, on: any(e.withdrawn == day(on) for e in s.given()),
    rf"(are|were) away up to and including {DAY}": lambda s, are, on: (are == "are") == (s.now.on <= day(on))
    and any(p.until == day(on) and p.since <= s.now.on for p in s.facts.pauses),
    rf"will be away from {DAY} up to and including {DAY}": lambda s, since, on: s.now.on < day(since)
    and any((p.since, p.until) == (day(since), day(on)) for p in s.facts.pauses),
    rf"up to and including {DAY} \(leave\) and (?:will have|have|had) (\d+) days? after": lambda s, on, n: s.left(
        on, n
    ),
    rf"Paused since {DAY}": lambda s, on: any(p.since == day(on) <= s.now.on for p in s.facts.pauses),
    rf"renewed on {DAY}": lambda s, on: s.done(on) and len(s.facts.completions) > 1,
    r"renewed inside": lambda s: len(s.facts.completions) > 1,
    rf"completed the course on {DAY}": lambda s, on: s.done(on, "initial"),
    rf"completed the refresher on {DAY}": lambda s, on: s.done(on, "refresher"),
    rf"refresher of {DAY}": lambda s, on: s.done(on, "refresher"),
    rf"certificate of {DAY} that \w+ brought": lambda s, on: s.done(on, "imported"),
    rf"earlier certificate of {DAY} ends before": lambda s, on: s.done(on, "imported"),
    rf"earlier certificate is from {DAY}": lambda s, on: s.done(on, "imported"),
    rf"was (?:revoked|withdrawn) on {DAY}": lambda s, on: any(c.revoked == day(on) for c in s.facts.completions)
    or any(e.withdrawn == day(on) for e in s.given()),
    rf"stopped counting on {DAY}": lambda s, on: any(c.revoked == day(on) for c in s.facts.completions),
    rf"began on {DAY}": lambda s, on: any(b.day == day(on) for b in s.facts.started),
    rf"Up to date until {DAY}": lambda s, on: s.now.on <= day(on) <= (s.now.due or date.min) and not s.now.overdue_days,
    rf"certificate is valid up to and including {DAY}": lambda s, on: s.now.on <= day(on),
    rf"certificate was valid up to and including {DAY}": lambda s, on: day(on) < s.now.on,
    r"can renew now": lambda s: s.now.window_opens is not None and s.now.window_opens <= s.now.on
    and not s.now.overdue_days,
    r"now the whole course is needed again": lambda s: s.now.course == "initial",
    rf"refresher is enough up to and including {DAY}": lambda s, on: s.now.course == "refresher"
    and s.now.on <= day(on),
    r"Overdue by (\d+) day": lambda s, n: s.now.due is not None and (s.now.on - s.now.due).days == int(n),
    r"need it for (\d) reasons": lambda s, n: len(s.now.reasons) == int(n) > 1,
    rf"needed since {DAY}": lambda s, on: any(r.since == day(on) for r in s.facts.requirements)
    or any(e.start == day(on) for e in s.facts.employments),
    r"no rule about renewal": lambda s: all(p.governs_from > s.now.on for p in s.policies if p.pathway is None),
}  # fmt: skip


def check(facts: CertificationFacts, policies: Iterable[Policy], on: date, counts: Counter[str]) -> None:
    policies = list(policies)
    now = certification_status(facts, policies, on)
    explained = ExplainedStatus(facts, policies, now)
    texts = [now.because, now.because_for_others]
    for cycle in cycles(facts, policies, on):
        texts += [cycle_reason(cycle), cycle_reason(cycle, MANAGER_PRONOUNS)]
    for text in texts:
        assert not INTERNAL.search(text), text
        for pattern, is_true in CLAIMS.items():
            for match in re.finditer(pattern, text):
                counts[pattern] += 1
                assert is_true(explained, *match.groups()), (match[0], text, on, facts, policies)
    for text in texts[::2]:
        assert not re.search(r"\b(they|their)\b", text, re.IGNORECASE), text
    for text in texts[1::2]:
        assert not re.search(r"\b(you|your)\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("seed", [11, 12])
def test_every_sentence_names_only_what_happened(seed: int) -> None:
    life, seen = RandomLife(random.Random(seed)), Counter[str]()
    for _ in range(2000):
        check(*life.next(), seen)
    # A sentence that never occurred was not tested.
    assert not set(CLAIMS) - set(seen) - {r"need it for (\d) reasons"}, set(CLAIMS) - set(seen)


@given(histories, several_policies, days)
def test_every_sentence_about_any_facts_names_only_what_happened(
    facts: CertificationFacts, policies: tuple[Policy, ...], on: date
) -> None:
    renamed = replace(facts, pauses=tuple(replace(pause, reason="leave") for pause in facts.pauses))
    check(renamed, policies, on, Counter())


LONG = Extension(d("2026-11-28"), d("2026-11-30"), "was ill")
AWAY = Pause(d("2026-11-20"), d("2026-11-30"), 0, "leave", recorded=d("2026-11-28"))


@pytest.mark.parametrize(
    ("facts", "on", "to_learner", "to_others"),
    [
        (employee(completed("2025-02-12"), refreshed("2026-01-20")), "2026-11-22",
         "Up to date until 12 February 2027, because you renewed inside your window; your date stays 12 February.",
         "Up to date until 12 February 2027, because they renewed inside their window; their date stays 12 February."),
        # The explanation names the date that was entered as well as the date that applies.
        (employee(LONG, since="2026-10-01"), "2026-11-28",
         "Due by 5 December 2026, because you were granted more time: was ill (until 30 November 2026, but everyone "
         "gets at least the minimum number of days).",
         "Due by 5 December 2026, because they were granted more time: was ill (until 30 November 2026, but everyone "
         "gets at least the minimum number of days)."),
        (employee(AWAY, since="2026-10-01"), "2026-12-01",
         "Due by 5 December 2026, because you were away up to and including 30 November 2026 (leave), and everyone "
         "gets at least the minimum number of days.",
         "Due by 5 December 2026, because they were away up to and including 30 November 2026 (leave), and everyone "
         "gets at least the minimum number of days."),
        (employee(replace(AWAY, re_enter_days=14), since="2026-10-01"), "2026-12-01",
         "Due by 14 December 2026, because you were away up to and including 30 November 2026 (leave) and have 14 days "
         "after that.",
         "Due by 14 December 2026, because they were away up to and including 30 November 2026 (leave) and have 14 days "
         "after that."),
        (employee(replace(LONG, until=d("2027-02-28"), withdrawn=d("2026-12-01")), since="2026-10-01"), "2026-12-02",
         "Due by 8 December 2026, because the extra time was cancelled on 1 December 2026, and everyone gets at least "
         "the minimum number of days.", None),
    ],
)  # fmt: skip
def test_a_sentence_addresses_its_reader(
    facts: CertificationFacts, on: str, to_learner: str, to_others: str | None
) -> None:
    now = status_on(facts, on)
    assert now.because == to_learner
    assert now.because_for_others == (to_others or to_learner)


LONGER = Policy(d("2026-11-22"), period_months=24, applies="now")


@pytest.mark.parametrize(
    ("more", "rules", "cause"),
    [
        ((), (RULE, LONGER), "the rule was changed"),
        ((PathwayFact(d("2026-11-22"), "clubs"),), (RULE, replace(LONGER, since=d("2021-01-01"), pathway="clubs")),
         "your pathway changed, and another rule with it"),
    ],
)  # fmt: skip
def test_the_explanation_of_a_moved_due_date_names_the_cause(
    more: tuple[PathwayFact, ...], rules: tuple[Policy, ...], cause: str
) -> None:
    now = status_on(employee(completed("2026-02-12"), *more), "2026-11-22", *rules)
    assert f"Due by 12 February 2028, because {cause}; the date on your certificate stays." in now.because


def test_an_ended_leave_and_an_expired_certificate_are_in_the_past_tense() -> None:
    facts = person(
        EmploymentFact(d("2024-01-01")), Requirement(d("2024-01-01"), None, "staff"), CompletionFact(d("2025-02-12")),
        Pause(d("2026-01-10"), d("2026-05-31"), 21, "parental leave"), StartFact(d("2026-06-02")),
    )  # fmt: skip
    assert status_on(facts, "2026-06-03").because == (
        "Your certificate was valid up to and including 12 February 2026, because you completed the course on 12 "
        "February 2025, and a certificate is valid for 12 months. Due by 21 June 2026, because you were away up to and "
        "including 31 May 2026 (parental leave) and have 21 days after that. You began on 2 June 2026. The refresher "
        "is enough up to and including 12 February 2027."
    )
    assert long_date(d("2026-06-21")) in status_on(add_facts(facts, LONG), "2026-06-30").because


@pytest.mark.parametrize(
    ("facts", "on", "said"),
    [
        (employee(Pause(d("2026-10-20"), d("2026-11-30"), 14, "leave", recorded=d("2026-10-05")), since="2026-10-01"),
         "2026-10-10", "because you will be away from 20 October 2026 up to and including 30 November 2026 (leave) and "
         "will have 14 days after that."),
        # A person who records an earlier certificate did not renew on its day.
        (employee(completed("2025-01-10", "imported", until="2027-01-09"), completed("2025-02-01", "imported", "2025-03-01")),
         "2026-01-10", "Your earlier certificate of 1 February 2025 ends before that."),
        # Only a person whose certificate lasts until the year after reads about the year after.
        (employee(completed("2025-06-12")), "2025-07-01", "and a certificate is valid for at least 5 months."),
        (employee(completed("2025-11-12")), "2025-12-01", "so that one from shortly before 31 January lasts until the year after."),
        (employee(completed("2026-01-10"), end="2026-05-31"), "2026-06-01",
         "Not required, because you do not work here on this day."),
        (person(EmploymentFact(d("2024-01-01")), Requirement(d("2026-03-01"), None, "staff", d("2026-01-01"))),
         "2026-02-01", "Not required, because nothing asks for it of you on this day."),
    ],
)  # fmt: skip
def test_a_sentence_names_the_one_cause_that_applies(facts: CertificationFacts, on: str, said: str) -> None:
    assert said in status_on(facts, on, FIXED if "at least 5" in said or "31 January" in said else RULE).because
