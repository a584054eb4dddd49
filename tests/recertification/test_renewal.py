"""The numbered cases of the design, 1 to 23, and the list of all 46: each case has a test with its number, or the list
says where it is tested. The other cases are in test_renewal_later.py and test_renewal_on_rows.py."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from course.recertification.rules import (
    EmploymentFact,
    Extension,
    Policy,
    Requirement,
    StartFact,
    cycle_reason,
    cycles,
    describe_policy,
    preview_policy_change,
)
from tests.recertification.makers import FIXED, RULE, add_facts, completed, d, employee, person, refreshed, status_on


def test_every_case_is_tested_by_its_number() -> None:
    tests = Path(__file__).resolve().parents[1]
    source = "\n".join(path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))
    found = {int(number) for number in re.findall(r"^def test_case_(\d\d)_", source, re.MULTILINE)}
    assert found == set(range(1, 47))


@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("2025-11-15", "2027-01-31"),  # a November starter need not do it again in January
        ("2025-08-31", "2026-01-31"),  # exactly the minimum
        ("2025-09-01", "2027-01-31"),
        ("2026-01-31", "2027-01-31"),
        ("2026-02-01", "2027-01-31"),
    ],
)
def test_case_01_a_fixed_date_leaves_at_least_the_minimum(day: str, until: str) -> None:
    assert status_on(employee(completed(day), since=day), day, FIXED).valid_until == d(until)


def test_case_01_both_dates_are_shown_before_the_rule_is_saved() -> None:
    people = {"nina": employee(completed("2026-09-15"), since="2026-09-01")}
    fixed = replace(FIXED, since=d("2026-11-22"), applies="from the next renewal")
    (touch,) = preview_policy_change(people, [RULE], [RULE, fixed], d("2026-11-22")).affected
    assert (touch.renewed_before, touch.renewed_after) == (d("2028-09-15"), d("2029-01-31"))
    assert "15 September 2028 → 31 January 2029" in touch.summary
    (now,) = preview_policy_change(people, [RULE], [RULE, replace(fixed, applies="now")], d("2026-11-22")).affected
    assert (now.before.due, now.after.due) == (d("2027-09-15"), d("2028-01-31"))


@pytest.mark.parametrize(
    ("day", "fixed", "minimum", "until"),
    [
        ("2025-08-20", (1, 12), 5, "2026-12-01"),  # Totara's help: done in August
        ("2025-04-10", (1, 12), 5, "2025-12-01"),  # expired, and done in April
        ("2014-08-24", (31, 12), 5, "2015-12-31"),  # forum d=16441
    ],
)
def test_case_01_the_examples_of_totara_come_out_the_same(
    day: str, fixed: tuple[int, int], minimum: int, until: str
) -> None:
    rule = Policy(d("2010-01-01"), kind="fixed", fixed_day=fixed[0], fixed_month=fixed[1], minimum_months=minimum)
    assert status_on(employee(completed(day), since="2010-01-01"), day, rule).valid_until == d(until)


def test_case_01_a_renewal_in_the_window_of_a_fixed_date_reaches_the_next() -> None:
    rule = Policy(d("2010-01-01"), kind="fixed", fixed_day=1, fixed_month=12, minimum_months=5)
    facts = employee(completed("2025-04-10"), refreshed("2025-11-15"))
    assert status_on(facts, "2025-11-15", rule).valid_until == d("2026-12-01")


def test_case_02_almost_two_years_by_a_fixed_date_say_why() -> None:
    rule = replace(FIXED, minimum_months=12)
    now = status_on(employee(completed("2026-02-01"), since="2026-01-20"), "2026-02-02", rule)
    assert now.valid_until == d("2028-01-31")
    for part in ("31 January 2028", "1 February 2026", "everyone renews by 31 January", "at least 12 months"):
        assert part in now.because


def test_case_03_renewing_early_in_the_window_keeps_the_date_and_before_it_loses_nothing() -> None:
    facts = employee(completed("2026-02-12"))
    inside = add_facts(facts, refreshed("2026-12-20"))
    assert status_on(inside, "2026-12-20").valid_until == d("2028-02-12")
    before = add_facts(facts, refreshed("2026-08-01"))
    assert status_on(before, "2026-08-01").valid_until == d("2027-08-01")
    long = employee(completed("2026-01-01", "imported", until="2029-01-01"), refreshed("2026-08-01"))
    assert status_on(long, "2026-08-01").valid_until == d("2029-01-01")
    assert "what you held already is valid for longer" in status_on(long, "2026-08-01").because


@pytest.mark.parametrize("days", [0, -3, 336, 400])
def test_case_04_a_window_that_does_not_open_before_the_last_day_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="at least one day before"):
        Policy(d("2020-01-01"), window_days=days)


def test_case_04_the_window_opens_at_least_a_day_before_the_last_day() -> None:
    now = status_on(employee(completed("2026-02-12")), "2026-06-01", replace(RULE, window_days=1))
    assert (now.window_opens, now.valid_until) == (d("2027-02-11"), d("2027-02-12"))
    short = status_on(employee(completed("2026-02-12", "imported", until="2026-02-13")), "2026-02-12")
    assert short.window_opens == d("2026-02-12")


def test_case_05_the_certificate_stays_valid_when_the_window_opens_and_an_attempt_begins() -> None:
    facts = employee(completed("2026-02-12"), StartFact(d("2026-12-20")))
    now = status_on(facts, "2026-12-21")
    assert (now.state, now.valid_until, now.started) == ("in-progress", d("2027-02-12"), d("2026-12-20"))
    assert status_on(employee(completed("2026-02-12"), StartFact(d("2026-06-01"))), "2026-06-02").state == "up-to-date"


def test_case_06_the_rule_in_words_says_from_where_the_period_counts() -> None:
    assert "12 months, counted from the day of completion, up to and including the last day" in describe_policy(RULE)


def test_case_07_neither_leaving_nor_losing_the_reason_resets_a_certificate() -> None:
    facts = employee(completed("2026-02-12"), end="2026-03-12")
    now = status_on(facts, "2026-03-13")
    assert (now.state, now.valid_until) == ("not-required", d("2027-02-12"))
    assert len(cycles(facts, [RULE], d("2026-03-13"))) == 1


def test_case_08_only_the_settings_that_apply_are_shown_and_the_defaults_are_not_nothing() -> None:
    assert "fixed_day" not in RULE.fields
    assert "period_months" not in FIXED.fields
    assert "31 January" not in describe_policy(RULE)
    assert "31 January" in describe_policy(FIXED)
    assert "5 months" in describe_policy(FIXED)
    with pytest.raises(ValueError, match="at least one month"):
        Policy(d("2020-01-01"), period_months=0)


def test_case_15_an_extension_moves_the_due_day_and_not_the_cycle() -> None:
    more = Extension(d("2027-02-01"), d("2027-03-12"), "short of staff")
    facts = employee(completed("2026-02-12"), more)
    now = status_on(facts, "2027-02-20")
    assert (now.state, now.due, now.valid_until) == ("due-soon", d("2027-03-12"), d("2027-02-12"))
    assert "12 March 2027, because you were granted more time: short of staff" in now.because
    assert status_on(add_facts(facts, refreshed("2027-02-10")), "2027-02-10").valid_until == d("2028-02-12")
    assert status_on(facts, "2027-03-12").overdue_days == 0
    assert (status_on(facts, "2027-03-13").state, status_on(facts, "2027-03-13").overdue_days) == ("expired", 1)


def test_case_16_finishing_inside_the_extension_is_in_time() -> None:
    more = Extension(d("2027-02-01"), d("2027-03-12"), "short of staff")
    now = status_on(employee(completed("2026-02-12"), more, refreshed("2027-03-12")), "2027-03-12")
    assert (now.valid_until, now.anchor) == (d("2028-02-12"), d("2026-02-12"))
    assert "inside your extension; your date stays 12 February" in now.because
    late = status_on(employee(completed("2026-02-12"), more, refreshed("2027-03-13")), "2027-03-13")
    assert (late.valid_until, late.anchor) == (d("2028-03-13"), d("2027-03-13"))


def test_case_16_a_very_long_extension_never_makes_the_next_renewal_due_at_once() -> None:
    more = Extension(d("2027-02-01"), d("2028-02-01"), "a long project")
    now = status_on(employee(completed("2026-02-12"), more, refreshed("2028-01-20")), "2028-01-20")
    assert (now.valid_until, now.state) == (d("2029-01-20"), "up-to-date")


def test_case_17_a_returner_with_a_valid_certificate_keeps_it() -> None:
    facts = employee(completed("2026-02-12"), EmploymentFact(d("2026-10-01")), end="2026-06-30")
    assert status_on(facts, "2026-08-01").state == "not-required"
    back = status_on(facts, "2026-10-01")
    assert (back.state, back.due, back.course) == ("up-to-date", d("2027-02-12"), "refresher")


def test_case_17_a_returner_with_an_expired_certificate_has_the_starter_days() -> None:
    facts = employee(completed("2026-02-12"), EmploymentFact(d("2027-05-01")), end="2026-06-30")
    back = status_on(facts, "2027-05-01")
    assert (back.state, back.due, back.overdue_days) == ("due-soon", d("2027-05-29"), 0)
    assert back.course == "refresher"
    assert (status_on(facts, "2027-05-30").state, status_on(facts, "2027-05-30").overdue_days) == ("expired", 1)


def test_case_18_the_requirement_is_checked_in_each_cycle() -> None:
    ended = Requirement(d("2024-01-01"), d("2026-12-31"), "staff", recorded=d("2026-12-15"))
    facts = employee(completed("2026-02-12"), ended)
    assert status_on(facts, "2026-12-31").state == "due-soon"
    assert (status_on(facts, "2027-01-01").state, status_on(facts, "2027-01-01").due) == ("not-required", None)


def test_case_19_of_two_requirements_the_earliest_due_date_applies_and_both_are_named() -> None:
    facts = employee(Requirement(d("2026-11-10"), None, "youth leader"), since="2026-11-01")
    now = status_on(facts, "2026-11-22")
    assert (now.due, now.reasons) == (d("2026-11-29"), ("staff", "youth leader"))
    assert "2 reasons: staff; youth leader" in now.because


def test_case_19_a_change_of_pathway_does_not_grant_the_starter_days_again() -> None:
    volunteer = Requirement(d("2026-10-01"), d("2026-11-10"), "volunteer")
    facts = person(EmploymentFact(d("2026-10-01")), volunteer, Requirement(d("2026-11-11"), None, "staff"))
    now = status_on(facts, "2026-11-22")
    assert (now.state, now.due, now.reasons) == ("overdue", d("2026-10-29"), ("staff",))


def test_case_20_imported_certificates_have_an_age_limit_and_expired_ones_leave_the_minimum_days() -> None:
    rule = replace(RULE, import_age_months=24)
    old = employee(completed("2023-11-01", "imported", recorded="2026-11-20"), since="2026-11-01")
    now = status_on(old, "2026-11-22", rule)
    assert (now.state, now.valid_until, now.course) == ("not-yet-due", None, "initial")
    assert "too old" in now.because
    ran_out = employee(completed("2025-06-01", "imported", recorded="2026-11-20"), since="2026-11-01")
    now = status_on(ran_out, "2026-11-22", rule)
    assert (now.state, now.valid_until, now.due, now.overdue_days) == ("due-soon", d("2026-06-01"), d("2026-11-29"), 0)
    assert status_on(ran_out, "2026-11-30", rule).state == "expired"
    assert not any(cycle.issues_certificate for cycle in cycles(ran_out, [rule], d("2026-11-22")))


def test_case_21_an_import_holds_last_and_this_years_record_and_keeps_the_stated_day() -> None:
    facts = employee(
        completed("2025-08-24", "imported", "2026-11-20", "2025-12-31"),
        completed("2026-08-24", "imported", "2026-11-20", "2026-12-31"),
    )
    chain = cycles(facts, [RULE], d("2026-11-20"))
    assert [cycle.valid_until for cycle in chain] == [d("2025-12-31"), d("2026-12-31")]
    assert "24 August 2026 that you brought says so" in status_on(facts, "2026-11-20").because
    computed = cycles(employee(completed("2026-08-24", "imported", "2026-11-20")), [RULE], d("2026-11-20"))
    assert [cycle.valid_until for cycle in computed] == [d("2027-08-24")]


def test_case_22_a_preview_names_the_affected_people_and_leaves_the_choice() -> None:
    people = {
        "amir": employee(completed("2026-02-12")),
        "bea": employee(completed("2026-11-01")),
        "gone": employee(end="2025-01-01"),
        "new": employee(since="2026-11-20"),
    }
    shorter = Policy(d("2026-11-22"), period_months=6, applies="now")
    now = preview_policy_change(people, [RULE], [RULE, shorter], d("2026-11-22"))
    assert [touch.key for touch in now.affected] == ["amir", "bea", "new"]
    assert now.unaffected_count == 1
    amir, bea, new = now.affected
    assert (amir.before.due, amir.after.due) == (d("2027-02-12"), d("2026-11-29"))  # the floor
    assert (bea.before.due, bea.after.due) == (d("2027-11-01"), d("2027-05-01"))
    assert (new.before.due, new.after.due) == (d("2026-12-18"), d("2026-12-18"))
    assert "due day: 12 February 2027 → 29 November 2026" in amir.summary
    assert not any(touch.becomes_overdue for touch in now.affected)
    later = preview_policy_change(
        people, [RULE], [RULE, replace(shorter, applies="from the next renewal")], d("2026-11-22")
    )
    assert all(touch.before.due == touch.after.due for touch in later.affected)
    assert later.affected[0].summary == "next certificate would be valid until: 12 February 2028 → 12 August 2027"


@pytest.mark.parametrize("applies", ["now", "from the next renewal"])
@pytest.mark.parametrize("months", [6, 24])
def test_case_23_another_period_never_changes_a_certificate_that_was_issued(applies: str, months: int) -> None:
    facts = employee(completed("2026-02-12"))
    other = Policy(d("2026-11-22"), period_months=months, applies=applies)
    now = status_on(facts, "2026-12-22", RULE, other)
    assert now.valid_until == d("2027-02-12")
    due = {6: "2026-11-29", 24: "2028-02-12"}[months] if applies == "now" else "2027-02-12"
    assert now.due == d(due)


def test_case_23_a_renewal_between_the_expiry_and_a_later_due_date_is_in_time() -> None:
    longer = Policy(d("2026-11-22"), period_months=24, applies="now")
    facts = employee(completed("2026-02-12"))
    waiting = status_on(facts, "2027-06-01", RULE, longer)
    assert (waiting.state, waiting.due, waiting.valid_until) == ("up-to-date", d("2028-02-12"), d("2027-02-12"))
    assert "because the rule was changed; the date on your certificate stays" in waiting.because
    renewed = status_on(add_facts(facts, refreshed("2028-01-15")), "2028-01-15", RULE, longer)
    assert (renewed.valid_until, renewed.anchor) == (d("2030-02-12"), d("2026-02-12"))


def test_the_example_explanation_of_the_design() -> None:
    now = status_on(employee(completed("2025-02-12"), refreshed("2026-01-20")), "2026-11-22")
    assert now.because == (
        "Up to date until 12 February 2027, because you renewed inside your window; your date stays 12 February."
    )
    assert cycle_reason(cycles(employee(completed("2025-02-12")), [RULE], d("2026-01-01"))[0]) == (
        "you completed the course on 12 February 2025, and a certificate is valid for 12 months"
    )
