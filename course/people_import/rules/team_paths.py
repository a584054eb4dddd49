"""Where a path of team names leads in the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from course.text import comparison_key

# A team that is there, by its id, or one to be added, by its whole path of names.
TeamPlace = int | tuple[str, ...]


def path_key(path: Sequence[str]) -> tuple[str, ...]:
    """By what a path is compared with another one, however its names are written."""
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
        for number, name, _ in self.teams:
            self._called.setdefault(comparison_key(name), []).append(number)
        self._known: dict[tuple[str, ...], TeamPlace] = {}
        self._added: dict[tuple[str, ...], tuple[str, ...]] = {}

    def find(self, path: tuple[str, ...]) -> TeamPlace:
        """The team with this path, counted from the base or from the top, or the only one whose path ends so; if there
        is none, a new one. Raises UnclearError if there are several."""
        key = path_key(path)
        if key not in self._known:
            self._known[key] = self._search(path, key)
        return self._known[key]

    def _search(self, path: tuple[str, ...], key: tuple[str, ...]) -> TeamPlace:
        for start in dict.fromkeys((self.base, None)):
            here = self._walk(start, key)
            if here is not None:
                return here
        ends = [one for one in self._called.get(key[-1], ()) if self._ends(one, key)]
        if len(ends) > 1:
            raise AmbiguousTeamError(
                f"There are several teams “{path[-1]}”: write which one, such as {self.words(ends[0])}."
            )
        if ends:
            return ends[0]
        return self._add(path)

    def _walk(self, start: int | None, key: Sequence[str]) -> int | None:
        here = start
        for name in key:
            here = self._at.get((here, name))
            if here is None:
                return None
        return here

    def _ends(self, team: int | None, key: Sequence[str]) -> bool:
        for name in reversed(key):
            if team is None or self._names[team][0].casefold() != name:
                return False
            team = self._names[team][1]
        return True

    def _add(self, path: tuple[str, ...]) -> TeamPlace:
        """A new team, and those above it that are not there either."""
        start = self.base
        if len(path) > 1:
            above = self.find(path[:-1])
            if isinstance(above, tuple):
                return self._once((*above, path[-1]))
            start = above
        return self._once((*self.path(start), path[-1]) if start is not None else (path[-1],))

    def _once(self, whole: tuple[str, ...]) -> TeamPlace:
        """A new team with this whole path; a list may name it in several ways."""
        key = path_key(whole)
        if key not in self._added:
            self._added[key] = whole
            self.new.append(whole)
        return self._added[key]

    def path(self, team: int | None) -> tuple[str, ...]:
        """The names from the top down to a team."""
        names: list[str] = []
        while team is not None:
            name, team = self._names[team]
            names.append(name)
        return tuple(reversed(names))

    def words(self, place: TeamPlace) -> str:
        """A place as a list writes it."""
        return " > ".join(self.path(place) if isinstance(place, int) else place)
