"""Which policy versions govern a person who changes pathways, and the effect of a revocation: the rules and their
properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    PathwayFact,
    Policy,
    certification_status,
    cycles,
    describe_policy,
    missing_due_date_reason,
    preview_policy_change,
)
from course.recertification.rules.pathway_policy import own_pathway_policy, policies_for_person
from course.recertification.rules.policy import policy_in_force
from tests.recertification.makers import RULE, add_facts, completed, d, employee, refreshed, status_on
from tests.recertification.random_histories import (
    NAMES,
    after,
    days,
    general_policies,
    histories,
    pathways,
    policies,
    several_policies,
)

many = settings(max_examples=300)
Rules = tuple[Policy, ...]
CLUBS = Policy(d("2026-01-01"), period_months=24, starter_days=60, pathway="clubs")
SCHOOL = Policy(d("2026-01-01"), period_months=6, window_days=30, pathway="school")


def goes(day: str, name: str) -> PathwayFact:
    return PathwayFact(d(day), name)


@pytest.mark.parametrize(
    ("choices", "until"),
    [
        ([], "2027-02-12"),  # nobody chose: the rule for everybody
        ([goes("2025-01-01", "leaders")], "2027-02-12"),  # a pathway without a rule of its own
        ([goes("2025-01-01", "clubs")], "2028-02-12"),
        ([goes("2025-01-01", "clubs"), goes("2026-02-12", "school")], "2026-08-12"),  # the day itself counts
        ([goes("2025-01-01", "clubs"), goes("2026-02-13", "school")], "2028-02-12"),  # a later move changes nothing
    ],
)
def test_the_pathway_of_the_day_decides_how_long_a_certificate_is_valid(choices: list[PathwayFact], until: str) -> None:
    now = status_on(employee(completed("2026-02-12"), *choices), "2026-03-01", RULE, CLUBS, SCHOOL)
    assert now.valid_until == d(until)


@pytest.mark.parametrize(
    ("moved", "before", "after_it"),
    [
        ("clubs", "2027-02-12", "2028-02-12"),  # longer: later at once
        ("school", "2027-02-12", "2026-10-08"),  # shorter, and passed: the minimum of days from the move
        ("leaders", "2027-02-12", "2027-02-12"),  # the same rule: nothing moves
    ],
)
def test_a_change_of_pathway_moves_the_due_date_but_never_the_certificate(
    moved: str, before: str, after_it: str
) -> None:
    facts = employee(completed("2026-02-12"), goes("2026-10-01", moved))
    rules = (RULE, CLUBS, SCHOOL)
    assert status_on(facts, "2026-09-30", *rules).due == d(before)
    now = status_on(facts, "2026-10-01", *rules)
    assert (now.due, now.valid_until) == (d(after_it), d("2027-02-12"))


def test_changing_the_pathway_and_back_restores_the_due_date() -> None:
    rules = (RULE, CLUBS)
    facts = employee(completed("2026-02-12"), goes("2026-10-01", "clubs"), goes("2026-11-01", "leaders"))
    assert [status_on(facts, day, *rules).due for day in ("2026-10-01", "2026-11-01")] == [
        d("2028-02-12"),
        d("2027-02-12"),
    ]
    late = employee(completed("2026-02-12"), goes("2026-10-01", "clubs"), goes("2027-11-01", "leaders"))
    assert status_on(late, "2027-11-01", *rules).due == d("2027-11-08")  # not at once, but soon


def test_a_certificate_of_another_pathway_is_valid_until_its_date() -> None:
    facts = employee(completed("2026-02-12"), goes("2025-01-01", "clubs"), goes("2026-10-01", "leaders"))
    now = status_on(facts, "2027-03-01", RULE, CLUBS)
    assert (now.state, now.valid_until, now.due) == ("overdue", d("2028-02-12"), d("2027-02-12"))
    renewed = status_on(add_facts(facts, refreshed("2027-03-01")), "2027-03-01", RULE, CLUBS)
    assert renewed.valid_until == d("2028-03-01")


def test_a_version_with_a_later_start_governs_from_its_day_and_the_general_policy_until_then() -> None:
    later = replace(CLUBS, since=d("2026-06-01"))
    facts = employee(completed("2026-02-12"), goes("2025-01-01", "clubs"))
    assert status_on(facts, "2026-06-01", RULE, later).due == d("2027-02-12")  # from the next renewal on
    now = replace(later, applies="now")
    assert [status_on(facts, day, RULE, now).due for day in ("2026-05-31", "2026-06-01")] == [
        d("2027-02-12"),
        d("2028-02-12"),
    ]
    renewed = add_facts(facts, refreshed("2027-01-20"))
    assert status_on(renewed, "2027-01-20", RULE, later).valid_until == d("2029-02-12")


def test_a_later_version_for_everybody_does_not_replace_a_pathway_policy() -> None:
    general = Policy(d("2026-09-01"), period_months=3, window_days=14, applies="now")
    facts = employee(completed("2026-02-12"))
    assert status_on(facts, "2026-09-01", RULE, CLUBS, general).due == d("2026-09-08")
    assert status_on(add_facts(facts, goes("2025-01-01", "clubs")), "2026-09-01", RULE, CLUBS, general).due == d(
        "2028-02-12"
    )


@pytest.mark.parametrize(("applies", "due"), [("now", "2027-02-12"), ("from the next renewal", "2028-02-12")])
def test_a_pathway_can_follow_everybody_again(applies: str, due: str) -> None:
    end = Policy(d("2026-09-01"), kind="general", pathway="clubs", applies=applies)
    facts = employee(completed("2026-02-12"), goes("2025-01-01", "clubs"))
    rules = (RULE, CLUBS, end)
    assert (status_on(facts, "2026-09-01", *rules).due, status_on(facts, "2026-09-01", *rules).valid_until) == (
        d(due),
        d("2028-02-12"),
    )
    assert own_pathway_policy(rules, "clubs", d("2026-08-31")) is CLUBS
    assert own_pathway_policy(rules, "clubs", d("2026-09-01")) is None
    assert describe_policy(end) == "The rule for everyone applies again."


def test_only_a_pathway_can_follow_everybody() -> None:
    with pytest.raises(ValueError, match="anniversary"):
        Policy(d("2026-09-01"), kind="general")


def test_starters_get_the_starter_days_of_their_pathway() -> None:
    facts = employee(goes("2026-02-01", "clubs"), since="2026-02-01")
    assert status_on(facts, "2026-02-01", RULE, CLUBS).due == d("2026-04-02")
    away = add_facts(facts, goes("2026-02-10", "leaders"))
    assert status_on(away, "2026-02-10", RULE, CLUBS).due == d("2026-03-01")


def test_a_preview_for_a_pathway_affects_only_the_people_in_it() -> None:
    people = {
        "club": employee(completed("2026-02-12"), goes("2025-01-01", "clubs")),
        "left the clubs": employee(completed("2026-02-12"), goes("2025-01-01", "clubs"), goes("2025-02-01", "school")),
        "none": employee(completed("2026-02-12")),
    }
    wanted = Policy(d("2026-11-22"), period_months=24, pathway="clubs", applies="now")
    seen = preview_policy_change(people, [RULE], [RULE, wanted], d("2026-11-22"))
    assert ([touch.key for touch in seen.affected], seen.unaffected_count) == (["club"], 2)
    assert (seen.affected[0].before.due, seen.affected[0].after.due) == (d("2027-02-12"), d("2028-02-12"))


@many
@given(histories, general_policies, days)
def test_without_a_pathway_policy_pathways_make_no_difference(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    plain = replace(facts, pathways=())
    assert policies_for_person(rules, facts.pathways) == rules
    assert certification_status(facts, rules, on) == certification_status(plain, rules, on)
    assert cycles(facts, rules, on) == cycles(plain, rules, on)


@many
@given(histories, general_policies, policies(pathway="unknown"), days)
def test_the_policy_of_another_pathway_changes_nothing(
    facts: CertificationFacts, rules: Rules, other: Policy, on: date
) -> None:
    assert certification_status(facts, [*rules, other], on) == certification_status(facts, rules, on)


@many
@given(histories, several_policies, days)
def test_the_governing_versions_have_no_pathway_and_combining_them_again_changes_nothing(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    merged = policies_for_person(rules, facts.pathways)
    assert not any(policy.pathway or policy.kind == "general" for policy in merged)
    assert policies_for_person(merged, facts.pathways) == merged
    assert certification_status(facts, merged, on) == certification_status(facts, rules, on)


@many
@given(st.lists(pathways, max_size=4), several_policies, days, st.sampled_from(NAMES))
def test_a_later_change_of_pathway_leaves_the_earlier_part_of_the_sequence(
    history: list[PathwayFact], rules: Rules, on: date, name: str
) -> None:
    known = [choice for choice in history if choice.since <= on]
    moved = [*known, PathwayFact(after(on, 1), name)]

    def until(choices: list[PathwayFact]) -> list[Policy]:
        return [policy for policy in policies_for_person(rules, choices) if policy.governs_from <= on]

    assert until(moved) == until(known)


@many
@given(histories, several_policies, days, st.sampled_from([*NAMES, "leaders"]))
def test_no_change_of_pathway_leaves_less_than_the_minimum_days(
    facts: CertificationFacts, rules: Rules, on: date, name: str
) -> None:
    first = Policy(date(2018, 1, 1), minimum_days=5)
    known = facts.as_of(after(on, -1))
    with_move = replace(known, pathways=(*known.pathways, PathwayFact(on, name)))
    # Other changes of that day are left out, so that only the change of pathway is tested.
    kept = [first, *(replace(rule, minimum_days=5) for rule in rules if rule.governs_from != on)]
    without, moved = certification_status(known, kept, on), certification_status(with_move, kept, on)
    assert moved.valid_until == without.valid_until
    if without.due is not None and moved.due is not None:
        assert moved.due >= min(without.due, after(on, 5))


def revoked(day: str, on: str, kind: str = "initial") -> CompletionFact:
    return replace(completed(day, kind), revoked=d(on), revocation_reason="not taken in person")


def test_a_revoked_certificate_is_valid_before_its_revocation_and_not_after() -> None:
    facts = employee(revoked("2026-02-12", "2026-11-22"))
    before = status_on(facts, "2026-11-21")
    assert (before.state, before.valid_until, before.due) == ("up-to-date", d("2027-02-12"), d("2027-02-12"))
    now = status_on(facts, "2026-11-22")
    assert (now.state, now.valid_until, now.due, now.course) == ("not-yet-due", None, d("2026-11-29"), "initial")
    assert "the certificate of 12 February 2026 was revoked on 22 November 2026 (not taken in person)" in now.because
    assert "29 November 2026, because a certificate that you held stopped counting on 22 November 2026" in now.because
    assert status_on(facts, "2026-11-30").state == "overdue"
    assert missing_due_date_reason(facts, [RULE], d("2026-11-30")) is None


def test_a_revocation_never_extends_a_certificate() -> None:
    nearly = employee(revoked("2026-02-12", "2027-02-10"))
    assert status_on(nearly, "2027-02-10").due == d("2027-02-12")
    long_ago = employee(revoked("2025-02-12", "2026-11-22"))
    assert status_on(long_ago, "2026-11-22").overdue_days > 0


def test_after_a_revocation_an_earlier_valid_certificate_decides_again() -> None:
    facts = employee(completed("2026-02-12"), replace(revoked("2026-09-01", "2026-11-22", "refresher")))
    now = status_on(facts, "2026-11-22")
    assert (now.state, now.due, now.valid_until) == ("up-to-date", d("2027-02-12"), d("2027-02-12"))
    assert "What you did since does not count, because the certificate of 1 September 2026 was revoked" in now.because


def test_a_later_certificate_keeps_its_date_when_the_one_before_it_is_revoked() -> None:
    facts = employee(revoked("2026-02-12", "2027-06-01"), refreshed("2027-01-20"))
    assert status_on(facts, "2027-06-01").valid_until == d("2028-02-12")
    fresh = employee(revoked("2026-02-12", "2026-11-22"), completed("2027-01-20"))
    assert status_on(fresh, "2027-01-20").valid_until == d("2028-01-20")
    assert not cycles(employee(revoked("2026-02-12", "2026-11-22"), refreshed("2027-01-20")), [RULE], d("2027-01-20"))[
        1
    ].is_counted


def test_a_withdrawn_import_can_be_recorded_again() -> None:
    paper = completed("2026-02-12", "imported", "2026-03-01")
    gone = replace(paper, recorded=d("2026-04-01"), revoked=d("2026-04-01"))
    anew = replace(paper, recorded=d("2026-05-01"))
    facts = employee(paper, gone, anew)
    held = [status_on(facts, day).valid_until for day in ("2026-03-31", "2026-04-01", "2026-04-30", "2026-05-01")]
    assert held == [d("2027-02-12"), None, None, d("2027-02-12")]
    assert "withdrawn on 1 April 2026" in status_on(facts, "2026-04-01").because


@many
@given(histories, several_policies, days)
def test_a_revocation_leaves_the_minimum_days_and_every_certificate_keeps_its_date(
    facts: CertificationFacts, rules: Rules, on: date
) -> None:
    first = [Policy(date(2018, 1, 1)), *rules]
    recorded = [c for c in facts.completions if c.recorded_on < on]
    known = replace(facts, completions=tuple(replace(c, revoked=None) for c in recorded))
    gone = replace(facts, completions=tuple(replace(c, revoked=on) for c in recorded))
    without, now = certification_status(known, first, on), certification_status(gone, first, on)
    assert now.valid_until is None
    assert certification_status(gone, first, after(on, -1)) == certification_status(known, first, after(on, -1))
    then = {cycle.key: cycle.valid_until for cycle in cycles(known, first, on)}
    assert {cycle.key: cycle.valid_until for cycle in cycles(gone, first, on)} == then
    if without.due is not None and now.due is not None:
        governs = policy_in_force(policies_for_person(first, facts.as_of(on).pathways), on)
        assert governs is not None
        assert now.due >= min(without.due, after(on, governs.minimum_days))
        assert now.overdue_days == 0 or without.overdue_days > 0
    if now.state not in ("not-required", "paused"):
        assert missing_due_date_reason(gone, first, on) is None
