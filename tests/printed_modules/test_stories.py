"""A story as numbered sections: whoever reads it on paper takes the same decisions and reaches the same ending as on a screen."""

from __future__ import annotations

from random import Random

import pytest

from course.content.schema import Scenario
from course.learning.rules.branching import run_state
from course.printed_modules.rules.nodes import plain_text
from course.printed_modules.rules.sections import Road, read_road, sections_code, story_sections
from course.printed_modules.rules.story_part import debrief_blocks, section_key, story_blocks
from tests.printed_modules.paper_reader import PaperReader, links, story_parts
from tests.support.courses import real_course

STORIES = {one.id: one for module in real_course().modules.values() for one in module.scenarios.values()}
SAMPLE = STORIES["page-one-of-sixty"]
WALKS = 12


@pytest.mark.parametrize("name", STORIES)
def test_every_turn_leads_to_a_section_and_every_section_is_reached(name: str) -> None:
    scenario = STORIES[name]
    sections, parts = story_sections(scenario), story_parts(scenario)
    numbered = [key for key in parts if not key.startswith("story-")]
    assert numbered == [section_key(scenario, number) for number in range(1, sections.count + 1)]
    reached, waiting = set[str](), [section_key(scenario, 1)]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += links(list(parts[key]))
    assert reached == set(numbered)
    assert len(sections.decisions) == sum(len(scene.choices) for scene in scenario.scenes)
    # The endings come after all sections: nobody meets one on the way.
    assert min(one.number for one in sections.endings) > max(
        one.number for one in (*sections.sections, *sections.gates)
    )


@pytest.mark.parametrize("name", STORIES)
def test_whoever_reads_it_on_paper_reaches_the_ending_that_a_screen_would_show(name: str) -> None:
    scenario, random = STORIES[name], Random(name)
    sections, parts = story_sections(scenario), story_parts(scenario)
    best = {number for number, (scene, choice) in sections.decisions.items() if scenario.by_id[scene].best.id == choice}
    endings = set()
    for walk in range(WALKS):
        reader = PaperReader(scenario, parts)
        # The first reader always takes the recommended decision, the others take it more and more rarely.
        careful = 1 - walk / WALKS

        def choose(offered: list[int], reader: PaperReader = reader, careful: float = careful) -> int:
            open_ones = [
                one for one in offered if reader.numbers.count(one) < _limit(scenario, sections.decisions[one])
            ]
            good = [one for one in open_ones if one in best]
            return good[0] if good and random.random() < careful else random.choice(open_ones)

        title = reader.read(choose)
        road = read_road(sections, ", ".join(map(str, reader.numbers)))
        assert road is not None
        state = run_state(scenario, [(scene, choice) for _number, scene, choice in road.decisions])
        assert state.ending is not None
        assert len(state.path) == len(reader.numbers)
        assert title.strip() == state.ending.title
        assert {str(g.label): state.gauges[n] for n, g in scenario.gauges.items()} == reader.gauges
        endings.add(title)
    assert len(endings) > 1


def _limit(scenario: Scenario, decision: tuple[str, str]) -> int:
    choice = scenario.by_id[decision[0]].choice(decision[1])
    return 99 if choice is None or choice.try_again is None else choice.try_again


def test_the_passages_of_an_ending_name_sections_that_are_decisions() -> None:
    scenario = STORIES["second-phone"]
    sections = story_sections(scenario)
    labels = [block["label"] for part in story_parts(scenario).values() for block in part if block["t"] == "box"]
    conditions = [label.removeprefix("Only if ") for label in labels if label.startswith("Only if")]
    assert conditions
    reader = PaperReader(scenario, {}, sorted(sections.decisions), {str(g.label): 5 for g in scenario.gauges.values()})
    assert [reader.holds(words) for words in conditions if "did not" not in words and "below" not in words]


def test_the_numbers_are_the_same_each_time_and_say_nothing_of_the_order() -> None:
    assert story_sections(SAMPLE) == story_sections(SAMPLE)
    sections = story_sections(SAMPLE)
    in_file = [sections.by_choice[f"{scene.id}/{choice.id}"] for scene in SAMPLE.scenes for choice in scene.choices]
    assert in_file != sorted(in_file)
    changed = SAMPLE.model_copy(update={"title": "Another title"})
    changed = Scenario.model_construct(**dict(changed))
    assert sections_code(changed) != sections_code(SAMPLE)


def test_nothing_before_the_debrief_says_which_decision_was_better() -> None:
    for scenario in STORIES.values():
        story = plain_text(list(story_blocks(scenario)))
        debrief = plain_text(list(debrief_blocks(scenario)))
        for scene in scenario.scenes:
            for choice in scene.choices:
                reason = str(choice.reason).replace("*", "")
                assert reason not in story, (scenario.id, choice.id)
                assert reason in debrief.replace("*", ""), (scenario.id, choice.id)


NUMBERS = sorted(story_sections(SAMPLE).decisions)[:3]
SCENE = next(one.number for one in story_sections(SAMPLE).sections if one.choice is None)
READ: list[tuple[str, list[int] | None, int | None]] = [
    (f"{NUMBERS[0]}, {NUMBERS[1]}", NUMBERS[:2], None),
    (f"{NUMBERS[0]} → {NUMBERS[1]} -> {NUMBERS[2]}", NUMBERS, None),
    (f"{SCENE} {NUMBERS[0]}", NUMBERS[:1], None),  # a section that is no decision is passed over
    (f"{NUMBERS[0]}, 999, {NUMBERS[1]}", NUMBERS[:1], 999),
    ("0", [], 0),
    ("", None, None),
    ("seven", None, None),
    ("1; DROP TABLE", None, None),
    ("1," * 300, None, None),
    ("٣", None, None),  # a digit of another script is no number of a section
]


@pytest.mark.parametrize(("written", "numbers", "wrong"), READ)
def test_numbers_that_somebody_wrote_down_are_read_as_decisions(
    written: str, numbers: list[int] | None, wrong: int | None
) -> None:
    road = read_road(story_sections(SAMPLE), written)
    if numbers is None:
        assert road is None
        return
    assert isinstance(road, Road)
    assert [one[0] for one in road.decisions] == numbers
    assert road.wrong == wrong
