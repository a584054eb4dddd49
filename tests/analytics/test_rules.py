"""The statistics, against values computed by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from course.analytics.rules.findings import PointFinding, safety_critical_first
from course.analytics.rules.groups import TrendPeriod, merge_small_periods, share
from course.analytics.rules.item_analysis import (
    MIN_ANSWERS,
    ItemResponses,
    ItemStatistics,
    discrimination_index,
    discriminative_efficiency,
    item_statistics,
)

# Scores x and rest scores r of five people. By hand: means 3/5 and 5/2; deviations of x 2/5, 2/5, 2/5, -3/5, -3/5 and of
# r 3/2, 1/2, -1/2, -1/2, -1. Sum of products: (2/5)(3/2) + (-3/5)(-3/2) = 3/5 + 9/10 = 3/2.
# Squares: of x 6/5, of r 9/4 + 1/4 + 1/4 + 1/4 + 1 = 4. Sorted alike the three best rests 4, 3, 2 meet the scores:
# (2/5)(3/2 + 1/2 - 1/2) - (3/5)(-1/2 - 1) = 3/5 + 9/10 = 3/2.
SCORES = [1.0, 1.0, 1.0, 0.0, 0.0]
REST_SCORES = [4.0, 3.0, 2.0, 2.0, 1.5]


def test_the_indices_are_those_computed_by_hand() -> None:
    assert discrimination_index(SCORES, REST_SCORES) == pytest.approx(100 * 1.5 / (1.2 * 4.0) ** 0.5)
    assert discriminative_efficiency(SCORES, REST_SCORES) == pytest.approx(100)


def test_a_question_that_the_best_get_wrong_has_negative_indices() -> None:
    # Scores reversed: sum of products (2/5)(-1/2 - 1 - 1/2) - (3/5)(3/2 + 1/2) = -2; sorted alike 3/2 as above.
    scores = [0.0, 0.0, 1.0, 1.0, 1.0]
    assert discrimination_index(scores, REST_SCORES) == pytest.approx(-100 * 2 / (1.2 * 4.0) ** 0.5)
    assert discriminative_efficiency(scores, REST_SCORES) == pytest.approx(-100 * 2 / 1.5)


@pytest.mark.parametrize(
    ("scores", "rest_scores"),
    [
        ([1.0] * 40, [index / 40 for index in range(40)]),
        ([0.0] * 40, [index / 40 for index in range(40)]),
        ([1.0, 0.0] * 20, [0.1] * 40),
        ([1.0], [0.5]),
        ([], []),
    ],
    ids=["all right", "all wrong", "all tied", "one person", "nobody"],
)
def test_scores_that_never_vary_have_no_index(scores: list[float], rest_scores: list[float]) -> None:
    assert discrimination_index(scores, rest_scores) is None
    assert discriminative_efficiency(scores, rest_scores) is None


def test_with_too_few_answers_only_their_number_is_given() -> None:
    assert item_statistics([ItemResponses(1, (0.5,) * (MIN_ANSWERS - 1), (0,))], 3) == ItemStatistics(
        MIN_ANSWERS - 1, is_sufficient=False
    )


def test_with_enough_answers_facility_and_options_are_given() -> None:
    statistics = item_statistics(
        [ItemResponses(1, (0.5,) * 24, (0,)), ItemResponses(0, (0.25,) * 5, (2,)), ItemResponses(0, (0.25,))], 4
    )
    assert (statistics.answers, statistics.facility, statistics.options) == (30, 80.0, (24, 0, 5, 0))
    assert statistics.discrimination == pytest.approx(100)


def test_answers_without_others_in_their_attempt_count_for_facility_only() -> None:
    statistics = item_statistics([ItemResponses(1, (0.5,) * 14 + (None,) * 12), ItemResponses(0, (0.25,) * 14)], 3)
    assert (statistics.facility, statistics.discrimination, statistics.efficiency) == (65.0, None, None)


def _wilson_holds(bound: float, right: int, n: int) -> bool:
    """A bound of Wilson's interval is where (p - bound)^2 = z^2 * bound * (1 - bound) / n: the code does not solve it so."""
    distance = float(Fraction(right, n)) - bound
    return distance * distance == pytest.approx(1.959963984540054**2 * bound * (1 - bound) / n, abs=1e-12)


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (1, 1), (7, 10), (81, 263), (1, 1000)])
def test_the_interval_is_wilsons(right: int, n: int) -> None:
    interval = share(right, n)
    assert interval is not None
    assert _wilson_holds(interval.low, right, n)
    assert _wilson_holds(interval.high, right, n)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_no_answers_have_no_share() -> None:
    assert share(0, 0) is None


@pytest.mark.parametrize(("right", "n"), [(-1, 3), (4, 3)])
def test_more_right_than_asked_is_refused(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        share(right, n)


def _month(name: str, *people: int) -> TrendPeriod:
    return TrendPeriod(name, name, frozenset(people), len(people), 2 * len(people))


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ([], []),
        ([_month("2026-01", 1, 2, 3, 4)], []),
        ([_month("2026-01", 1, 2, 3, 4), _month("2026-02", 1, 2, 3, 4)], []),
        ([_month("2026-01", 1, 2, 3, 4), _month("2026-02", 5)], [("2026-01", "2026-02", 5)]),
        ([_month("2026-01", 1, 2, 3, 4, 5), _month("2026-02", 6)], [("2026-01", "2026-02", 6)]),
        (
            [_month("2026-01", 1, 2, 3, 4, 5), _month("2026-02", 6), _month("2026-03", 1, 2, 3, 4)],
            [("2026-01", "2026-01", 5), ("2026-02", "2026-03", 5)],
        ),
    ],
)
def test_a_month_of_fewer_than_five_people_is_merged_or_left_out(
    months: list[TrendPeriod], expected: list[tuple[str, str, int]]
) -> None:
    assert [(month.first, month.last, len(month.people)) for month in merge_small_periods(months)] == expected


def _finding(point: str, right: int, n: int) -> PointFinding:
    found = share(right, n)
    assert found is not None
    return PointFinding(point, n, found, 0, None)


@pytest.mark.parametrize(
    ("rows", "critical", "order"),
    [
        ([("a", 5, 10), ("b", 6, 10), ("c", 7, 10)], {"c"}, ["c", "a", "b"]),
        ([("a", 5, 10), ("b", 6, 10), ("c", 7, 10)], {"b", "c"}, ["b", "c", "a"]),
        # Certainly weaker than the others: first, whether it is safety-critical or not.
        ([("a", 10, 100), ("b", 60, 100), ("c", 65, 100)], {"c"}, ["a", "c", "b"]),
        ([("a", 10, 100), ("b", 90, 100)], {"b"}, ["a", "b"]),
        ([], {"a"}, []),
        ([("b", 5, 10), ("a", 5, 10)], set(), ["a", "b"]),
    ],
)
def test_safety_critical_points_come_first_among_those_whose_intervals_overlap(
    rows: list[tuple[str, int, int]], critical: set[str], order: list[str]
) -> None:
    found = safety_critical_first([_finding(*row) for row in rows], critical)
    assert [finding.point for finding in found] == order
