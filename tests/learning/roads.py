"""Roads through a story: the worst, a poor, a fair and the best one, each repaired where it has to be."""

from __future__ import annotations

from course.content.schema import Choice, Scenario
from course.learning.rules.branching import run_state

# Which grade is taken first at each scene.
ROADS = {
    "worst": ("dangerous", "poor", "fair", "best"),
    "poor": ("poor", "dangerous", "fair", "best"),
    "fair": ("fair", "poor", "best", "dangerous"),
    "best": ("best", "fair", "poor", "dangerous"),
}


def road_decisions(scenario: Scenario, grades: tuple[str, ...]) -> list[tuple[str, str]]:
    """The decisions of a road on which these grades are preferred, and the best ones that repair it."""
    taken: list[tuple[str, str]] = []
    while (state := run_state(scenario, taken)).scene is not None:
        preferred = grades if state.ending is None else ROADS["best"]
        taken.append((state.scene.id, _preferred(state.open_choices, preferred).id))
    return taken


def _preferred(choices: tuple[Choice, ...], grades: tuple[str, ...]) -> Choice:
    # The longest text of a grade, for the longest page.
    return min(choices, key=lambda choice: (grades.index(choice.quality), -len(choice.reason + choice.consequence)))
