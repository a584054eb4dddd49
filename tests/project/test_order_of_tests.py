"""The order in which several processes take the tests of a run."""

from __future__ import annotations

import pytest

from tests.support.order import Work, dealt, shares

LONG = [Work(f"tests/faults/test_kill.py::test_{seconds}", seconds) for seconds in (90.0, 40.0, 35.0, 20.0, 15.0)]
BROWSER = [Work(f"tests/journeys/test_{name}.py::test_{n}") for name in ("back", "home") for n in range(3)]
SHORT = [Work(f"tests/web/test_pages.py::test_{number}") for number in range(50)]
ALL = [*SHORT[:20], *LONG, *BROWSER, *SHORT[20:]]


@pytest.mark.parametrize(
    ("count", "processes", "expected"),
    [(10, 1, [10]), (10, 2, [5, 5]), (10, 3, [3, 3, 4]), (2, 3, [0, 1, 1])],
)
def test_processes_are_given_equal_shares(count: int, processes: int, expected: list[int]) -> None:
    assert shares(count, processes) == expected


@pytest.mark.parametrize("works", [ALL, SHORT, LONG, BROWSER, []], ids=["all", "short", "long", "browser", "none"])
@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_every_test_is_run_once(works: list[Work], processes: int) -> None:
    assert sorted(dealt(works, processes)) == [*range(len(works))]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_each_share_begins_with_what_is_long_and_the_longest_is_never_alone(processes: int) -> None:
    order = [ALL[place] for place in dealt(ALL, processes)]
    loads = []
    for size in shares(len(ALL), processes):
        share, order = order[:size], order[size:]
        seconds = [work.seconds for work in share]
        assert seconds == sorted(seconds, reverse=True)
        is_short = [not work.weight for work in share]
        assert is_short == sorted(is_short)
        loads.append(sum(work.weight for work in share))
    longest = max(work.seconds for work in ALL)
    assert max(loads) <= max(longest, sum(loads) / processes + 20)


def test_tests_of_one_browser_file_stay_together_and_the_others_keep_their_order() -> None:
    order = [ALL[place] for place in dealt(ALL, 3)]
    files = [work.browser_file for work in order if work.browser_file]
    assert len(set(files[:3])) == len(set(files[3:])) == 1
    assert [work for work in order if not work.weight] == SHORT
