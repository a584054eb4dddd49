"""Which teams a list would leave without a manager of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from course.people_import.rules.matching import KnownPerson, RowData
from course.people_import.rules.team_paths import TeamPaths

# What one line changes: the person whom it is about (None: a new one), its changes, and its values.
LineEffect = tuple[KnownPerson | None, Set[str], RowData]


def teams_losing_managers(
    effects: Sequence[LineEffect], known: Iterable[KnownPerson], team_paths: TeamPaths
) -> tuple[str, ...]:
    """The paths of the open teams whose last managers leave by these lines, now or on a day that is recorded beforehand, while
    no line brings another manager. Whoever has a last day already does not count as one who stays."""
    going = {person.id for person, changes, _row in effects if person is not None and changes & {"left", "leaves"}}
    losing, kept = _managers(going, known)
    for _person, changes, row in effects:
        if not changes & {"left", "leaves"}:
            kept |= {place for path in row.managed if isinstance(place := team_paths.find(path), int)}
    paths = {team: team_paths.words(team) for team, _name, _parent in team_paths.teams if team in losing}
    return tuple(sorted((paths[team] for team in losing if team in paths and team not in kept), key=str.casefold))


def _managers(going: Set[int], known: Iterable[KnownPerson]) -> tuple[Set[int], set[int]]:
    """The teams with a manager who goes, and those with one who stays."""
    by_team: Mapping[bool, set[int]] = defaultdict(set)
    for person in known:
        if person.left is None and person.merged is None and (person.id in going or person.last_day is None):
            by_team[person.id in going].update(person.manages)
    return by_team[True], by_team[False]
