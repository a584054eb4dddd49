"""What My training says about time, and what it offers after the course."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from course.dashboard.rules import DueNote, due_note, offer_after_course, weekly_pace

TODAY = date(2026, 11, 29)


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


NOTES = [
    # state, due, valid until, minutes left, complete, note
    ("in-progress", day(28), None, 105, False, DueNote("ahead", day(28), 28, 30)),
    ("due-soon", day(1), None, 105, False, DueNote("ahead", day(1), 1)),
    ("due-soon", TODAY, None, 105, False, DueNote("today", TODAY)),
    ("overdue", day(-3), None, 105, False, DueNote("overdue", day(-3), 3)),
    ("expired", day(-3), day(-3), 0, False, DueNote("overdue", day(-3), 3)),
    ("paused", day(28), None, 105, False, DueNote("paused")),
    ("paused", None, day(300), 0, True, DueNote("paused")),
    ("not-required", day(28), None, 105, False, DueNote("open end")),
    ("not-yet-due", None, None, 105, False, DueNote("open end")),
    (None, None, None, 105, False, DueNote("open end")),
    ("up-to-date", day(200), day(200), 0, True, DueNote("valid", day(200), 200)),
    ("due-soon", day(20), day(20), 0, False, DueNote("ahead", day(20), 20)),
]


@pytest.mark.parametrize(("state", "due", "valid_until", "minutes", "complete", "note"), NOTES)
def test_the_note_about_time_invents_no_date(
    state: str | None, due: date | None, valid_until: date | None, minutes: float, complete: bool, note: DueNote
) -> None:
    assert due_note(state, due, valid_until, TODAY, minutes, complete) == note


@pytest.mark.parametrize(
    ("minutes", "days", "pace"),
    [
        (105, 28, 30),
        (40, 28, 10),
        (41, 28, 15),
        (143, 28, 45),
        (480, 28, 120),
        (481, 28, None),
        (105, 13, None),
        (0, 28, None),
    ],
)
def test_a_weekly_pace_is_enough_and_easy_to_keep_in_mind(minutes: float, days: int, pace: int | None) -> None:
    assert weekly_pace(minutes, days) == pace


@pytest.mark.parametrize(
    ("whole_course", "refresher", "update", "booster", "offer"),
    [
        (True, True, True, True, "whole course"),
        (False, True, True, True, "refresher"),
        (False, False, True, True, "update"),
        (False, False, False, True, "booster"),
        (False, False, False, False, "certificate"),
    ],
)
def test_after_the_course_what_keeps_the_certificate_comes_first(
    whole_course: bool, refresher: bool, update: bool, booster: bool, offer: str
) -> None:
    found = offer_after_course(
        whole_course=whole_course, refresher_due=refresher, update_open=update, booster_begun=booster
    )
    assert found == offer
