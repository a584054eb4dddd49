"""From counted answers and decisions of a group to what it gets wrong. Every count is of first answers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from course.analytics.rules.groups import SMALLEST_GROUP, Share, share
from course.analytics.rules.suppression import publishable_count
from course.content.schema import Choice, Option, Question, Scenario, Scene

QuestionKey = tuple[str, str, str]  # a point, the id of a question that was asked for it, and its version


@dataclass(frozen=True)
class AnswerTally:
    """How often a question in a version was answered with `given` (indices of options) for a point."""

    point: str
    question_id: str
    version: str
    given: tuple[int | str, ...]
    n: int
    right: int
    sure_and_wrong: int

    @property
    def asked(self) -> QuestionKey:
        return self.point, self.question_id, self.version


@dataclass(frozen=True)
class CommonWrongAnswer:
    """The wrong answer to one question that a group chooses most: `count` of the `n` who were asked it."""

    question_id: str
    version: str
    option: int
    count: int
    n: int


@dataclass(frozen=True)
class PointFinding:
    """What a group answered about a learning point. `people` answered; `sure_and_wrong` counts answers."""

    point: str
    people: int
    share: Share
    sure_and_wrong: int
    favourite: CommonWrongAnswer | None


def point_findings(
    tallies: Iterable[AnswerTally],
    people: Mapping[str, int],
    asked: Mapping[QuestionKey, int],
    forms: Mapping[str, str],
) -> list[PointFinding]:
    """The points that at least SMALLEST_GROUP people answered, weakest first.

    `people` counts who answered each point, `asked` who was asked each question for it; what may not be shown is not
    in them. `forms` gives the form of each question by id. Points of equal share stand in the order of their ids.
    """
    rows: dict[str, list[AnswerTally]] = {}
    for tally in tallies:
        rows.setdefault(tally.point, []).append(tally)
    found = []
    for point, of_point in rows.items():
        told = share(sum(t.right for t in of_point), sum(t.n for t in of_point))
        if told and people.get(point, 0) >= SMALLEST_GROUP:
            sure = sum(t.sure_and_wrong for t in of_point)
            found.append(PointFinding(point, people[point], told, sure, _common_wrong_answer(of_point, asked, forms)))
    return sorted(found, key=lambda finding: (finding.share.value, finding.point))


def _common_wrong_answer(
    tallies: list[AnswerTally], asked: Mapping[QuestionKey, int], forms: Mapping[str, str]
) -> CommonWrongAnswer | None:
    """Only where one option is chosen, and SMALLEST_GROUP people were asked the same version of the question."""
    wrong = [
        CommonWrongAnswer(t.question_id, t.version, int(t.given[0]), t.n - t.right, asked[t.asked])
        for t in tallies
        if forms.get(t.question_id) == "one"
        and len(t.given) == 1
        and t.n > t.right
        and asked.get(t.asked, 0) >= SMALLEST_GROUP
    ]
    return max(wrong, key=lambda one: (one.count, one.count / one.n, one.question_id, -one.option), default=None)


def misconception(question: Question | None, favourite: CommonWrongAnswer) -> Option | None:
    """The option as it was read, with the reason why it is wrong."""
    if question is None or not 0 <= favourite.option < len(question.options):
        return None
    return question.options[favourite.option]


@dataclass(frozen=True)
class DecisionFinding:
    """A decision of a scenario at which people leave the safe path: `left` of the `n` who came to it.

    `favourite` is what most of those who left it chose.
    """

    scenario: Scenario
    scene: Scene
    left: Share
    favourite: Choice


def group_decision_counts(
    scenes: Mapping[str, Mapping[str, Mapping[int, int]]],
    parents: Mapping[int, int | None],
    group: int,
    teams: Collection[int] | None,
) -> dict[tuple[str, str], int]:
    """How many people of a group (its `teams`; None: everybody) chose what, by scene and choice.

    `scenes` counts by scene, choice and team. Of a scene that may not be shown of the group nothing is there.
    """
    found = {}
    for scene, choices in scenes.items():
        direct: Counter[int] = Counter()
        for of_choice in choices.values():
            direct.update(of_choice)
        if publishable_count(parents, direct, group):
            for choice, of_choice in choices.items():
                found[scene, choice] = sum(n for team, n in of_choice.items() if teams is None or team in teams)
    return found


def decision_findings(scenario: Scenario, counts: Mapping[tuple[str, str], int]) -> list[DecisionFinding]:
    """The decisions at which somebody did not take the recommended choice, worst first.

    `counts` says how many people chose what, by scene and choice, the first time they came to it. A decision that
    fewer than SMALLEST_GROUP people came to is left out, as is whatever the scenario does not hold.
    """
    found = []
    for scene in scenario.scenes:
        taken = {choice.id: counts.get((scene.id, choice.id), 0) for choice in scene.choices}
        n = sum(taken.values())
        if n < SMALLEST_GROUP:
            continue
        others = [choice for choice in scene.choices if choice.quality != "best" and taken[choice.id]]
        left = share(sum(taken[choice.id] for choice in others), n)
        if others and left:
            found.append(DecisionFinding(scenario, scene, left, max(others, key=lambda choice: taken[choice.id])))
    return sorted(found, key=lambda turn: -turn.left.value)
