"""Nobody is called up to date or overdue wrongly when a policy change, an extension, a return, another certificate or a
revocation moves one date and not another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course.recertification.rules import (
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    StartFact,
    cycles,
    preview_policy_change,
)
from tests.recertification.makers import (
    RULE,
    add_facts,
    completed,
    d,
    employee,
    merge_facts,
    person,
    refreshed,
    status_on,
)

LONGER = Policy(d("2024-09-01"), period_months=36, applies="now")
TRAINED = employee(completed("2024-02-12"))


def move(day: str, name: str) -> PathwayFact:
    return PathwayFact(d(day), name)


# Two ways to the same longer period: the policy changes for everybody, or the person moves to a pathway that has it.
BY_CHANGE = (TRAINED, (RULE, LONGER))
BY_MOVE = (
    add_facts(TRAINED, move("2024-09-01", "clubs")),
    (RULE, replace(LONGER, since=d("2020-01-02"), pathway="clubs")),
)


@pytest.mark.parametrize("longer", [BY_CHANGE, BY_MOVE], ids=["the rule changes", "the person moves"])
@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("2025-02-01", "2028-02-01"),  # two years before it is due: from its own day
        ("2026-12-13", "2029-12-13"),
        ("2026-12-14", "2030-02-12"),  # the window is open: the date stays
        ("2027-02-12", "2030-02-12"),
        ("2027-02-13", "2030-02-13"),
    ],
)
def test_the_window_opens_before_the_present_due_date(longer, day: str, until: str) -> None:  # type: ignore[no-untyped-def]
    facts, rules = longer
    assert status_on(facts, "2025-02-01", *rules).window_opens == d("2026-12-14")
    assert status_on(add_facts(facts, refreshed(day)), day, *rules).valid_until == d(until)


@pytest.mark.parametrize("longer", [BY_CHANGE, BY_MOVE], ids=["the rule changes", "the person moves"])
def test_nobody_is_due_soon_years_before_the_due_date(longer) -> None:  # type: ignore[no-untyped-def]
    facts, rules = longer
    seen = [(status_on(facts, day, *rules).state, status_on(facts, day, *rules).label) for day in
            ("2025-02-01", "2025-02-13", "2026-12-13", "2026-12-14", "2027-02-12", "2027-02-13")]  # fmt: skip
    assert seen == [
        ("up-to-date", "Up to date"),
        ("up-to-date", "Up to date"),  # the certificate has ended, and by the rule of today it is worth more
        ("up-to-date", "Up to date"),
        ("due-soon", "Due in 60 days"),
        ("due-soon", "Due today"),
        ("expired", "1 day overdue"),
    ]


def test_a_shorter_period_opens_the_window_before_its_date_and_costs_no_renewal_in_time() -> None:
    shorter = Policy(d("2026-09-01"), period_months=6, window_days=30, applies="now")
    facts = employee(completed("2026-02-12"))
    now = status_on(facts, "2026-09-01", RULE, shorter)
    assert (now.due, now.valid_until, now.state) == (d("2026-09-08"), d("2027-02-12"), "due-soon")
    # The minimum number of days kept the due date from being nearer, so a renewal in time counts from the due date.
    renewed = add_facts(facts, refreshed("2026-09-05"))
    assert [cycle.valid_until for cycle in cycles(renewed, [RULE, shorter], d("2026-09-05"))] == [
        d("2027-02-12"),
        d("2027-03-08"),
    ]
    assert status_on(renewed, "2026-09-05", RULE, shorter).due == d("2027-03-08")
    late = status_on(add_facts(facts, refreshed("2026-09-09")), "2026-09-09", RULE, shorter)
    assert (late.due, late.valid_until) == (d("2027-03-09"), d("2027-03-09"))


def test_a_person_overdue_by_a_shorter_period_is_not_called_up_to_date() -> None:
    facts = employee(completed("2026-02-12"))
    now = status_on(facts, "2026-10-01", RULE, Policy(d("2026-09-01"), period_months=6, window_days=30, applies="now"))
    assert (now.state, now.overdue_days) == ("overdue", 23)
    assert "Up to date" not in now.because
    assert "Your certificate is valid up to and including 12 February 2027" in now.because


def test_of_two_versions_on_one_day_the_first_never_governed_anybody() -> None:
    wrong = Policy(d("2026-11-22"), period_months=36, applies="now")
    right = Policy(d("2026-11-22"), period_months=12, applies="now")
    facts = employee(completed("2025-02-12"))
    assert status_on(facts, "2026-11-22", RULE, wrong, right).due == d("2026-02-12")
    assert (
        status_on(facts, "2026-11-22", RULE, wrong, right).overdue_days
        == status_on(facts, "2026-11-22").overdue_days
        == 283
    )


# Expired on 12 February 2025; the grace period lasted until 12 February 2026. This is the 379th day after the expiry.
LAPSED, TODAY = employee(completed("2024-02-12")), "2026-02-26"
GIVEN = Extension(d(TODAY), d("2026-03-12"), "was ill")


@pytest.mark.parametrize(
    ("more", "due"),
    [
        (person(GIVEN), "2026-03-12"),
        (person(Extension(d(TODAY), d("2026-08-01"), "x"), Extension(d(TODAY), d("2026-12-01"), "y")), "2026-12-01"),
        (person(Pause(d("2026-02-20"), d("2026-03-01"), 11, "leave")), "2026-03-12"),
        (person(EmploymentFact(d("2024-01-01"), d("2026-01-31"), d("2026-01-31")), EmploymentFact(d(TODAY))), "2026-03-26"),
    ],
    ids=["more time", "more time twice", "a leave", "a return"],
)  # fmt: skip
def test_a_late_extension_never_turns_the_whole_course_into_the_refresher(more, due: str) -> None:  # type: ignore[no-untyped-def]
    facts = merge_facts(LAPSED, more)
    for day in ("2026-03-01", due):
        now = status_on(facts, day)
        assert (now.course, now.refresher_until) == ("initial", d("2026-02-12"))
        if now.state != "paused":
            assert (now.due, now.overdue_days, now.state) == (d(due), 0, "due-soon" if day == due else now.state)
        assert "now the whole course is needed again" in now.because
    refused = add_facts(facts, refreshed("2026-03-05"))
    assert [cycle.is_counted for cycle in cycles(refused, [RULE], d("2026-03-05"))] == [True, False]
    whole = status_on(add_facts(facts, completed("2026-03-05")), "2026-03-05")
    assert (whole.valid_until, whole.anchor) == (d("2027-03-05"), d("2026-03-05"))


def test_an_extension_before_the_end_of_the_grace_period_prolongs_it() -> None:
    facts = add_facts(LAPSED, Extension(d("2026-02-12"), d("2026-03-12"), "was ill"))
    now = status_on(facts, TODAY)
    assert (now.course, now.refresher_until) == ("refresher", d("2027-03-12"))
    assert status_on(add_facts(facts, refreshed(TODAY)), TODAY).valid_until == d("2027-02-26")
    # An extension granted after the first one was withdrawn, and after the grace period, prolongs nothing.
    back = replace(LAPSED, extensions=(Extension(d("2026-02-12"), d("2026-03-12"), "ill", d("2026-02-13")),))
    late = add_facts(back, Extension(d("2027-03-01"), d("2027-03-20"), "ill again"))
    assert (status_on(late, "2027-03-02").course, status_on(late, "2027-03-02").due) == ("initial", d("2027-03-20"))


def test_a_revocation_falls_back_to_an_older_grace_period_and_does_not_prolong_it() -> None:
    facts = employee(completed("2024-02-12"), replace(completed("2026-02-01"), revoked=d("2026-02-26")))
    now = status_on(facts, "2026-02-26")
    assert (now.course, now.state, now.due) == ("initial", "due-soon", d("2026-03-05"))
    assert not cycles(add_facts(facts, refreshed("2026-03-01")), [RULE], d("2026-03-01"))[-1].is_counted


def test_an_earlier_certificate_recorded_later_makes_a_refresher_enough_again() -> None:
    facts = add_facts(LAPSED, completed("2025-06-01", "imported", "2026-02-26"))
    assert (status_on(facts, TODAY).course, status_on(facts, TODAY).valid_until) == ("refresher", d("2026-06-01"))


# Left with a certificate that expired on 12 February 2026, and returned on 1 March with 28 starter days.
RETURNER = employee(completed("2025-02-12"), EmploymentFact(d("2026-03-01")), end="2025-12-31")


@pytest.mark.parametrize(
    ("facts", "day", "state", "words"),
    [
        (RETURNER, "2026-03-02", "due-soon", "Due in 27 days"),
        (RETURNER, "2026-03-29", "due-soon", "Due today"),
        (RETURNER, "2026-03-30", "expired", "1 day overdue"),
        (add_facts(RETURNER, StartFact(d("2026-03-02"))), "2026-03-02", "in-progress", "In progress"),
        # An earlier certificate had expired before its holder was employed here.
        (employee(completed("2024-11-01", "imported", "2026-03-01"), since="2026-03-01"), "2026-03-02", "due-soon",
         "Due in 27 days"),
        # A due date far away (after a long extension) is not soon, and a person without a certificate is not up to date.
        (add_facts(employee(completed("2025-02-12")), Extension(d("2026-02-13"), d("2026-12-01"), "x")), "2026-02-14",
         "not-yet-due", "Not started"),
        (add_facts(employee(completed("2025-02-12")), Extension(d("2025-12-20"), d("2026-12-01"), "x")), "2026-01-10",
         "up-to-date", "Up to date"),
        (add_facts(employee(completed("2025-02-12")), Extension(d("2025-12-20"), d("2026-12-01"), "x")), "2026-10-02",
         "due-soon", "Due in 60 days"),
    ],
)  # fmt: skip
def test_only_a_person_whose_due_date_has_passed_is_overdue(facts, day: str, state: str, words: str) -> None:  # type: ignore[no-untyped-def]
    now = status_on(facts, day)
    assert (now.state, now.label) == (state, words)
    assert (now.group == "overdue") == (now.overdue_days > 0) == (now.due is not None and now.on > now.due)


BROUGHT = completed("2025-06-01", "imported", "2025-06-20", "2026-01-31")


@pytest.mark.parametrize(
    "first", [completed("2025-05-01"), completed("2025-05-01", "imported", "2025-05-02", "2026-12-31")]
)
def test_a_certificate_that_states_its_last_day_expires_then_whatever_else_is_valid(first) -> None:  # type: ignore[no-untyped-def]
    facts = employee(first, BROUGHT)
    ends = {cycle.completion.day: cycle.valid_until for cycle in cycles(facts, [RULE], d("2025-07-01"))}
    assert ends[d("2025-06-01")] == d("2026-01-31")
    assert status_on(facts, "2025-07-01").valid_until == max(ends.values())  # type: ignore[type-var]
    gone = employee(replace(first, revoked=d("2025-08-01")), BROUGHT)
    assert status_on(gone, "2025-07-31").valid_until == max(ends.values())  # type: ignore[type-var]
    now = status_on(gone, "2025-08-01")
    assert (now.valid_until, now.due) == (d("2026-01-31"), d("2026-01-31"))


def test_a_renewal_before_the_window_has_its_own_expiry_beside_a_longer_certificate() -> None:
    long = completed("2026-01-01", "imported", until="2029-01-01")
    facts = employee(long, refreshed("2026-08-01"))
    assert [cycle.valid_until for cycle in cycles(facts, [RULE], d("2026-08-01"))] == [d("2029-01-01"), d("2027-08-01")]
    now = status_on(facts, "2026-08-01")
    assert now.valid_until == d("2029-01-01")
    assert "You renewed on 1 August 2026 as well, but what you held already is valid for longer." in now.because
    gone = employee(replace(long, revoked=d("2026-09-01")), refreshed("2026-08-01"))
    assert (status_on(gone, "2026-09-01").valid_until, status_on(gone, "2026-09-01").due) == (
        d("2027-08-01"),
        d("2027-08-01"),
    )


def test_a_preview_speaks_of_people_and_not_of_the_program() -> None:
    shorter = Policy(d("2026-11-22"), period_months=6, window_days=30, lapse_months=0, applies="now")
    people = {"amir": employee(completed("2026-02-12")), "bea": employee(completed("2025-06-12"))}
    seen = preview_policy_change(people, [RULE], [RULE, shorter], d("2026-11-22"))
    how = " / ".join(one.summary for one in seen.affected)
    assert "status: Up to date → Due soon" in how
    assert "needed next: the refresher → the whole course" in how
    for word in ("due-soon", "up-to-date", "initial", "not-yet-due", "Touch", "touch"):
        assert word not in how
