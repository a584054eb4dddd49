"""Until the next change, a certification status stays what it is under random histories."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from course.recertification.rules import CertificationFacts, Policy
from course.recertification.rules.certification_status import status_details
from course.recertification.rules.next_change import next_change
from course.reports.rules import ListedPerson, is_employed_on, status_line
from tests.recertification.makers import completed, d, employee
from tests.recertification.random_histories import FIRST, days, histories, several_policies

LAST_LOOK = date(2045, 1, 1)  # after every date that the random histories can give


def reported(facts: CertificationFacts, rules: tuple[Policy, ...], on: date) -> tuple[object, ...]:
    """What a report says of somebody on a day, except the number of days since the due date."""
    line = status_line(ListedPerson(1, "", "", ()), facts, status_details(facts, rules, on), "")
    return (
        is_employed_on(facts, on), line.state, line.due, line.valid_until, line.started, line.course, line.pathway,
        line.employment_start,
    )  # fmt: skip


@settings(max_examples=300)
@given(histories, several_policies, days, st.lists(st.integers(0, 10_000), min_size=4, max_size=4))
def test_nothing_that_a_report_says_changes_before_the_next_change(
    facts: CertificationFacts, rules: tuple[Policy, ...], on: date, places: list[int]
) -> None:
    until = next_change(facts, rules, status_details(facts, rules, on)) or LAST_LOOK
    assert until > on
    span = (until - on).days
    for place in {span - 1, *(place % span for place in places)}:
        day = on + timedelta(days=place)
        assert reported(facts, rules, day) == reported(facts, rules, on), (on, day, until)


@settings(max_examples=20)
@given(histories, several_policies)
def test_walking_from_change_to_change_misses_no_day(facts: CertificationFacts, rules: tuple[Policy, ...]) -> None:
    on, end = FIRST, date(2022, 1, 1)
    until: date | None = FIRST
    kept: tuple[object, ...] = ()
    while on < end:
        if until is not None and on >= until:
            kept = reported(facts, rules, on)
            until = next_change(facts, rules, status_details(facts, rules, on))
        assert reported(facts, rules, on) == kept, on
        on += timedelta(days=1)


def test_the_days_of_a_certificate_are_its_window_its_last_day_and_its_grace() -> None:
    facts, rules = employee(completed("2025-02-12"), since="2025-01-01"), (Policy(d("2024-01-01")),)
    found: list[date] = []
    details = status_details(facts, rules, d("2025-03-01"))
    while (day := next_change(facts, rules, details)) is not None:
        found.append(day)
        details = status_details(facts, rules, day)
    assert [d("2026-02-12"), d("2026-02-13"), d("2027-02-12"), d("2027-02-13")] == found[-4:]
    assert d("2025-12-14") in found, "60 days before the last day the renewal window opens"
