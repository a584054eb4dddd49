"""The recertification rules against the oracle (oracle.py), on many random lives."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date

import pytest
from hypothesis import given

from course.recertification.rules import CertificationFacts, Policy
from course.recertification.rules.certification_status import STATES, status_details
from course.recertification.rules.status_view import status_from_details
from tests.recertification.makers import RULE, again, d, done, worker
from tests.recertification.oracle import OracleStatus, oracle_status
from tests.recertification.random_histories import days, histories, several_policies
from tests.recertification.random_lives import Life


def first_reading(facts: CertificationFacts, policies: list[Policy], on: date) -> OracleStatus:
    here = status_details(facts, policies, on)
    now = status_from_details(here)  # this is `standing`
    ends = [(one.completion.day, one.completion.kind, one.valid_until) for one in here.chain]
    return OracleStatus(
        now.state, now.due, now.valid_until, now.window_opens, now.course, now.refresher_until, now.overdue_days,
        tuple(sorted(ends, key=str)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_rules_agree_with_the_oracle_on_twenty_thousand_lives(seed: int) -> None:
    life, seen = Life(random.Random(seed)), Counter[str]()
    for number in range(5000):
        facts, policies, on = life.next()
        reading = first_reading(facts, policies, on)
        assert reading == oracle_status(facts, policies, on), (seed, number, on, policies, facts)
        seen[reading.state] += 1
    # Lives in which nothing happens would agree as well, so the test also requires that something happens.
    assert min(seen[state] for state in STATES) > 20, seen


@given(histories, several_policies, days)
def test_the_rules_agree_with_the_oracle_on_any_facts(
    facts: CertificationFacts, policies: tuple[Policy, ...], on: date
) -> None:
    assert first_reading(facts, list(policies), on) == oracle_status(facts, list(policies), on)


def test_the_oracle_agrees_with_days_worked_out_by_hand() -> None:
    """Dates that were worked out by hand, so that the two implementations do not only agree with each other."""
    facts = worker(done("2024-02-29"), again("2025-02-20"))
    assert oracle_status(facts, [RULE], d("2025-02-20")) == OracleStatus(
        "up-to-date", d("2026-02-28"), d("2026-02-28"), d("2025-12-30"), "refresher", d("2027-02-28"), 0,
        ((d("2024-02-29"), "initial", d("2025-02-28")), (d("2025-02-20"), "refresher", d("2026-02-28"))),
    )  # fmt: skip
    longer = Policy(d("2024-09-01"), period_months=36, applies="now")
    one = oracle_status(worker(done("2024-02-12"), again("2025-02-01")), [RULE, longer], d("2025-02-01"))
    assert (one.valid_until, one.due) == (d("2028-02-01"), d("2028-02-01"))
