"""Retention times, due dates of erasure, address periods and the formats of subject access."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from course.privacy.rules.address_history import AddressPeriod, build_address_periods, erased_address
from course.privacy.rules.retention_schedule import (
    LEAVER_STAGES,
    ErasureStage,
    RetentionSettings,
    is_due,
    latest_leaving_day,
)
from course.privacy.rules.subject_access_export import display_value, json_value

PLAN = RetentionSettings()
LEFT = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("stage", "last", "words"),
    [
        ("notes", LEFT, "not at all"),
        ("sign_in", date(2024, 5, 29), "90 days"),
        ("learning", date(2025, 2, 28), "1 year"),
        ("mail", date(2025, 2, 28), "1 year"),
        ("proof", date(2030, 2, 28), "6 years"),
    ],
)
def test_each_kind_is_kept_up_to_and_including_its_last_day(stage: ErasureStage, last: date, words: str) -> None:
    assert PLAN.last_day(stage, LEFT) == last
    assert PLAN.period_text(stage) == words
    after = date.fromordinal(last.toordinal() + 1)
    assert is_due(PLAN, stage, LEFT, last) is (stage == "notes")
    assert is_due(PLAN, stage, LEFT, after)


@pytest.mark.parametrize(("months", "words"), [(1, "1 month"), (18, "18 months"), (24, "2 years")])
def test_periods_are_shown_in_years_where_they_are_whole_years(months: int, words: str) -> None:
    assert RetentionSettings(learning_months=months).period_text("learning") == words


@pytest.mark.parametrize("stage", LEAVER_STAGES)
def test_without_a_schedule_only_notes_are_due(stage: ErasureStage) -> None:
    assert is_due(None, stage, date(1990, 1, 1), date(2026, 1, 1)) is (stage == "notes")


@pytest.mark.parametrize("stage", LEAVER_STAGES)
@pytest.mark.parametrize("months", [1, 6, 11, 72])
def test_nobody_whose_retention_time_is_over_is_overlooked(stage: ErasureStage, months: int) -> None:
    """`latest_leaving_day` may let too many people through, but never too few."""
    plan = RetentionSettings(months, max(72, months), months, months * 30)
    for number in range(800):
        left = date.fromordinal(LEFT.toordinal() + number)
        today = date.fromordinal(plan.last_day(stage, left).toordinal() + 1)
        last = latest_leaving_day(plan, stage, today)
        assert last is not None
        assert left <= last


@pytest.mark.parametrize(
    "wrong", [{"learning_months": 0}, {"sign_in_days": 0}, {"proof_months": 6}, {"mail_months": 100}]
)
def test_a_contradictory_schedule_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="kept"):
        RetentionSettings(**wrong)


A, B, C = (datetime(2026, 1, n, tzinfo=UTC) for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("now", "earlier", "periods"),
    [
        ("a@x.org", [], [AddressPeriod("a@x.org", A, None)]),
        ("b@x.org", [("a@x.org", B)], [AddressPeriod("a@x.org", A, B), AddressPeriod("b@x.org", B, None)]),
        ("b@x.org", [("b@x.org", B), ("a@x.org", C)],
         [AddressPeriod("b@x.org", A, B), AddressPeriod("a@x.org", B, C), AddressPeriod("b@x.org", C, None)]),
        # Erased addresses are left out.
        (erased_address(7), [("", B)], []),
    ],
)  # fmt: skip
def test_address_periods_follow_the_changes_of_address(
    now: str, earlier: list[tuple[str, datetime]], periods: list[AddressPeriod]
) -> None:
    assert build_address_periods(now, A, earlier) == periods


def test_moments_are_in_utc_and_days_are_days() -> None:
    assert json_value(datetime.fromisoformat("2026-06-01T10:00:00+01:00")) == "2026-06-01T09:00:00Z"
    assert json_value(date(2026, 6, 1)) == "2026-06-01"
    with pytest.raises(TypeError):
        json_value(b"x")
    assert (display_value(None), display_value(False), display_value(3), display_value("own")) == (
        "–",
        "no",
        "3",
        "my dates",
    )
