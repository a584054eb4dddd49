"""Properties of the recertification rules under random histories."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    Policy,
    Requirement,
    certification_status,
    cycle_reason,
    cycles,
    missing_due_date_reason,
    preview_policy_change,
)
from course.recertification.rules.certification_status import STATES
from course.recertification.rules.civil_dates import long_date
from tests.recertification.makers import again, at, d, done, joined, plus, worker
from tests.recertification.random_histories import (
    after,
    completions,
    days,
    general_policies,
    histories,
    policies,
    several_policies,
    since,
)

many = settings(max_examples=300)
Rules = tuple[Policy, ...]


@many
@given(histories, several_policies, days)
def test_every_person_has_a_status_and_its_explanation_contains_its_dates(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    now = certification_status(facts, rules, on)
    assert now.state in STATES
    assert now.because.endswith(".")
    for day in (now.due, now.valid_until):
        assert day is None or long_date(day) in now.because
    if now.overdue_days:
        assert f"Overdue by {now.overdue_days} day" in now.because
    assert (now.overdue_days > 0) == (now.state in ("overdue", "expired")) == (now.group == "overdue")
    for cycle in cycles(facts, rules, on):
        assert long_date(cycle.completion.day) in cycle_reason(cycle) or "; your date stays" in cycle_reason(cycle)


@many
@given(histories, histories, several_policies, st.lists(policies(), max_size=2), days)
def test_the_status_of_a_past_day_never_changes_when_later_facts_are_added(
    facts: CertificationFacts, more: CertificationFacts, rules: Rules, versions: list[Policy], on: date
) -> None:
    later = [replace(version, recorded=after(max(on, version.since), 1)) for version in versions]
    whole = joined(facts, since(more, on))
    assert certification_status(whole, [*rules, *later], on) == certification_status(facts, rules, on)
    assert cycles(whole, [*rules, *later], on) == cycles(facts, rules, on)


@many
@given(histories, several_policies, days)
def test_an_issued_certificate_keeps_its_expiry_for_ever(facts: CertificationFacts, rules: Rules, on: date) -> None:
    then = {cycle.key: cycle.valid_until for cycle in cycles(facts, rules, on) if cycle.is_counted}
    ever = {cycle.key: cycle.valid_until for cycle in cycles(facts, rules, date(2040, 1, 1))}
    assert then.items() <= ever.items()


@many
@given(histories, several_policies, days)
def test_everybody_for_whom_the_course_is_required_has_a_due_date(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    now = certification_status(facts, rules, on)
    if now.state not in ("not-required", "paused"):
        assert now.due is not None
        assert now.reasons
        assert missing_due_date_reason(facts, rules, on) is None
    if now.state == "paused":
        assert (now.due is None) == (missing_due_date_reason(facts, rules, on) is not None)
    if now.state == "not-required":
        assert now.due is None


@many
@given(histories, several_policies, completions(), st.integers(0, 3000))
def test_another_completion_never_makes_anyone_overdue(
    facts: CertificationFacts, rules: Rules, completion: CompletionFact, days_on: int
) -> None:
    last = max((one.recorded_on for one in facts.completions), default=completion.recorded_on)
    new = replace(completion, recorded=after(max(last, completion.recorded_on), 1), revoked=None)
    on = after(new.recorded_on, days_on)
    without, with_it = certification_status(facts, rules, on), certification_status(plus(facts, new), rules, on)
    assert with_it.overdue_days <= without.overdue_days
    assert (with_it.valid_until or date.min) >= (without.valid_until or date.min)


@many
@given(histories, general_policies, days, st.integers(1, 24), st.integers(0, 2000))
def test_a_longer_period_from_now_on_never_makes_anyone_overdue(
    facts: CertificationFacts, rules: Rules, change: date, more: int, days_on: int
) -> None:
    old = [
        replace(rule, since=min(rule.since, after(change, -1)), recorded=None, applies="from the next renewal")
        for rule in rules
    ]
    held = max(old, key=lambda rule: rule.since)
    old = [replace(rule, kind="anniversary", period_months=held.period_months, window_days=1) for rule in old]
    known = CertificationFacts(
        **{**vars(facts), "completions": tuple(c for c in facts.completions if c.recorded_on < change)}
    )
    longer = replace(old[-1], since=change, period_months=held.period_months + more, applies="now")
    same = replace(longer, period_months=held.period_months)
    on = after(change, days_on)
    with_it, without = certification_status(known, [*old, longer], on), certification_status(known, [*old, same], on)
    assert with_it.overdue_days <= without.overdue_days
    assert with_it.valid_until == without.valid_until


@many
@given(histories, policies(), st.integers(1, 24), days)
def test_a_longer_period_never_makes_a_person_with_one_completion_overdue(
    facts: CertificationFacts, rule: Policy, more: int, on: date
) -> None:
    one = replace(facts, completions=facts.completions[:1])
    longer = replace(rule, period_months=rule.period_months + more, minimum_months=rule.minimum_months + more)
    assert certification_status(one, [longer], on).overdue_days <= certification_status(one, [rule], on).overdue_days


@many
@given(histories, policies(), st.integers(1, 24), days)
def test_a_longer_minimum_of_a_fixed_date_never_makes_anyone_overdue(
    facts: CertificationFacts, rule: Policy, more: int, on: date
) -> None:
    fixed = replace(rule, kind="fixed", window_days=min(rule.window_days, 28 * rule.minimum_months - 1))
    # A stated last day is not the common date, and an extension may count as a renewal in time: see the next test.
    plain = replace(facts, completions=tuple(replace(c, valid_until=None) for c in facts.completions), extensions=())
    longer = replace(fixed, minimum_months=fixed.minimum_months + more)
    assert (
        certification_status(plain, [longer], on).overdue_days <= certification_status(plain, [fixed], on).overdue_days
    )


def test_an_extension_can_cost_some_of_the_next_period() -> None:
    """Not a property: of two people who renew on the same day, the one in time keeps the date, and the one who is late
    or early does not. The days between the dates are lost or gained, never the present certificate."""
    chain = worker(done("2024-01-01"), again("2024-11-20"))
    longer = Policy(d("2020-01-01"), period_months=13)
    assert at(chain, "2024-11-20").valid_until == d("2026-01-01")
    assert at(chain, "2024-11-20", longer).valid_until == d("2025-12-20")


@many
@given(histories, several_policies, days)
def test_no_date_is_before_its_cause_and_windows_open_before_the_last_day(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    for cycle in cycles(facts, rules, on):
        assert cycle.completion.recorded_on <= on
        if cycle.is_counted:
            assert cycle.valid_until is not None
            assert cycle.window_opens is not None
            assert cycle.valid_from <= cycle.window_opens < cycle.valid_until
        else:
            assert cycle.valid_until is None
    now = certification_status(facts, rules, on)
    if now.valid_until and now.window_opens:
        assert now.window_opens < max(now.valid_until, now.due or date.max)
    if now.due and now.cycle:
        assert now.due >= now.cycle
    if now.started:
        assert now.started <= on <= (now.progress_until or date.min)


@many
@given(histories, policies(latest=date(2019, 1, 1)), days, st.integers(0, 3000))
def test_a_new_requirement_leaves_the_minimum_days(facts: CertificationFacts, rule: Policy, on: date, ago: int) -> None:
    first = replace(rule, recorded=None)
    reason = Requirement(after(on, -ago), None, "staff", recorded=on)
    fresh = replace(facts, requirements=(reason,), employments=())
    now = certification_status(fresh, [first], on)
    assert now.state == "paused" or (now.due is not None and now.due >= after(on, rule.minimum_days))
    assert now.overdue_days == 0


@settings(max_examples=100)
@given(st.lists(histories, max_size=4), several_policies, policies(), days)
def test_a_preview_accounts_for_everybody_and_changes_no_certificate(
    people: list[CertificationFacts], rules: Rules, new: Policy, on: date
) -> None:
    named = {str(number): facts for number, facts in enumerate(people)}
    seen = preview_policy_change(named, rules, [*rules, new], on)
    assert len(seen.affected) + seen.unaffected_count == len(people)
    saved = replace(new, recorded=on)
    for touch in seen.affected:
        assert touch.summary
        before = cycles(named[touch.key], rules, after(saved.governs_from, -1))
        with_it = {cycle.key: cycle for cycle in cycles(named[touch.key], [*rules, saved], date(2040, 1, 1))}
        assert all(with_it[cycle.key].valid_until == cycle.valid_until for cycle in before if cycle.is_counted)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_the_facts_does_not_matter(order: tuple[int, ...]) -> None:
    facts = (done("2025-02-12"), again("2026-01-20"), again("2026-08-01"))
    assert at(worker(*(facts[i] for i in order)), "2026-11-22") == at(worker(*facts), "2026-11-22")
