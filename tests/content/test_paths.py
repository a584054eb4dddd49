"""All paths through a scenario, walked together, agree with each path walked by itself as a learner walks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.content.ending_checks import earned_ending_problems
from course.content.endings import Condition, PathFacts
from course.content.loader import read_content
from course.content.paths import recommended_ending, scenario_paths
from course.content.schema import Scenario
from course.learning.rules.branching import RunState, run_state
from tests.content.random_scenarios import random_scenario

FACTS = PathFacts(
    decided=frozenset({"door/ring", "door/ask", "hall/wait"}),
    gauges={"safety": 3, "trust": 1},
    has_dangerous=True,
    decisions=5,
    best=3,
)
CONDITIONS = [
    ({"done": ["door/ring"]}, True),
    ({"done": ["door/ring", "hall/wait"]}, True),
    ({"done": ["door/ring", "hall/go"]}, False),
    ({"any_done": ["hall/go", "hall/wait"]}, True),
    ({"any_done": ["hall/go"]}, False),
    ({"not_done": ["hall/go"]}, True),
    ({"not_done": ["hall/go", "door/ask"]}, False),
    ({"gauges": {"safety": 3}}, True),
    ({"gauges": {"safety": 3, "trust": 2}}, False),
    ({"gauges_below": {"trust": 2}}, True),
    ({"gauges_below": {"safety": 3}}, False),
    ({"no_dangerous": True}, False),
    ({"recommended": 60}, True),
    ({"recommended": 61}, False),
    ({"done": ["door/ring"], "gauges": {"trust": 2}}, False),
    ({"done": ["door/ring"], "gauges": {"trust": 1}, "recommended": 50}, True),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS, ids=lambda value: str(value))
def test_a_condition_holds_if_everything_in_it_does(condition: dict[str, object], holds: bool) -> None:
    assert Condition.model_validate(condition).holds(FACTS) is holds


def every_run(scenario: Scenario, taken: tuple[tuple[str, str], ...] = ()) -> Iterator[RunState]:
    """The runs of a scenario at their endings, each by itself."""
    state = run_state(scenario, taken)
    if state.ending is not None:
        yield state
        return
    assert state.scene is not None
    for choice in state.open_choices:
        yield from every_run(scenario, (*taken, (state.scene.id, choice.id)))


def flaws_of(state: RunState) -> set[tuple[str, str]]:
    """The flaws of an ending, counted from the decisions themselves."""
    assert state.ending is not None
    qualities = [decision.choice.quality for decision in state.path]
    share = qualities.count("best") / len(qualities)
    found = {
        "good-with-dangerous": state.ending.end == "good" and "dangerous" in qualities,
        "good-with-low-gauge": state.ending.end == "good" and state.gauges["safety"] < 3,
        "good-with-few-best": state.ending.end == "good" and share < 0.5,
        "poor-without-why": state.ending.end == "poor" and not state.ending.why and share > 0.66,
    }
    return {(kind, state.ending.id) for kind, holds in found.items() if holds}


@pytest.mark.parametrize("seed", range(60))
def test_the_walk_of_all_paths_finds_what_each_path_shows(seed: int) -> None:
    scenario = random_scenario(seed)
    found = scenario_paths(scenario)
    runs = list(every_run(scenario))
    outcomes: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    shortest: dict[tuple[str, str], int] = {}
    good = []
    for state in runs:
        assert state.ending is not None
        outcomes[state.ending.end] += 1
        shown[state.ending.id] += 1
        for passage in (*state.ending.passages, *state.ending.debrief_passages):
            shown[f"{state.ending.id}/{passage.id}"] += 1
        if state.ending.end == "good":
            good.append((sum(d.choice.quality == "best" for d in state.path), len(state.path)))
        for flaw in flaws_of(state):
            shortest[flaw] = min(shortest.get(flaw, 99), len(state.path))
    assert (found.count, found.outcomes) == (len(runs), {end: outcomes[end] for end in ("good", "mixed", "poor")})
    assert found.fewest_best == min(good, key=lambda one: (one[0], -one[1]), default=None)
    names = [(f"{s.id}/{e.id}", p.id) for s in scenario.scenes for e in s.endings for p in e.all_passages]
    endings = {name for name, _ in names}
    passages = {f"{name}/{passage}": name for name, passage in names}
    assert set(found.unreached) == {name for name in {*endings, *passages} if not shown[name]}
    assert set(found.unmissed) == {p for p, e in passages.items() if shown[p] and shown[p] == shown[e]}
    assert {(flaw.kind, flaw.ending): len(flaw.path) for flaw in found.flaws} == shortest
    for flaw in found.flaws:
        example = run_state(scenario, [(name.split("/")[0], name.split("/")[1]) for name in flaw.path])
        assert (flaw.kind, flaw.ending) in flaws_of(example)


def test_the_random_scenarios_have_everything_that_a_walk_may_meet() -> None:
    scenarios = [random_scenario(seed) for seed in range(60)]
    found = [scenario_paths(scenario) for scenario in scenarios]
    assert {flaw.kind for one in found for flaw in one.flaws} == {
        "good-with-dangerous", "good-with-low-gauge", "good-with-few-best", "poor-without-why",
    }  # fmt: skip
    assert any(one.unmissed for one in found)
    assert any(one.unreached for one in found)
    assert sum(any(c.try_again for s in one.scenes for c in s.choices) for one in scenarios) > 20


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_the_recommended_ending_is_that_of_a_run_of_recommended_decisions(seed: int) -> None:
    scenario = random_scenario(seed)
    state = run_state(scenario, [(scene.id, scene.best.id) for scene in scenario.recommended[:-1]])
    assert state.ending == recommended_ending(scenario)


def test_the_stories_of_the_course_have_earned_their_endings() -> None:
    reading = read_content(Path(__file__).resolve().parents[2] / "modules")
    assert list(earned_ending_problems(reading)) == []
