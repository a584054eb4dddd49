"""Counts of first answers and first decisions by team, from one moment to the next.

Each of them is counted once, at the first moment after it was given, and goes with its person from team to team. Counted anew for
each moment, those of a year would be read and summed fifty times.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from course.analytics.rules.findings import AnswerKind, QuestionKey
from course.analytics.rules.groups import MonthlyAnswers
from course.analytics.rules.placement_history import PlacementTimeline
from course.analytics.rules.published_figures import CountedAnswers, ScenarioKey

_ByTeam = dict[int, int]  # people by team
_Key = TypeVar("_Key")


@dataclass(frozen=True)
class ChoiceKind:
    """What decisions that are counted together have in common: the scenario (reference and version), scene and choice."""

    scenario: ScenarioKey
    scene: str
    choice: str


@dataclass(frozen=True)
class FirstAnswers:
    """The first answer of each person to each question.

    `given` has for each moment those since the moment before, as three numbers in turn: the person, the index in `kinds`, and
    the month, counted from the year 0. Numbers of 32 bits in arrays, because there are three of them for each answer of everybody.
    """

    kinds: Sequence[AnswerKind]
    given: Sequence[array[int]]


@dataclass(frozen=True)
class FirstChoices:
    """The first decision of each person at each scene: `taken` is like FirstAnswers.given, with the person and the index."""

    kinds: Sequence[ChoiceKind]
    taken: Sequence[array[int]]


@dataclass(slots=True)
class _Person:
    """What was counted of a person until now, and the team in which it counts; None where the person does not count."""

    team: int | None = None
    answers: array[int] = field(default_factory=lambda: array("i"))
    choices: array[int] = field(default_factory=lambda: array("i"))
    points: int = 0  # a bit for each learning point that was answered
    months: dict[int, tuple[int, int]] = field(default_factory=dict)  # the answers that are right, and all
    rows: tuple[MonthlyAnswers, ...] | None = None  # the same as it is counted, until it changes


class RunningCounts:
    """The counts of everybody at moments that are asked for in order; `forms` gives the form of each question by its id."""

    def __init__(
        self, answers: FirstAnswers, choices: FirstChoices, timeline: PlacementTimeline, forms: Mapping[str, str]
    ) -> None:
        self._answers, self._choices, self._timeline, self._forms = answers, choices, timeline, forms
        self._index = -1
        self._people: defaultdict[int, _Person] = defaultdict(_Person)
        self._tallies: defaultdict[int, dict[int, int]] = defaultdict(dict)
        bits = {point: 1 << n for n, point in enumerate(dict.fromkeys(kind.point for kind in answers.kinds))}
        self._bits = [bits[kind.point] for kind in answers.kinds]
        self._people_by_point: dict[str, _ByTeam] = {point: {} for point in bits}
        self._by_bit = {bit: self._people_by_point[point] for point, bit in bits.items()}
        self._people_by_question: dict[QuestionKey, _ByTeam] = {kind.question: {} for kind in answers.kinds}
        self._by_kind = [self._people_by_question[kind.question] for kind in answers.kinds]
        self._by_choice: list[_ByTeam] = [{} for _ in choices.kinds]

    def at(self, index: int, excluded: Collection[int] = frozenset()) -> CountedAnswers:
        """The counts at the moment with that index, which is not before the one that was asked for last. They are good until the
        next moment is asked for. People of the teams `excluded` do not count."""
        for number in self._timeline.changed_people(self._index, index):
            placement = self._timeline.placement(number, index)
            self._move(self._people[number], None if placement is None else placement[0])
        for moment in range(self._index + 1, index + 1):
            self._add_answers(self._answers.given[moment])
            self._add_choices(self._choices.taken[moment])
        self._index = index
        return CountedAnswers(
            self._answers.kinds,
            {team: tallies for team, tallies in self._tallies.items() if team not in excluded},
            _counted(self._people_by_point.items(), excluded),
            _counted(self._people_by_question.items(), excluded),
            self._months(excluded),
            self._scenes(excluded),
            self._forms,
        )

    def _move(self, person: _Person, team: int | None) -> None:
        """Let what was counted of a person count in another team."""
        for where, step in ((person.team, -1), (team, 1)):
            if where is None or person.team == team:
                continue
            tallies = self._tallies[where]
            for kind in person.answers:
                _add(tallies, kind, step)
                _add(self._by_kind[kind], where, step)
            for bit, by_team in self._by_bit.items():
                if person.points & bit:
                    _add(by_team, where, step)
            for kind in person.choices:
                _add(self._by_choice[kind], where, step)
        if person.team != team:
            person.team, person.rows = team, None

    def _add_answers(self, given: array[int]) -> None:
        numbers = iter(given)
        for number, kind, month in zip(numbers, numbers, numbers, strict=True):
            person, bit = self._people[number], self._bits[kind]
            if person.team is not None:
                _add(self._tallies[person.team], kind, 1)
                _add(self._by_kind[kind], person.team, 1)
                if not person.points & bit:
                    _add(self._by_bit[bit], person.team, 1)
            person.answers.append(kind)
            person.points |= bit
            right, n = person.months.get(month, (0, 0))
            person.months[month] = right + self._answers.kinds[kind].is_right, n + 1
            person.rows = None

    def _add_choices(self, taken: array[int]) -> None:
        numbers = iter(taken)
        for number, kind in zip(numbers, numbers, strict=True):
            person = self._people[number]
            if person.team is not None:
                _add(self._by_choice[kind], person.team, 1)
            person.choices.append(kind)

    def _months(self, excluded: Collection[int]) -> list[MonthlyAnswers]:
        found: list[MonthlyAnswers] = []
        for number, person in self._people.items():
            if person.team is None or person.team in excluded:
                continue
            if person.rows is None:
                person.rows = tuple(
                    MonthlyAnswers(f"{month // 12:04}-{month % 12 + 1:02}", person.team, number, right, n)
                    for month, (right, n) in person.months.items()
                )
            found += person.rows
        return found

    def _scenes(self, excluded: Collection[int]) -> dict[ScenarioKey, dict[str, dict[str, _ByTeam]]]:
        found: dict[ScenarioKey, dict[str, dict[str, _ByTeam]]] = {}
        for kind, by_team in _counted(zip(self._choices.kinds, self._by_choice, strict=True), excluded).items():
            found.setdefault(kind.scenario, {}).setdefault(kind.scene, {})[kind.choice] = by_team
        return found


def _add(counts: dict[int, int], key: int, step: int) -> None:
    """Add to a count; what comes to nothing is left out."""
    count = counts.get(key, 0) + step
    if count:
        counts[key] = count
    else:
        del counts[key]


def _counted(counts: Iterable[tuple[_Key, _ByTeam]], excluded: Collection[int]) -> dict[_Key, _ByTeam]:
    """The counts without those of the teams `excluded`, and without those of nobody."""
    if excluded:
        counts = ((key, {team: n for team, n in by_team.items() if team not in excluded}) for key, by_team in counts)
    return {key: by_team for key, by_team in counts if by_team}
