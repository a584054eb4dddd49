"""Resolving paths of team names in the tree of teams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from course.text import comparison_key
from course.translation import lazy_gettext as _

# The id of an existing team, or the full path of a team that has to be added.
TeamPlace = int | tuple[str, ...]


def path_key(path: Sequence[str]) -> tuple[str, ...]:
    """The key by which paths are compared, without regard to the spelling of case and accents."""
    return tuple(comparison_key(name) for name in path)


class AmbiguousTeamError(ValueError):
    """Several teams could be meant."""


@dataclass
class TeamPaths:
    """The open teams (id, name, parent), and the one below which new ones are added (None: at the top).

    `new` collects the paths of the teams that have to be added, each after the one above it.
    """

    teams: Sequence[tuple[int, str, int | None]]
    base: int | None = None
    new: list[tuple[str, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names = {number: (name, parent) for number, name, parent in self.teams}
        self._at = {(parent, comparison_key(name)): number for number, name, parent in self.teams}
        self._called: dict[str, list[int]] = {}
        for number, name, _parent in self.teams:
            self._called.setdefault(comparison_key(name), []).append(number)
        self._known: dict[tuple[str, ...], TeamPlace] = {}
        self._added: dict[tuple[str, ...], tuple[str, ...]] = {}

    def find(self, path: tuple[str, ...]) -> TeamPlace:
        """The team with this path, counted from the base or from the top, or the only one whose path ends so; if there
        is none, a new one. Raises AmbiguousTeamError if there are several."""
        key = path_key(path)
        if key not in self._known:
            self._known[key] = self._search(path, key)
        return self._known[key]

    def _search(self, path: tuple[str, ...], key: tuple[str, ...]) -> TeamPlace:
        for start in dict.fromkeys((self.base, None)):
            team_id = self._walk(start, key)
            if team_id is not None:
                return team_id
        ends = [one for one in self._called.get(key[-1], ()) if self._ends(one, key)]
        if len(ends) > 1:
            raise AmbiguousTeamError(
                _(
                    "There are several teams “%(team)s”: write which one, such as %(path)s.",
                    team=path[-1],
                    path=self.words(ends[0]),
                )
            )
        if ends:
            return ends[0]
        return self._add(path)

    def _walk(self, start: int | None, key: Sequence[str]) -> int | None:
        team_id = start
        for name in key:
            team_id = self._at.get((team_id, name))
            if team_id is None:
                return None
        return team_id

    def _ends(self, team: int | None, key: Sequence[str]) -> bool:
        for name in reversed(key):
            if team is None or self._names[team][0].casefold() != name:
                return False
            team = self._names[team][1]
        return True

    def _add(self, path: tuple[str, ...]) -> TeamPlace:
        """Add a new team, and the missing teams above it."""
        start = self.base
        if len(path) > 1:
            above = self.find(path[:-1])
            if isinstance(above, tuple):
                return self._once((*above, path[-1]))
            start = above
        return self._once((*self.path(start), path[-1]) if start is not None else (path[-1],))

    def _once(self, full_path: tuple[str, ...]) -> TeamPlace:
        """A new team with this whole path; a list may name it in several ways."""
        key = path_key(full_path)
        if key not in self._added:
            self._added[key] = full_path
            self.new.append(full_path)
        return self._added[key]

    def path(self, team: int | None) -> tuple[str, ...]:
        """The path of a team: the names from the top of the tree."""
        names: list[str] = []
        while team is not None:
            name, team = self._names[team]
            names.append(name)
        return tuple(reversed(names))

    def words(self, place: TeamPlace) -> str:
        """A place in words, as a list writes it: North > House 3."""
        return " > ".join(self.path(place) if isinstance(place, int) else place)
