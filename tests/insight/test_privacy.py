"""Which teams have a page of their own."""

from __future__ import annotations

import pytest

from course.insight.rules.privacy import ALL, open_teams


def _people(start: int, n: int) -> frozenset[int]:
    return frozenset(range(start, start + n))


@pytest.mark.parametrize(
    ("parents", "people", "everybody", "shown"),
    [
        ({}, {}, _people(0, 4), set()),
        ({}, {}, _people(0, 5), {ALL}),
        ({1: None}, {1: _people(0, 4)}, _people(0, 20), {ALL}),
        ({1: None}, {1: _people(0, 5)}, _people(0, 10), {ALL, 1}),
        ({1: None}, {1: _people(0, 6)}, _people(0, 6), {ALL, 1}),
        # The one person in no team would be seen by taking the team from the whole.
        ({1: None}, {1: _people(0, 5)}, _people(0, 6), {ALL}),
        # Two teams and one person between them: the smaller team is not shown.
        ({1: None, 2: None}, {1: _people(0, 7), 2: _people(7, 5)}, _people(0, 13), {ALL, 1}),
        # What holds for the whole holds for every team and those below it.
        ({1: None, 2: 1}, {1: _people(0, 7), 2: _people(0, 5)}, _people(0, 20), {ALL, 1}),
        # Below a team that is not shown nothing is.
        ({1: None, 2: 1}, {1: _people(0, 9), 2: _people(0, 5)}, _people(0, 10), {ALL}),
    ],
)
def test_nobody_can_be_worked_out_from_two_pages(
    parents: dict[int, int | None], people: dict[int, frozenset[int]], everybody: frozenset[int], shown: set[int]
) -> None:
    assert open_teams(parents, people, everybody) == shown
