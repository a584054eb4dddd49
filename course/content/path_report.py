"""The part of the quality report about the paths through the scenarios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from course.content.library import Library
from course.content.paths import ScenarioPaths, scenario_paths
from course.content.schema import Scenario


def path_lines(library: Library) -> Iterator[str]:
    """A line for each scenario: its paths and what they end in, and how it is built."""
    yield "\nWhere the paths through each story end (in per cent of all its paths, ways back included)"
    yield (
        f"{'story':<30}{'paths':>9}{'good':>7}{'mixed':>7}{'poor':>7}{'good with':>12}"
        f"{'scenes of 2/3/4':>17}{'recommended':>13}"
    )
    for module in library.modules.values():
        for scenario in module.scenarios.values():
            yield _scenario_line(scenario, scenario_paths(scenario))
    yield "'good with': the fewest recommended decisions that lead to a good ending, and how many there are on that path."
    yield "'scenes of 2/3/4': scenes with so many choices. 'recommended': the decisions on the recommended path."


def _scenario_line(scenario: Scenario, paths: ScenarioPaths) -> str:
    shares = "".join(f"{paths.outcomes[outcome] / paths.count:>7.0%}" for outcome in ("good", "mixed", "poor"))
    fewest = "{} of {}".format(*paths.fewest_best) if paths.fewest_best else "."
    choices = Counter(min(4, len(scene.choices)) for scene in scenario.scenes if scene.choices)
    sizes = f"{choices[2]}/{choices[3]}/{choices[4]}"
    return f"{scenario.id:<30}{paths.count:>9}{shares}{fewest:>12}{sizes:>17}{len(scenario.recommended) - 1:>13}"
