"""Which groups can be told of beside all that was told of before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from course.insight.rules.groups import SMALLEST_GROUP
from course.insight.rules.privacy import ALL

Parents = Mapping[int, int | None]
Node = tuple[str, int]  # a part, as it was then or would be now
Place = tuple[int, int] | None  # the team in which somebody counts (0: none), and their answers; None: nowhere


class Here:
    """Where everybody counts at one moment; nobody of the teams `out` does."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.out = frozenset[int]()
        self._people: dict[int, set[int]] = defaultdict(set)

    def put(self, person: int, place: Place) -> Place:
        """Somebody counts there now; returns where they did before."""
        before = self.places.pop(person, None)
        if before is not None:
            self._people[before[0]].discard(person)
        if place is not None:
            self.places[person] = place
            self._people[place[0]].add(person)
        return before

    def people(self, team: int) -> Collection[int]:
        return self._people.get(team, ())

    def direct(self) -> dict[int, int]:
        """How many people there are in each team itself."""
        return {team: len(people) for team, people in self._people.items() if people}


@dataclass
class Release:
    """On one Monday figures of several groups were told. `parts` says of each team with which others it could be seen
    then: those of one part were seen only together. Nobody of the teams `out` counted. The rest is who has changed
    since."""

    index: int
    parts: Mapping[int, int]
    out: frozenset[int]
    was: dict[int, Place] = field(default_factory=dict)  # where those who have changed since were
    more: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # by the one team that it is about
    moved: set[int] = field(default_factory=set)  # whoever was in one team and is in another

    def change(self, person: int, before: Place, now: Place) -> None:
        """Somebody has changed from what they were a moment ago."""
        was = self.was.setdefault(person, before)
        self._forget(person, was, before)
        if was == now:
            del self.was[person]
        elif was is not None and now is not None and was[0] != now[0]:
            self.moved.add(person)
        elif (there := now or was) is not None:
            self.more[there[0]].add(person)

    def _forget(self, person: int, was: Place, now: Place) -> None:
        self.moved.discard(person)
        for place in (was, now):
            if place is not None:
                self.more[place[0]].discard(person)

    def differ(self, then: Collection[int], now: Collection[int], here: Here) -> int:
        """Of how many people is something else told by those teams then than by these now? At SMALLEST_GROUP it stops
        counting."""
        either, found = {*then, *now}, 0
        maybe: list[Collection[int]] = [self.moved, *(self.more[team] for team in either if team in self.more)]
        maybe += [here.people(team) for team in either if (team in then) != (team in now)]
        for person in set[int]().union(*maybe):
            place = here.places.get(person)
            found += _among(then, self.was.get(person, place)) != _among(now, place)
            if found >= SMALLEST_GROUP:
                break
        return found

    def common(self, parts: Mapping[int, int], here: Here, least: int) -> Iterator[tuple[set[int], set[int]]]:
        """What could be seen then, and the same people in these parts: what was told then can be taken from what would
        be told now. Parts that share at least so many people go together, since taking them apart would leave these."""
        shared: Counter[tuple[Node, Node]] = Counter()
        for team in self.parts.keys() & parts.keys():
            shared[("then", self.parts[team]), ("now", parts[team])] += len(here.people(team))
        beside: dict[Node, set[Node]] = {("then", part): set() for part in self.parts.values()}
        beside |= {("now", part): set() for part in parts.values()}
        for (one, other), people in shared.items():
            if people >= least:
                beside[one].add(other)
                beside[other].add(one)
        waiting = set(beside)
        while waiting:
            joined, new = set[Node](), {waiting.pop()}
            while new:
                node = new.pop()
                joined.add(node)
                new |= beside[node] - joined
            waiting -= joined
            yield (
                {team for team, part in self.parts.items() if ("then", part) in joined},
                {team for team, part in parts.items() if ("now", part) in joined},
            )


def _among(teams: Collection[int], place: Place) -> int:
    return place[1] if place is not None and place[0] in teams else 0


def parts_of(shown: Collection[int], parents: Parents, teams: Collection[int]) -> dict[int, int]:
    """For each of these teams the group of which it is the rest beside the shown groups below."""
    found = {}
    for team in teams:
        at: int | None = team
        while at is not None and at not in shown:
            at = parents.get(at)
        found[team] = ALL if at is None else at
    return found


def few(release: Release, parts: Mapping[int, int], here: Here) -> set[int] | None:
    """Teams of which a few people could be seen by taking what was told in the release from what would be told in these
    parts; None if nobody could."""
    for least in (1, SMALLEST_GROUP):
        for then, now in release.common(parts, here, least):
            if then and now and 0 < release.differ(then, now, here) < SMALLEST_GROUP:
                return then | now
    return None
