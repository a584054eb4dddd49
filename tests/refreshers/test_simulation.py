"""The simulation can be trusted: its learners forget, its kinds of practice are compared on the same people, and it
reports where the course is not better."""

from __future__ import annotations

import random

import pytest

from tests.simulate.__main__ import not_better
from tests.simulate.learners import KINDS, Kind, Learner
from tests.simulate.years import WAYS, Course, Measured, Way, year

PLAIN = Kind("plain", 0.177, -1.5)
SMALL = Course(tuple(f"p{n}" for n in range(12)), frozenset({"p0", "p1"}), {f"p{n}": 2.0 for n in range(12)}, 40, 10)


def learner(kind: Kind = PLAIN) -> Learner:
    return Learner(kind, ("p",), random.Random(1))


def test_without_practice_nothing_is_remembered_and_memory_fades() -> None:
    one = learner()
    assert one.remembers("p", 5) == 0
    one.practise("p", 0)
    known = [one.remembers("p", day) for day in (0.1, 1, 10, 100, 400)]
    assert known == sorted(known, reverse=True)
    assert known[0] > 2 * known[-1] > 0


def test_practice_spread_out_lasts_longer_than_practice_on_one_day() -> None:
    spread, massed = learner(), learner()
    for day in (0.0, 30.0, 60.0):
        spread.practise("p", day)
    for day in (59.8, 59.9, 60.0):
        massed.practise("p", day)
    assert spread.remembers("p", 300) > massed.remembers("p", 300)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_same_seed_gives_the_same_year_and_practice_beats_none(way: Way) -> None:
    first = year(SMALL, PLAIN, way, 3, 7)
    assert first == year(SMALL, PLAIN, way, 3, 7)
    assert first != year(SMALL, PLAIN, way, 3, 8)
    assert 0 < first.worst <= first.average < 1
    assert first.minutes > 0


def test_a_full_repeat_costs_the_whole_course_and_ours_a_part_of_it() -> None:
    found = {way.name: year(SMALL, KINDS[0], way, 3, 7) for way in WAYS}
    assert found["full repeat"].minutes == 40
    assert found["ours without boosters"].minutes < 20


def test_the_report_states_where_the_course_is_not_better() -> None:
    found = {
        "full repeat": Measured(168, 0.9, 0.5, 0.6),
        "random refresher": Measured(42, 0.1, 0.6, 0.1),
        "ours": Measured(40, 0.8, 0.6, 0.7),
    }
    assert not_better("kind", found) == [
        "  kind: full repeat leaves 90.0% against our 80.0% on average, in 168 minutes, not 40",
        "  kind: random refresher leaves 60.0% against our 60.0% on the worst day, in 42 minutes, not 40",
    ]
