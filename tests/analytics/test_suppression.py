"""Suppression, attacked: by subtracting pages from each other, and by comparing before and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product
from random import Random

import pytest

from course.analytics.rules.findings import decision_counts_by_group
from course.analytics.rules.groups import SMALLEST_GROUP, MonthlyAnswers
from course.analytics.rules.suppression import (
    WHOLE_ORGANISATION,
    TeamTree,
    excluded_teams,
    monday_of,
    people_by_group,
    publishable_groups,
    remainder_is_publishable,
)
from course.analytics.rules.trend import trends

# Team 1 has 2 and 3 below it; 4 is beside it.
TREE: dict[int, int | None] = {1: None, 2: 1, 3: 1, 4: None}


@pytest.mark.parametrize(
    ("parents", "direct", "shown"),
    [
        ({}, {}, set()),
        ({}, {0: 4}, set()),
        ({}, {0: 5}, {WHOLE_ORGANISATION}),
        ({1: None}, {1: 4, 0: 16}, {WHOLE_ORGANISATION}),
        ({1: None}, {1: 5, 0: 5}, {WHOLE_ORGANISATION, 1}),
        ({1: None}, {1: 6}, {WHOLE_ORGANISATION, 1}),
        # The whole organisation less the team would disclose the one person in no team.
        ({1: None}, {1: 5, 0: 1}, {WHOLE_ORGANISATION}),
        # A team of 12 with one of 8 below it: the difference would disclose the other four.
        ({1: None, 2: 1}, {1: 4, 2: 8, 0: 9}, {WHOLE_ORGANISATION, 1}),
        # Two teams and one person beside them: the smaller team is suppressed.
        ({1: None, 2: None}, {1: 7, 2: 5, 0: 1}, {WHOLE_ORGANISATION, 1}),
        # The rule for the whole organisation applies to every team and those below it.
        ({1: None, 2: 1}, {1: 2, 2: 5, 0: 13}, {WHOLE_ORGANISATION, 1}),
        # Every team below a suppressed team is suppressed.
        ({1: None, 2: 1}, {1: 4, 2: 5, 0: 1}, {WHOLE_ORGANISATION}),
        # A person in a closed team counts as in no team.
        ({1: None}, {1: 5, 99: 1}, {WHOLE_ORGANISATION}),
    ],
)
def test_two_pages_disclose_nobody(parents: dict[int, int | None], direct: dict[int, int], shown: set[int]) -> None:
    assert publishable_groups(parents, direct) == shown


def _computable_sums(parents: Mapping[int, int | None], pages: set[int]) -> list[frozenset[int]]:
    """Every set of teams whose sum results from adding and subtracting pages."""
    within = {
        page: {
            team
            for team in (*parents, WHOLE_ORGANISATION)
            if page in (WHOLE_ORGANISATION, team) or page in _above(team, parents)
        }
        for page in pages
    }
    found = []
    for signs in product((-1, 0, 1), repeat=len(pages)):
        sums = {
            team: sum(sign for sign, page in zip(signs, pages, strict=True) if team in within[page])
            for team in (*parents, WHOLE_ORGANISATION)
        }
        if set(sums.values()) <= {0, 1}:
            found.append(frozenset(team for team, count in sums.items() if count))
    return found


def _above(team: int, parents: Mapping[int, int | None]) -> set[int]:
    found: set[int] = set()
    at = parents.get(team)
    while at is not None:
        found.add(at)
        at = parents.get(at)
    return found


def test_no_sum_or_difference_of_pages_discloses_one_to_four_people() -> None:
    chance = Random(5)
    for _ in range(300):
        parents: dict[int, int | None] = {
            team: chance.choice([None, *range(1, team)]) for team in range(1, chance.randint(2, 6))
        }
        direct = {team: chance.choice([0, 1, 2, 3, 5, 6, 9]) for team in (*parents, WHOLE_ORGANISATION)}
        for teams in _computable_sums(parents, publishable_groups(parents, direct)):
            assert not 0 < sum(direct[team] for team in teams) < SMALLEST_GROUP, (parents, direct, teams)


def test_a_point_is_suppressed_where_only_few_beside_a_team_answered_it() -> None:
    # Everybody has answered something, but this point only seven: five in team 2, and two beside it.
    assert [TeamTree(TREE).count({2: 5, 3: 2}).published(team) for team in (1, 2)] == [7, 0]
    assert [TeamTree(TREE).count({2: 5, 3: 2}).suppressed(team) for team in (1, 2)] == [0, 5]
    assert TeamTree(TREE).count({2: 5, 3: 5}).published(2) == 5
    assert people_by_group(TREE, {2: 5, 3: 2, 4: 1}) == {1: 7, 2: 5, 3: 2, 4: 1, WHOLE_ORGANISATION: 8}


def test_a_decision_is_suppressed_where_only_few_beside_a_team_came_to_it() -> None:
    scenes = {"s": {"good": {2: 4, 3: 1}, "bad": {2: 2}}}
    assert decision_counts_by_group(scenes, TREE, {1: {1, 2, 3}, 2: {2}}) == {
        1: {("s", "good"): 5, ("s", "bad"): 2},
        2: {},
    }


def _rows(month: str, team: int, first: int, count: int) -> list[MonthlyAnswers]:
    return [MonthlyAnswers(month, team, person, 1, 2) for person in range(first, first + count)]


def test_months_of_a_team_are_merged_as_for_everybody_and_suppressed_where_few_are_beside_it() -> None:
    rows = [
        *_rows("2026-09", 2, 1, 6),
        *_rows("2026-09", 3, 20, 6),
        *_rows("2026-10", 2, 1, 6),
        *_rows("2026-10", 3, 20, 1),
    ]
    found = trends(rows, TREE, {1: {1, 2, 3}, 2: {2}})
    assert [(month.first, len(month.people)) for month in found[1]] == [("2026-09", 12), ("2026-10", 7)]
    assert [(month.first, len(month.people)) for month in found[2]] == [("2026-09", 6)]


def test_months_that_would_leave_few_people_beside_them_are_suppressed() -> None:
    rows = [*_rows("2026-09", 2, 1, 6), *_rows("2026-10", 2, 7, 2), *_rows("2026-10", 4, 20, 9)]
    found = trends(rows, TREE, {WHOLE_ORGANISATION: None, 2: {2}})
    assert [month.first for month in found[WHOLE_ORGANISATION]] == ["2026-09", "2026-10"]
    assert found[2] == []


@pytest.mark.parametrize(
    ("things", "large"), [([], True), ([{2: 9}], True), ([{2: 9}, {2: 4}], False), ([{2: 5, 3: 2}, {2: 1}], True)]
)
def test_a_sum_of_all_figures_is_published_only_where_the_suppressed_rest_is_from_many(
    things: list[dict[int, int]], large: bool
) -> None:
    assert remainder_is_publishable([TeamTree(TREE).count(thing) for thing in things], 2) is large


def test_an_answer_counts_from_a_monday_on() -> None:
    monday = date(2026, 11, 23)
    assert {monday_of(monday + timedelta(days=day)) for day in range(7)} == {monday}
    assert monday_of(monday - timedelta(days=1)) == date(2026, 11, 16)


@pytest.mark.parametrize(
    ("parents", "direct", "out"),
    [
        ({}, {0: 9}, set()),
        ({1: None}, {1: 9}, set()),
        # Only the administrator in no team is excluded.
        ({1: None}, {1: 9, 0: 1}, {0}),
        ({1: None}, {1: 9, 0: 5}, set()),
        ({1: None}, {1: 4, 0: 4}, set()),
        # A small top team, one below it, a closed one, and people in no team are few together.
        ({1: None, 2: None, 3: 2}, {1: 9, 2: 1, 3: 1, 0: 1, 99: 1}, {0, 2, 3, 99}),
        ({1: None, 2: None, 3: 2}, {1: 9, 2: 2, 3: 1, 0: 1, 99: 1}, set()),
        # A team whose parent is closed is a top team.
        ({1: 7}, {1: 5, 0: 2}, {0}),
    ],
)
def test_a_few_beside_the_large_teams_at_the_top_do_not_count(
    parents: dict[int, int | None], direct: dict[int, int], out: set[int]
) -> None:
    assert excluded_teams(parents, direct) == out
