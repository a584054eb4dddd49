"""Resolving paths of team names in the tree of teams."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from course.text import comparison_key, search_key, unify_signs
from course.translation import lazy_gettext as _

# The id of an existing team, or the full path of a team that has to be added.
TeamPlace = int | tuple[str, ...]
PathKey = Callable[[Sequence[str]], tuple[str, ...]]


def exact_key(path: Sequence[str]) -> tuple[str, ...]:
    """The key by which paths are compared first, without regard to case and the Unicode form of letters."""
    return tuple(comparison_key(name) for name in path)


def path_key(path: Sequence[str]) -> tuple[str, ...]:
    """The key by which paths are compared where no team is called exactly so: St Mary's and St Mary’s are one team."""
    return tuple(comparison_key(unify_signs(name)) for name in path)


def _similar_key(path: Sequence[str]) -> tuple[str, ...]:
    """What is left of names that are nearly the same: Café & Kitchen and Cafe and kitchen, Pre-school and Preschool."""
    return tuple(re.sub(r"[\W_]+", "", search_key(re.sub("[&+]", " and ", name))) for name in path)


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
        self._keys: dict[PathKey, dict[int, str]] = {}
        self._called: dict[tuple[PathKey, str], list[int]] = {}
        for key_of in (exact_key, path_key, _similar_key):
            keys = self._keys[key_of] = {number: key_of((name,))[0] for number, name, _parent in self.teams}
            for number, key in keys.items():
                self._called.setdefault((key_of, key), []).append(number)
        self._known: dict[tuple[str, ...], TeamPlace] = {}
        self._added: dict[tuple[str, ...], tuple[str, ...]] = {}

    def find(self, path: tuple[str, ...]) -> TeamPlace:
        """The team with this path, counted from the base or from the top, or the only one whose path ends so; if there
        is none, a new one. Raises AmbiguousTeamError if there are several."""
        key = exact_key(path)
        if key not in self._known:
            self._known[key] = self._search(path)
        return self._known[key]

    def similar(self, path: tuple[str, ...]) -> int | None:
        """A team that is nearly called like a new one with this path; None if there is none."""
        return next(iter(self._ending(path, _similar_key)), None)

    def _search(self, path: tuple[str, ...]) -> TeamPlace:
        for key_of in (exact_key, path_key):
            ends = self._ending(path, key_of)
            for start in dict.fromkeys((self.base, None)):
                whole = [one for one in ends if self._start(one, len(path)) == start]
                if len(whole) == 1:
                    return whole[0]
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

    def _ending(self, path: Sequence[str], key_of: PathKey) -> list[int]:
        """The teams whose path ends with this one."""
        key = key_of(path)
        return [one for one in self._called.get((key_of, key[-1]), ()) if self._ends(one, key, self._keys[key_of])]

    def _ends(self, team: int | None, key: Sequence[str], keys: Mapping[int, str]) -> bool:
        for name in reversed(key):
            if team is None or keys[team] != name:
                return False
            team = self._names[team][1]
        return True

    def _start(self, team: int, length: int) -> int | None:
        """The team above the part of a path of this length that ends with a team."""
        above: int | None = team
        for _step in range(length):
            above = None if above is None else self._names[above][1]
        return above

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
