"""Findings about a group from its counted answers and decisions. Only first answers and first decisions are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from course.analytics.rules.groups import SMALLEST_GROUP, Share, share
from course.analytics.rules.suppression import TeamTree
from course.content.schema import Choice, Option, Question, Scenario, Scene

QuestionKey = tuple[str, str, str]  # a learning point, the id of a question that was asked for it, and its version


@dataclass(frozen=True)
class AnswerKind:
    """What answers that are counted together have in common: the question in a version that was answered with `given`
    (indices of options) for a learning point, and what that says."""

    question: QuestionKey
    given: tuple[int | str, ...]
    is_right: bool
    is_sure_and_wrong: bool

    @property
    def point(self) -> str:
        return self.question[0]


@dataclass(frozen=True)
class AnswerTally:
    """How many times a question in a version was answered with `given` (indices of options) for a learning point."""

    point: str
    question_id: str
    version: str
    given: tuple[int | str, ...]
    count: int
    right: int
    sure_and_wrong: int

    @property
    def key(self) -> QuestionKey:
        return self.point, self.question_id, self.version


@dataclass(frozen=True)
class CommonWrongAnswer:
    """The wrong answer to one question that a group chooses most: `count` of the `asked` people who were asked it."""

    question_id: str
    version: str
    option: int
    count: int
    asked: int


@dataclass(frozen=True)
class PointFinding:
    """The answers of a group about a learning point. `people` counts people, `sure_and_wrong` answers."""

    point: str
    people: int
    share: Share
    sure_and_wrong: int
    common_wrong_answer: CommonWrongAnswer | None


def point_findings(
    tallies: Iterable[AnswerTally],
    people: Mapping[str, int],
    asked: Mapping[QuestionKey, int],
    forms: Mapping[str, str],
) -> list[PointFinding]:
    """The points that at least SMALLEST_GROUP people answered, weakest first.

    `people` counts the people who answered each point, `asked` those who were asked each question for it; suppressed
    counts are not in them. `forms` gives the form of each question by id. Points of equal share are sorted by id.
    """
    rows: dict[str, list[AnswerTally]] = {}
    for tally in tallies:
        rows.setdefault(tally.point, []).append(tally)
    found = []
    for point, of_point in rows.items():
        right_share = share(sum(t.right for t in of_point), sum(t.count for t in of_point))
        if right_share and people.get(point, 0) >= SMALLEST_GROUP:
            sure = sum(t.sure_and_wrong for t in of_point)
            found.append(
                PointFinding(point, people[point], right_share, sure, _common_wrong_answer(of_point, asked, forms))
            )
    return sorted(found, key=lambda finding: (finding.share.value, finding.point))


def safety_critical_first(findings: Iterable[PointFinding], critical: Collection[str]) -> list[PointFinding]:
    """The findings, weakest first, with the safety-critical points first among those that cannot be told apart.

    Two shares cannot be told apart if their confidence intervals overlap. Of the findings that are left, those that overlap
    with the weakest of them stand next: the safety-critical ones before the others, each weakest first.
    """
    left, ordered = sorted(findings, key=lambda finding: (finding.share.value, finding.point)), list[PointFinding]()
    while left:
        alike = [finding for finding in left if finding.share.low <= left[0].share.high]
        ordered += sorted(alike, key=lambda finding: finding.point not in critical)
        left = [finding for finding in left if finding.share.low > left[0].share.high]
    return ordered


def _common_wrong_answer(
    tallies: list[AnswerTally], asked: Mapping[QuestionKey, int], forms: Mapping[str, str]
) -> CommonWrongAnswer | None:
    """The wrong answer chosen most, of questions with one option to choose of which SMALLEST_GROUP people were asked the
    same version; None if there is none."""
    wrong = [
        CommonWrongAnswer(t.question_id, t.version, int(t.given[0]), t.count - t.right, asked[t.key])
        for t in tallies
        if forms.get(t.question_id) == "one"
        and len(t.given) == 1
        and t.count > t.right
        and asked.get(t.key, 0) >= SMALLEST_GROUP
    ]
    return max(
        wrong,
        key=lambda answer: (
            answer.count,
            answer.count / answer.asked,
            answer.question_id,
            -answer.option,
            answer.version,
        ),
        default=None,
    )


def misconception(question: Question | None, answer: CommonWrongAnswer) -> Option | None:
    """The option that was chosen, with the reason why it is wrong; None if the question has no such option."""
    if question is None or not 0 <= answer.option < len(question.options):
        return None
    return question.options[answer.option]


@dataclass(frozen=True)
class DecisionFinding:
    """A decision of a scenario at which people leave the recommended path.

    `departures` is the share of those who came to the decision and did not take the recommended choice, `common_choice`
    the choice that most of them took.
    """

    scenario: Scenario
    scene: Scene
    departures: Share
    common_choice: Choice


def decision_counts_by_group(
    scenes: Mapping[str, Mapping[str, Mapping[int, int]]],
    parents: Mapping[int, int | None],
    groups: Mapping[int, Collection[int] | None],
) -> dict[int, dict[tuple[str, str], int]]:
    """For each group how many of its people took each choice of a scenario, by (scene, choice).

    `scenes` counts people by scene, choice and team; `groups` gives the teams of each group (None: everybody). A scene
    whose counts are suppressed for a group is left out.
    """
    found: dict[int, dict[tuple[str, str], int]] = {group: {} for group in groups}
    tree = TeamTree(parents)
    for scene, choices in scenes.items():
        direct: Counter[int] = Counter()
        for by_team in choices.values():
            direct.update(by_team)
        people = tree.count(direct)
        for group, teams in groups.items():
            if people.published(group):
                for choice, by_team in choices.items():
                    count = sum(n for team, n in by_team.items() if teams is None or team in teams)
                    found[group][scene, choice] = count
    return found


def decision_findings(scenario: Scenario, counts: Mapping[tuple[str, str], int]) -> list[DecisionFinding]:
    """The decisions at which somebody did not take the recommended choice, worst first.

    `counts` gives the number of people by (scene, choice), the first time they came to the scene. A decision that
    fewer than SMALLEST_GROUP people came to is left out, and so is everything that the scenario does not contain.
    """
    found = []
    for scene in scenario.scenes:
        taken = {choice.id: counts.get((scene.id, choice.id), 0) for choice in scene.choices}
        n = sum(taken.values())
        if n < SMALLEST_GROUP:
            continue
        others = [choice for choice in scene.choices if choice.quality != "best" and taken[choice.id]]
        departures = share(sum(taken[choice.id] for choice in others), n)
        if others and departures:
            found.append(DecisionFinding(scenario, scene, departures, max(others, key=lambda choice: taken[choice.id])))
    return sorted(found, key=lambda finding: -finding.departures.value)
