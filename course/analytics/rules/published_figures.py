"""The figures of a group that can be seen, and their form as JSON, in which they are stored when they are published."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from course.analytics.rules.findings import (
    AnswerKind,
    AnswerTally,
    CommonWrongAnswer,
    PointFinding,
    QuestionKey,
    decision_counts_by_group,
    point_findings,
)
from course.analytics.rules.groups import MonthlyAnswers, Share, share
from course.analytics.rules.item_analysis import ItemStatistics
from course.analytics.rules.suppression import TeamTree, remainder_is_publishable
from course.analytics.rules.trend import trends

ScenarioKey = tuple[str, str]  # reference and version of a scenario
QuestionVersion = tuple[str, str]  # id and version of a question


@dataclass(frozen=True)
class PublishedPeriod:
    """The first answers that a group gave from the first to the last month, such as "2026-11": `right` of `n`, by
    `people`."""

    first: str
    last: str
    people: int
    right: int
    n: int

    @property
    def share(self) -> Share | None:
        """The share of right answers; None if there are no answers."""
        return share(self.right, self.n)


@dataclass(frozen=True)
class GroupFigures:
    """All figures of a group that were published on one Monday; what is suppressed is not in them.

    `findings` are weakest first, `periods` in order; `decisions` gives for each scenario in a version how many people
    took each choice, by (scene, choice).
    """

    findings: tuple[PointFinding, ...]
    periods: tuple[PublishedPeriod, ...]
    decisions: Mapping[ScenarioKey, Mapping[tuple[str, str], int]]


@dataclass(frozen=True)
class CountedAnswers:
    """Counts of everybody, by team, from which the figures of groups are made.

    `tallies` counts first answers by team and index in `kinds`, `people` the people who answered each point, `asked` those
    who were asked each question; `months` gives the answers of each person in each month, `scenes` the people by scenario,
    scene, choice and team. `forms` gives the form of each question by its id.
    """

    kinds: Sequence[AnswerKind]
    tallies: Mapping[int, Mapping[int, int]]
    people: Mapping[str, Mapping[int, int]]
    asked: Mapping[QuestionKey, Mapping[int, int]]
    months: Collection[MonthlyAnswers]
    scenes: Mapping[ScenarioKey, Mapping[str, Mapping[str, Mapping[int, int]]]]
    forms: Mapping[str, str]


def group_figures(
    counted: CountedAnswers, parents: Mapping[int, int | None], groups: Mapping[int, Set[int] | None]
) -> dict[int, GroupFigures]:
    """The figures of each group (its teams; None: everybody) that may be published, without what is suppressed."""
    tree = TeamTree(parents)
    people = {point: tree.count(direct) for point, direct in counted.people.items()}
    asked = {key: tree.count(direct) for key, direct in counted.asked.items()}
    periods = trends(tuple(counted.months), parents, groups)
    decisions = {key: decision_counts_by_group(scenes, parents, groups) for key, scenes in counted.scenes.items()}
    found = {}
    for group, teams in groups.items():
        findings = point_findings(
            tallies_of(counted, teams),
            {point: counts.published(group) for point, counts in people.items()},
            {key: counts.published(group) for key, counts in asked.items()},
            counted.forms,
        )
        with_periods = remainder_is_publishable(people.values(), group)
        found[group] = GroupFigures(
            tuple(findings),
            tuple(
                PublishedPeriod(period.first, period.last, len(period.people), period.right, period.n)
                for period in periods[group]
                if with_periods
            ),
            {key: by_group[group] for key, by_group in decisions.items() if by_group[group]},
        )
    return found


def tallies_of(counted: CountedAnswers, teams: Set[int] | None) -> list[AnswerTally]:
    """The tallies of some teams (None: of everybody) together."""
    by_kind: dict[int, int] = {}
    for team in counted.tallies if teams is None else teams & counted.tallies.keys():
        for kind, n in counted.tallies[team].items():
            by_kind[kind] = by_kind.get(kind, 0) + n
    # An answer that is wrong is of two kinds: of those who were sure, and of all others.
    sums: dict[tuple[QuestionKey, tuple[int | str, ...]], list[int]] = {}
    for index, n in by_kind.items():
        of = counted.kinds[index]
        entry = sums.setdefault((of.question, of.given), [0, 0, 0])
        entry[0] += n
        entry[1] += n * of.is_right
        entry[2] += n * of.is_sure_and_wrong
    return [AnswerTally(*question, given, *counts) for (question, given), counts in sums.items()]


def figures_to_json(figures: GroupFigures) -> dict[str, Any]:
    """The figures of a group as they are stored."""
    return {
        "points": [
            {
                "point": finding.point,
                "people": finding.people,
                "right": finding.share.right,
                "answers": finding.share.n,
                "sure_and_wrong": finding.sure_and_wrong,
                "common_wrong_answer": finding.common_wrong_answer and dict(vars(finding.common_wrong_answer)),
            }
            for finding in figures.findings
        ],
        "periods": [dict(vars(period)) for period in figures.periods],
        "scenarios": [
            {
                "scenario": ref,
                "version": version,
                "choices": [[scene, choice, n] for (scene, choice), n in sorted(counts.items())],
            }
            for (ref, version), counts in sorted(figures.decisions.items())
        ],
    }


def figures_from_json(stored: Mapping[str, Any]) -> GroupFigures:
    """The figures of a group from their stored form. Raises ValueError for a share that is none."""
    findings = []
    for row in stored["points"]:
        wrong, right = row["common_wrong_answer"], share(row["right"], row["answers"])
        if right is None:
            raise ValueError(f"no answers to {row['point']}")
        findings.append(
            PointFinding(
                row["point"], row["people"], right, row["sure_and_wrong"], CommonWrongAnswer(**wrong) if wrong else None
            )
        )
    return GroupFigures(
        tuple(findings),
        tuple(PublishedPeriod(**row) for row in stored["periods"]),
        {
            (row["scenario"], row["version"]): {(scene, choice): n for scene, choice, n in row["choices"]}
            for row in stored["scenarios"]
        },
    )


def items_to_json(items: Mapping[QuestionVersion, ItemStatistics]) -> dict[str, Any]:
    """The statistics of each question in each version as they are stored."""
    return {
        "questions": [
            {"question": question, "version": version, **vars(statistics)}
            for (question, version), statistics in sorted(items.items())
        ]
    }


def items_from_json(stored: Mapping[str, Any]) -> dict[QuestionVersion, ItemStatistics]:
    """The statistics of each question in each version from their stored form."""
    return {
        (row["question"], row["version"]): ItemStatistics(
            row["answers"],
            row["is_sufficient"],
            row["facility"],
            row["discrimination"],
            row["efficiency"],
            tuple(row["options"]),
        )
        for row in stored["questions"]
    }
