"""Small random scenarios with conditional endings, to compare the walk of all paths with each path by itself."""

from __future__ import annotations

import random
from typing import Any

from course.content.schema import Scenario

QUALITIES = ("best", "fair", "poor", "dangerous")


def random_scenario(seed: int) -> Scenario:
    """A scenario of five scenes with decisions and two with several endings; some have ways back."""
    chance = random.Random(seed)
    names = [f"s{number}" for number in range(5)]
    scenes: list[dict[str, Any]] = []
    backs = 0
    for number, name in enumerate(names):
        onward = [*names[number + 1 :], "end-a", "end-b"]
        choices = [_choice(chance, f"c{place}", chance.choice(onward[:3])) for place in range(chance.choice([2, 3]))]
        choices[0]["quality"] = "best"
        if number and backs < 2 and chance.random() < 0.4:
            backs += 1
            back = _choice(chance, "back", names[max(0, number - 2)]) | {"try_again": chance.choice([1, 2])}
            choices.append(back)
        scenes.append({"id": name, "text": "Now.", "choices": choices})
    taken = [f"{scene['id']}/{choice['id']}" for scene in scenes for choice in scene["choices"]]
    scenes += [{"id": name, "endings": _endings(chance, taken)} for name in ("end-a", "end-b")]
    gauges = {"safety": {"label": "Safety", "start": 3}, "trust": {"label": "Trust", "start": 2}}
    return Scenario.model_validate(
        {"id": "random", "title": "Random", "settings": ["school"], "points": ["a-point"], "intro": "A story.",
         "gauges": gauges, "start": "s0", "scenes": scenes}
    )  # fmt: skip


def _choice(chance: random.Random, name: str, to: str) -> dict[str, Any]:
    effects = {gauge: chance.choice([-2, -1, 1, 2]) for gauge in ("safety", "trust") if chance.random() < 0.5}
    return {"id": name, "text": "Do it", "quality": chance.choice(QUALITIES), "consequence": "So.", "reason": "Why.",
            "to": to, "effects": effects}  # fmt: skip


def _endings(chance: random.Random, taken: list[str]) -> list[dict[str, Any]]:
    endings = []
    for number, outcome in enumerate(chance.sample(["good", "mixed", "poor"], 3)):
        passages = [{"id": f"p{place}", "when": _condition(chance, taken), "text": "More."} for place in range(2)]
        ending: dict[str, Any] = {"id": f"e{number}", "end": outcome, "title": "So", "text": "It ends.", "debrief": "Well.",
                  "passages": passages[:1], "debrief_passages": passages[1:]}  # fmt: skip
        if number < 2:
            ending["when"] = _condition(chance, taken)
        if outcome == "poor" and chance.random() < 0.5:
            ending["why"] = "It turned."
        endings.append(ending)
    return endings


def _condition(chance: random.Random, taken: list[str]) -> dict[str, Any]:
    possible: dict[str, Any] = {
        "done": chance.sample(taken, chance.choice([1, 2])),
        "any_done": chance.sample(taken, 2),
        "not_done": chance.sample(taken, 1),
        "gauges": {chance.choice(["safety", "trust"]): chance.randint(2, 4)},
        "gauges_below": {chance.choice(["safety", "trust"]): chance.randint(2, 5)},
        "no_dangerous": True,
        "recommended": chance.choice([25, 50, 60, 67]),
    }
    return {key: possible[key] for key in chance.sample(sorted(possible), chance.choice([1, 2]))}
