"""All paths through a scenario, walked together, agree with each path walked by itself as a learner walks it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from course.content.ending_checks import earned_ending_problems
from course.content.endings import Condition, PathFacts
from course.content.library import load_library
from course.content.loader import read_content
from course.content.path_report import path_lines
from course.content.paths import recommended_ending, scenario_paths
from course.content.schema import Scenario
from course.content.validation import validate_content
from course.content.yaml_source import Problem
from course.learning.rules.branching import RunState, run_state
from tests.conftest import make_config
from tests.content.random_scenarios import random_scenario
from tests.content.test_validation import ENDINGS as CALM
from tests.content.test_validation import SAMPLE, spoil
from tests.content.test_validation import SCENARIO as WINDY


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A copy of the sample course that a test may spoil."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "modules"))


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
        for kind_and_ending in flaws_of(state):
            shortest[kind_and_ending] = min(shortest.get(kind_and_ending, 99), len(state.path))
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


def flawed(modules: Path, *edits: tuple[str, str, str]) -> list[Problem]:
    """The problems that the walk of all paths finds in the sample course after these edits."""
    for file, old, new in edits:
        spoil(modules, file, old, new)
    reading = read_content(modules)
    assert validate_content(reading) == []
    return sorted(earned_ending_problems(reading))


HOME = "  - {id: home, end: good, title: Home, text: You are home., debrief: Well held.}"
EARNED = ("course.yaml", "modules: [kites]", "modules: [kites]\nearned_endings: true")
# The sample's story with a single ending, as all of its paths have earned it.
EARNED_WINDY = [
    (WINDY, "  - {id: home, end: good", "  - {id: home, end: mixed, why: It is late"),
    (WINDY, "debrief: Mind the trees.", "debrief: Mind the trees., why: A tree came near."),
]
EARNED_CALM = (CALM, "debrief: Mind the trees.", "debrief: Mind the trees., why: A tree came near.")
FLAWS = [
    # the edits of the calm day, the line named, the beginning of the message
    ([("no_dangerous: true, ", "")], 51,
     "a-calm-day: the ending 'home/steady' is good, and a dangerous decision leads to it. For example: s1 “Hold” → "
     "s2 “Drop it” → s3 “Hold” → s4 “Hold” → s5 “Hold” → s6 “Hold”"),
    ([(", gauges: {height: 3}", ""), ("start: 2", "start: 0"), ("effects: {height: 1}, to: s4", "to: s4"),
      ("recommended: 60", "recommended: 50")], 51,
     "a-calm-day: the ending 'home/steady' is good, and the child's gauge, the first one, can be below 3 there"),
    ([("recommended: 60", "recommended: 20")], 51,
     "a-calm-day: the ending 'home/steady' is good, and fewer than half of the decisions on a path to it are recommended"),
    ([("        why: The kite was let go near the trees.\n", ""), ("end: mixed", "end: poor")], 61,
     "a-calm-day: the ending 'home/dropped' is poor after a path of which two thirds or more are recommended decisions: "
     "it needs 'why'. For example: s1 “Hold” → s2 “Drop it” → s3 “Hold”"),
    ([("not_done: [s3/back]", "not_done: [s3/tree]")], 51,
     "a-calm-day: every path to its ending shows the passage 'home/steady/straight': it belongs in the text"),
    ([("any_done: [s1/look, s4/look, s5/look]", "done: [s6/late]")], 51,
     "a-calm-day: no path shows the passage 'home/steady/looked'"),
    ([("when: {done: [s2/drop]}", "when: {done: [s6/late]}")], 61, "a-calm-day: no path shows the ending 'home/dropped'"),
]  # fmt: skip


def test_a_story_whose_endings_are_all_earned_is_sound(modules: Path) -> None:
    assert flawed(modules, EARNED, *EARNED_WINDY, EARNED_CALM) == []


@pytest.mark.parametrize(("edits", "line", "message"), FLAWS, ids=lambda value: str(value)[:50])
def test_an_ending_that_a_path_has_not_earned_is_named_with_an_example(
    modules: Path, edits: list[tuple[str, str]], line: int, message: str
) -> None:
    problems = flawed(modules, EARNED, *EARNED_WINDY, EARNED_CALM, *((CALM, *edit) for edit in edits))
    assert [(p.file, p.line) for p in problems if p.message.startswith(message)] == [(f"modules/{CALM}", line)], (
        problems
    )


def test_endings_are_held_against_their_paths_only_where_the_course_asks_for_it(modules: Path) -> None:
    assert flawed(modules) == []
    assert flawed(modules, EARNED)


def test_the_content_check_refuses_an_ending_that_is_not_earned(tmp_path: Path, modules: Path) -> None:
    spoil(modules, *EARNED)
    app = create_app(make_config(f"sqlite:///{tmp_path / 'x.db'}", CONTENT=str(modules)))
    done = app.test_cli_runner().invoke(args=["content", "check"])
    assert done.exit_code == 1
    line = 1 + (modules / WINDY).read_text(encoding="utf-8").splitlines().index(HOME)
    assert f"modules/{WINDY}:{line}: a-windy-day: the ending 'home' is good, and a dangerous decision" in done.output
    assert "The content is sound" not in done.output


def test_the_report_says_where_the_paths_of_each_story_end() -> None:
    lines = {line.split()[0]: line.split() for line in path_lines(load_library(SAMPLE)) if line.strip()}
    paths = scenario_paths(load_library(SAMPLE).modules["kites"].scenarios["a-calm-day"])
    assert paths.count == sum(paths.outcomes.values()) == int(lines["a-calm-day"][1])
    assert lines["a-calm-day"][5:8] == ["4", "of", "6"]
    assert lines["a-windy-day"][5:8] == ["2", "of", "9"]
    assert lines["a-calm-day"][8:] == ["5/1/0", "6"]


def test_the_stories_of_the_course_have_earned_their_endings() -> None:
    reading = read_content(Path(__file__).resolve().parents[2] / "modules")
    assert list(earned_ending_problems(reading)) == []
