"""What My training says about time, and what it offers after the course."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from course.dashboard.rules import (
    DueNote,
    SetUpFacts,
    TeamNeed,
    TeamPlace,
    due_note,
    first_steps,
    offer_after_course,
    teams_due_to_talk,
    training_needs,
    weekly_pace,
)
from course.standings.rules import CountedCell

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


def cell(group: str, people: int, *teams: int) -> CountedCell:
    return CountedCell(",".join(map(str, teams)), teams, group, False, False, people)


# A trust (1) with two schools (2, 3), of which one has a kitchen (4).
TREE = (TeamPlace(1, "Trust", None), TeamPlace(2, "Brook", 1), TeamPlace(3, "Meadow", 1), TeamPlace(4, "Kitchen", 3))

NEEDS = [
    # cells, teams that the viewer sees, (overdue, due soon), teams as (name, overdue, due soon, is it the team itself)
    ((), None, (0, 0), ()),
    ((cell("up-to-date", 9, 2), cell("not-started", 4, 2)), None, (0, 0), ()),
    ((cell("overdue", 1, 2), cell("overdue", 2, 4), cell("due-soon", 5, 3)), None, (3, 5),
     (("Meadow", 2, 5, False), ("Brook", 1, 0, False))),
    ((cell("overdue", 1, 1), cell("overdue", 2, 2)), None, (3, 0), (("Brook", 2, 0, False), ("Trust", 1, 0, True))),
    # In a school and in the trust itself: with the school. In two schools: in both, and once in the sum.
    ((cell("overdue", 1, 1, 2),), None, (1, 0), (("Brook", 1, 0, False),)),
    ((cell("overdue", 1, 2, 3),), None, (1, 0), (("Brook", 1, 0, False), ("Meadow", 1, 0, False))),
    # In no team: only administrators see them.
    ((cell("overdue", 1),), None, (1, 0), (("", 1, 0, False),)),
    ((cell("overdue", 1), cell("overdue", 7, 2), cell("due-soon", 2, 4)), {3, 4}, (0, 2), (("Kitchen", 0, 2, False),)),
    ((cell("overdue", 7, 2),), {3, 4}, (0, 0), ()),
    ((cell("overdue", 7, 2), cell("overdue", 1, 4)), {2, 4}, (8, 0), (("Brook", 7, 0, False), ("Kitchen", 1, 0, False))),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "included", "numbers", "teams"), NEEDS)
def test_who_is_overdue_is_counted_by_the_teams_at_the_top_of_what_somebody_sees(
    cells: tuple[CountedCell, ...],
    included: set[int] | None,
    numbers: tuple[int, int],
    teams: tuple[tuple[str, int, int, bool], ...],
) -> None:
    found = training_needs(cells, TREE, included)
    assert (found.overdue, found.due_soon) == numbers
    assert [(need.name, need.overdue, need.due_soon, need.is_itself) for need in found.teams] == list(teams)


def test_a_team_outside_the_tree_such_as_a_closed_one_counts_in_the_sum_of_an_administrator_only() -> None:
    assert training_needs([cell("overdue", 2, 99)], TREE, None).overdue == 2
    assert training_needs([cell("overdue", 2, 99)], TREE, {1, 2, 3, 4}).overdue == 0
    assert TeamNeed(2, "Brook", 1, 0) in training_needs([cell("overdue", 1, 2)], TREE, None).teams


PARENTS = {team.id: team.parent for team in TREE}


@pytest.mark.parametrize(
    ("talks", "due"),
    [
        ({}, [2, 4]),
        ({2: TODAY}, [4]),
        ({3: day(-90)}, [2]),
        ({3: day(-91)}, [2, 4]),
        ({1: day(-5)}, []),
        ({0: day(-5)}, []),
        ({4: day(-5)}, [2]),
    ],
)
def test_a_talk_is_due_a_term_after_the_last_one_of_the_team_or_of_one_above(
    talks: dict[int, date], due: list[int]
) -> None:
    assert teams_due_to_talk([0, 2, 4], talks, PARENTS, TODAY) == due


def test_a_step_after_the_set_up_is_done_when_the_facts_say_so() -> None:
    assert not any(first_steps(SetUpFacts(False, 1, False, False, False, False, 1)).values())
    assert all(first_steps(SetUpFacts(True, 2, True, True, True, True, 2)).values())
