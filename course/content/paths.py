"""All paths through a scenario: what a path is to the conditions of its endings, and what its endings do on all of them."""

from __future__ import annotations

from collections.abc import Sequence

from course.content.endings import PathFacts, ShownEnding, earned_ending
from course.content.schema import Choice, Scenario, Scene

Path = tuple[tuple[Scene, Choice], ...]
MAX_GAUGE = 5


def moved_gauge(value: int, change: int) -> int:
    """The value of a gauge after a decision: it stays between 0 and 5."""
    return min(MAX_GAUGE, max(0, value + change))


def path_facts(scenario: Scenario, path: Sequence[tuple[Scene, Choice]]) -> PathFacts:
    """What conditions ask of these decisions, from the start of the scenario on."""
    gauges = {name: gauge.start for name, gauge in scenario.gauges.items()}
    for _scene, choice in path:
        for name, change in choice.effects.items():
            gauges[name] = moved_gauge(gauges[name], change)
    return PathFacts(
        decided=frozenset(f"{scene.id}/{choice.id}" for scene, choice in path),
        gauges=gauges,
        has_dangerous=any(choice.quality == "dangerous" for _scene, choice in path),
        decisions=len(path),
        best=sum(choice.quality == "best" for _scene, choice in path),
    )


def recommended_ending(scenario: Scenario) -> ShownEnding:
    """The ending that the recommended path earns."""
    *deciding, last = scenario.recommended
    facts = path_facts(scenario, [(scene, scene.best) for scene in deciding])
    return earned_ending(last.id, last.possible_endings, facts)
