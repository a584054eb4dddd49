"""The numbered cases of the design, 25 to 46, as far as the rules decide them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course.recertification.rules import (
    EmploymentFact,
    Extension,
    Pause,
    Policy,
    Requirement,
    StartFact,
    cycles,
    missing_due_date_reason,
)
from tests.recertification.makers import RULE, add_facts, completed, d, employee, person, refreshed, status_on


def test_case_25_a_changed_rule_neither_deletes_nor_redates_a_completion() -> None:
    facts = employee(completed("2025-02-12"), refreshed("2026-01-20"), refreshed("2026-08-01"))
    before = cycles(facts, [RULE], d("2026-11-22"))
    other = Policy(d("2026-11-22"), kind="fixed", minimum_months=8, applies="now")
    assert cycles(facts, [RULE, other], d("2026-11-22")) == before
    assert [cycle.completion for cycle in before] == list(facts.completions)


def test_case_26_a_pass_of_an_earlier_cycle_does_not_renew() -> None:
    facts = employee(StartFact(d("2026-01-20")), completed("2026-02-12"), StartFact(d("2026-02-12")))
    now = status_on(facts, "2027-01-20")
    assert (now.state, now.started, now.due) == ("due-soon", None, d("2027-02-12"))


def test_case_27_after_the_certificate_ran_out_old_work_does_not_count() -> None:
    now = status_on(employee(StartFact(d("2026-01-20")), completed("2026-02-12")), "2027-03-01")
    assert (now.state, now.started, now.course, now.overdue_days) == ("expired", None, "refresher", 17)


@pytest.mark.parametrize(
    ("days", "until"),
    [
        (["2024-02-29"], "2025-02-28"),
        (["2024-02-29", "2025-02-20", "2026-02-20", "2027-02-20"], "2028-02-29"),  # back on the leap day
        (["2019-04-01"], "2020-04-01"),  # ILIAS' example: the leap year costs no day
        (["2019-01-17"], "2020-01-17"),
        (["2025-03-31"], "2026-03-31"),
    ],
)
def test_case_28_leap_days_and_month_ends_count_from_the_anchor(days: list[str], until: str) -> None:
    first, *rest = days
    facts = employee(completed(first), *(refreshed(day) for day in rest), since="2019-01-01")
    assert status_on(facts, days[-1], replace(RULE, since=d("2019-01-01"))).valid_until == d(until)


def test_case_28_the_last_of_january_is_clamped_and_comes_back() -> None:
    monthly = Policy(d("2020-01-01"), period_months=1, window_days=7)
    chain = cycles(
        employee(completed("2026-01-31"), refreshed("2026-02-25"), refreshed("2026-03-28")), [monthly], d("2026-04-01")
    )
    assert [cycle.valid_until for cycle in chain] == [d("2026-02-28"), d("2026-03-31"), d("2026-04-30")]
    assert {cycle.anchor for cycle in chain} == {d("2026-01-31")}
    assert chain[0].window_opens == d("2026-02-21")


def test_case_29_the_window_lies_before_the_last_day_and_not_after() -> None:
    now = status_on(employee(completed("2026-02-12")), "2026-12-13")
    assert (now.window_opens, now.state) == (d("2026-12-14"), "up-to-date")
    assert status_on(employee(completed("2026-02-12")), "2026-12-14").state == "due-soon"


def test_case_30_after_years_without_any_job_the_status_is_the_same_as_with_daily_jobs() -> None:
    facts = employee(completed("2026-02-12"))
    assert [
        status_on(facts, day).state for day in ("2026-12-13", "2026-12-14", "2027-02-12", "2027-02-13", "2029-01-01")
    ] == [
        "up-to-date",
        "due-soon",
        "due-soon",
        "expired",
        "expired",
    ]


def test_case_31_a_paused_person_is_not_reported_as_certified_after_the_certificate_expired() -> None:
    now = status_on(employee(completed("2026-02-12"), Pause(d("2026-11-01"), None, 14, "suspended")), "2027-06-01")
    assert (now.state, now.valid_until, now.overdue_days) == ("paused", d("2027-02-12"), 0)
    assert "was valid up to and including 12 February 2027" in now.because
    assert "suspended" in now.because


def test_case_32_no_status_hides_a_person_from_the_report() -> None:
    facts = employee(since="2026-11-21")
    assert (status_on(facts, "2026-11-22").state, status_on(facts, "2027-11-22").state) == ("not-yet-due", "overdue")
    assert missing_due_date_reason(facts, [RULE], d("2027-11-22")) is None


def test_case_33_every_completion_is_in_the_chain_and_one_that_does_not_count_says_why() -> None:
    facts = employee(completed("2024-02-12"), refreshed("2026-06-01"))
    chain = cycles(facts, [RULE], d("2026-06-01"))
    assert [cycle.is_counted for cycle in chain] == [True, False]
    now = status_on(facts, "2026-06-02")
    assert "does not count, because the refresher of 1 June 2026 came after the limit" in now.because


def test_case_33_an_uncounted_refresher_counts_when_its_foundation_is_recorded() -> None:
    facts = employee(completed("2024-02-12"), refreshed("2026-06-01"))
    paper = completed("2025-06-15", "refresher", recorded="2026-06-10")
    assert status_on(add_facts(facts, paper), "2026-06-09").valid_until == d("2025-02-12")
    now = status_on(add_facts(facts, paper), "2026-06-10")
    assert (now.valid_until, now.state) == (d("2027-06-15"), "up-to-date")


def test_case_34_a_due_date_is_never_in_the_past_when_it_is_set() -> None:
    facts = person(
        EmploymentFact(d("2015-01-01")), Requirement(d("2015-01-01"), None, "staff", recorded=d("2026-11-22"))
    )
    now = status_on(facts, "2026-11-22")
    assert (now.due, now.state) == (d("2026-11-29"), "not-yet-due")
    assert "29 November 2026, because everyone gets at least the minimum number of days" in now.because
    withdrawn = employee(
        completed("2026-02-12"), Extension(d("2027-02-01"), d("2027-06-12"), "a project", withdrawn=d("2027-03-01"))
    )
    assert (status_on(withdrawn, "2027-02-28").due, status_on(withdrawn, "2027-03-01").due) == (
        d("2027-06-12"),
        d("2027-03-08"),
    )


def test_case_35_a_person_who_missed_a_cycle_still_has_a_due_date() -> None:
    facts = employee(completed("2024-02-12"))
    assert missing_due_date_reason(facts, [RULE], d("2030-01-01")) is None
    now = status_on(facts, "2026-11-22")
    assert (now.due, now.state, now.course) == (d("2025-02-12"), "expired", "initial")
    assert missing_due_date_reason(
        employee(Pause(d("2026-11-01"), None, 14, "parental leave")), [RULE], d("2026-11-22")
    ) == ("On leave since 1 November 2026 without a return date (parental leave).")
    late = replace(RULE, since=d("2027-01-01"))
    assert "no rule" in (missing_due_date_reason(facts, [late], d("2026-11-22")) or "")


def test_case_36_an_outage_of_any_length_ends_no_cycle() -> None:
    facts = employee(completed("2026-02-12"))
    far = status_on(facts, "2046-02-12")
    assert (far.due, far.overdue_days) == (d("2027-02-12"), (d("2046-02-12") - d("2027-02-12")).days)


@pytest.mark.parametrize(
    ("day", "kind", "until", "course"),
    [
        ("2027-02-13", "refresher", "2028-02-13", "refresher"),
        ("2028-02-12", "refresher", "2029-02-12", "refresher"),  # the last day of the limit
        ("2028-02-13", "refresher", "2027-02-12", "initial"),
        ("2028-02-13", "initial", "2029-02-13", "refresher"),
    ],
)
def test_case_37_late_is_late_but_counts(day: str, kind: str, until: str, course: str) -> None:
    now = status_on(employee(completed("2026-02-12"), completed(day, kind)), day)
    assert (now.valid_until, now.course) == (d(until), course)


def test_case_38_no_two_cycles_of_a_person_have_the_same_key() -> None:
    facts = employee(completed("2026-02-12"), completed("2026-02-12"), refreshed("2026-02-12"), refreshed("2027-01-20"))
    chain = cycles(facts, [RULE], d("2027-02-01"))
    assert len({cycle.key for cycle in chain}) == len(chain) == 3
    assert status_on(facts, "2027-02-01").cycle == d("2027-01-20")


def test_case_39_only_an_attempt_made_here_gets_a_certificate() -> None:
    facts = employee(completed("2025-06-01", "imported"), refreshed("2026-05-20"))
    assert [cycle.issues_certificate for cycle in cycles(facts, [RULE], d("2026-05-20"))] == [False, True]


def test_case_40_importing_the_same_file_again_changes_nothing() -> None:
    once = employee(completed("2025-06-01", "imported", "2026-01-10", "2026-06-01"))
    twice = add_facts(once, completed("2025-06-01", "imported", "2026-03-10", "2026-06-01"))
    assert cycles(twice, [RULE], d("2026-04-01")) == cycles(once, [RULE], d("2026-04-01"))
    assert status_on(twice, "2026-04-01") == status_on(once, "2026-04-01")


def test_case_41_the_last_valid_day_is_included() -> None:
    facts = employee(completed("2026-05-06"))
    last = status_on(facts, "2027-05-06")
    assert (last.valid_until, last.state, last.overdue_days) == (d("2027-05-06"), "due-soon", 0)
    after = status_on(facts, "2027-05-07")
    assert (after.state, after.overdue_days) == ("expired", 1)
    assert "valid up to and including 6 May 2027" in after.because


def test_case_45_a_leave_that_begins_in_the_window_stops_the_clock() -> None:
    leave = Pause(d("2027-01-10"), d("2027-05-31"), 21, "parental leave")
    facts = employee(completed("2026-02-12"), leave)
    away = status_on(facts, "2027-03-01")
    assert (away.state, away.overdue_days, away.valid_until) == ("paused", 0, d("2027-02-12"))
    assert (away.due, missing_due_date_reason(facts, [RULE], d("2027-03-01"))) == (d("2027-06-21"), None)
    back = status_on(facts, "2027-06-01")
    assert (back.state, back.due, back.valid_until) == ("due-soon", d("2027-06-21"), d("2027-02-12"))
    assert "31 May 2027 (parental leave)" in back.because
    assert status_on(facts, "2027-06-22").overdue_days == 1
    renewed = status_on(add_facts(facts, refreshed("2027-06-10")), "2027-06-10")
    assert (renewed.valid_until, renewed.anchor) == (d("2028-06-10"), d("2027-06-10"))


def test_case_45_an_early_return_is_another_fact_and_leaves_the_past_unchanged() -> None:
    leave = Pause(d("2027-01-10"), d("2027-05-31"), 21, "leave")
    sooner = Pause(d("2027-01-10"), d("2027-03-31"), 21, "leave", recorded=d("2027-03-20"))
    facts = employee(completed("2026-02-12"), leave, sooner)
    assert (status_on(facts, "2027-03-19").due, status_on(facts, "2027-03-20").due) == (
        d("2027-06-21"),
        d("2027-04-21"),
    )


def test_case_45_a_leave_after_the_due_date_does_not_help_before_it_begins() -> None:
    leave = Pause(d("2027-04-01"), d("2027-05-31"), 21, "leave", recorded=d("2027-02-01"))
    facts = employee(completed("2026-02-12"), leave)
    assert [status_on(facts, day).overdue_days for day in ("2027-03-31", "2027-04-01", "2027-06-21", "2027-06-22")] == [
        47,
        0,
        0,
        1,
    ]


def test_case_46_unfinished_progress_ends_on_a_date() -> None:
    facts = employee(StartFact(d("2026-11-05")), since="2026-11-01")
    now = status_on(facts, "2026-11-22")
    assert (now.state, now.progress_until) == ("in-progress", d("2028-05-05"))
    assert status_on(facts, "2028-05-05").started == d("2026-11-05")
    assert status_on(facts, "2028-05-06").started is None


def test_case_46_an_expired_certificate_gets_more_time_by_a_dated_decision() -> None:
    more = Extension(d("2027-03-10"), d("2027-04-30"), "the trainer was ill")
    facts = employee(completed("2026-02-12"), more)
    assert (status_on(facts, "2027-03-09").state, status_on(facts, "2027-03-10").state) == ("expired", "due-soon")
    assert status_on(add_facts(facts, refreshed("2027-04-30")), "2027-04-30").valid_until == d("2028-02-12")


def test_case_46_nobody_is_overdue_on_the_day_on_which_the_first_policy_starts() -> None:
    start = Policy(d("2026-11-22"))
    facts = employee(since="2018-01-01")
    assert (status_on(facts, "2026-11-21", start).state, status_on(facts, "2026-11-22", start).due) == (
        "not-required",
        d("2026-11-29"),
    )
