"""The table by team of a pack: how many people of each team had to train, held a certificate, or were overdue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.evidence.rules.tables import PackPerson, PackTable
from course.reports.team_table import TeamRow, TeamScope, compare_teams
from course.reports.team_trend import share
from course.text import sort_key

NO_TEAM = "In no team"
PATH_SEPARATOR = " › "  # between a team and a team below it


@dataclass(frozen=True)
class PackTeam:
    """A team of the day with the team above it (None: at the top, or the team above is not in the pack), and the names
    of those who managed it."""

    id: int
    name: str
    parent_id: int | None
    managers: tuple[str, ...] = ()


@dataclass(frozen=True)
class TeamLine:
    """A team with all teams below it on the day. `level` is 0 for the highest teams of the pack.

    A person who is in several of these teams counts once. `valid` are those of the `required` people who held a valid
    certificate.
    """

    name: str
    path: str
    level: int
    managers: tuple[str, ...]
    people: int
    required: int
    valid: int
    overdue: int
    due_soon: int
    not_started: int

    @property
    def percent(self) -> int | None:
        """The share of the required people with a valid certificate, rounded as in the report; None if no one had to
        train."""
        return share(self.valid, self.required)


def team_lines(people: Sequence[PackPerson], teams: Sequence[PackTeam]) -> list[TeamLine]:
    """A line for each team that has people, counted as the report counts them, in the order of the tree, with the worst
    first among teams of one level; people in no team come last. `teams` are those of the pack, in any order."""
    by_id = {team.id: team for team in teams}
    places = [(team.id, team.name, team.parent_id) for team in teams]
    table = compare_teams([one.line for one in people], TeamScope(places, "", every_level=True, with_highest=True))
    below: dict[int | None, list[tuple[int, TeamLine]]] = defaultdict(list)
    last = []
    for row in table.rows:
        if row.id is None:
            last.append(_line(row, NO_TEAM, NO_TEAM, 0, ()))
            continue
        team = by_id[row.id]
        line = _line(row, team.name, PATH_SEPARATOR.join(row.path), row.level, team.managers)
        below[team.parent_id if team.parent_id in by_id else None].append((team.id, line))

    def with_those_below(parent: int | None) -> Iterator[TeamLine]:
        for team_id, line in sorted(below[parent], key=_worst_first):
            yield line
            yield from with_those_below(team_id)

    if not teams and people:  # where there are no teams the report has no rows
        last = [_line(table.total, NO_TEAM, NO_TEAM, 0, ())]
    return [*with_those_below(None), *last]


def team_path(team_id: int, teams: Mapping[int, PackTeam]) -> str:
    """The names of the teams above a team and its own, from the top."""
    names: list[str] = []
    seen: set[int] = set()
    place: int | None = team_id
    while place is not None and place in teams and place not in seen:
        seen.add(place)
        names.insert(0, teams[place].name)
        place = teams[place].parent_id
    return PATH_SEPARATOR.join(names)


def teams_table(lines: Iterable[TeamLine]) -> PackTable:
    headings: list[object] = [
        "Team", "Team with those above it", "Level", "Managed by", "People", "Required", "Valid certificate",
        "Share of required (%)", "Overdue", "Due soon", "Not started",
    ]  # fmt: skip
    return [headings] + [
        [line.name, line.path, line.level, ", ".join(line.managers), line.people, line.required, line.valid,
         "" if line.percent is None else line.percent, line.overdue, line.due_soon, line.not_started]
        for line in lines
    ]  # fmt: skip


def _line(row: TeamRow, name: str, path: str, level: int, managers: tuple[str, ...]) -> TeamLine:
    counts = row.counts
    return TeamLine(
        name, path, level, managers, row.people, row.required, row.valid,
        counts["overdue"], counts["due-soon"], counts["not-started"],
    )  # fmt: skip


def _worst_first(team: tuple[int, TeamLine]) -> tuple[object, ...]:
    number, line = team
    return 101 if line.percent is None else line.percent, -line.overdue, *sort_key(line.name), number
