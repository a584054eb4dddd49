"""The table by team of a pack: how many people of each team had to train, held a certificate, or were overdue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.evidence.rules.tables import PackPerson, PackTable
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
    """A line for each team that has people, in the order of the tree, with the worst first among teams of one level;
    people in no team come last. `teams` are those of the pack, in any order."""
    by_id = {team.id: team for team in teams}
    members: dict[int, list[PackPerson]] = defaultdict(list)
    in_no_team = []
    for person in people:
        counted = set[int]().union(*(_chain(team, by_id) for team in person.line.teams))
        for team_id in counted:
            members[team_id].append(person)
        if not counted:
            in_no_team.append(person)
    below: dict[int | None, list[tuple[int, TeamLine]]] = defaultdict(list)
    for team_id, counted_people in members.items():
        team = by_id[team_id]
        path, level = team_path(team_id, by_id), len(_chain(team_id, by_id)) - 1
        line = _line(team.name, path, level, team.managers, counted_people)
        below[team.parent_id if team.parent_id in by_id else None].append((team_id, line))

    def with_those_below(parent: int | None) -> Iterator[TeamLine]:
        for team_id, line in sorted(below[parent], key=_worst_first):
            yield line
            yield from with_those_below(team_id)

    last = [_line(NO_TEAM, NO_TEAM, 0, (), in_no_team)] if in_no_team else []
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


def _chain(team_id: int, teams: Mapping[int, PackTeam]) -> set[int]:
    """The team and the teams above it, as far as they are in the pack."""
    found: set[int] = set()
    place: int | None = team_id
    while place is not None and place in teams and place not in found:
        found.add(place)
        place = teams[place].parent_id
    return found


def _line(name: str, path: str, level: int, managers: tuple[str, ...], people: Sequence[PackPerson]) -> TeamLine:
    required = [person for person in people if person.required]
    groups = [person.line.group for person in people]
    return TeamLine(
        name, path, level, managers, len(people), len(required),
        sum(person.line.has_valid_certificate for person in required),
        groups.count("overdue"), groups.count("due-soon"), groups.count("not-started"),
    )  # fmt: skip


def _worst_first(team: tuple[int, TeamLine]) -> tuple[object, ...]:
    number, line = team
    return 101 if line.percent is None else line.percent, -line.overdue, *sort_key(line.name), number
