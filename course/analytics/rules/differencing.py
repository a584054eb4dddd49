"""Which groups can be told of beside all that was told of before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from course.analytics.rules.groups import SMALLEST_GROUP
from course.analytics.rules.suppression import WHOLE_ORGANISATION

TeamParents = Mapping[int, int | None]
Placement = tuple[int, int] | None  # the team in which somebody counts (0: none), and their answers; None: nowhere


class Placements:
    """Where everybody counts at one moment; nobody of the teams `out` does."""

    def __init__(self) -> None:
        self.places: dict[int, Placement] = {}
        self.out = frozenset[int]()
        self._people: dict[int, set[int]] = defaultdict(set)

    def put(self, person: int, place: Placement) -> Placement:
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
    was: dict[int, Placement] = field(default_factory=dict)  # where those who have changed since were
    since: dict[int, set[int]] = field(
        default_factory=lambda: defaultdict(set)
    )  # the same people by team, then and now

    def change(self, person: int, before: Placement, now: Placement) -> None:
        """Somebody has changed from what they were a moment ago."""
        was = self.was.setdefault(person, before)
        for place in (was, before):
            if place is not None:
                self.since[place[0]].discard(person)
        if was == now:
            del self.was[person]
            return
        for place in (was, now):
            if place is not None:
                self.since[place[0]].add(person)

    def differ(self, then: Collection[int], now: Collection[int], here: Placements) -> int:
        """Of how many people is something else told by those teams then than by these now? At SMALLEST_GROUP it stops
        counting."""
        either, found = {*then, *now}, 0
        maybe: list[Collection[int]] = [self.since[team] for team in either if team in self.since]
        maybe += [here.people(team) for team in either if (team in then) != (team in now)]
        for person in set[int]().union(*maybe):
            place = here.places.get(person)
            found += _answers_within(then, self.was.get(person, place)) != _answers_within(now, place)
            if found >= SMALLEST_GROUP:
                break
        return found

    def common(self, parts: Partition, here: Placements, least: int) -> Iterator[tuple[set[int], set[int]]]:
        """What could be seen then, and the same people in these parts: what was told then can be taken from what would
        be told now. Parts that share at least so many people go together, since taking them apart would leave these."""
        then: dict[int, set[int]] = defaultdict(set)
        shared: Counter[tuple[int, int]] = Counter()
        for team, part in self.parts.items():
            then[part].add(team)
            if team in parts.of:
                shared[part, parts.of[team]] += len(here.people(team))
        forth: dict[int, set[int]] = defaultdict(set)
        back: dict[int, set[int]] = defaultdict(set)
        for (one, other), people in shared.items():
            if people >= least:
                forth[one].add(other)
                back[other].add(one)
        waiting = set(then)
        while waiting:
            old, new, more = set[int](), set[int](), {waiting.pop()}
            while more:
                part = more.pop()
                old.add(part)
                new |= forth[part]
                more |= set[int]().union(*(back[other] for other in forth[part])) - old
            waiting -= old
            if new:
                yield (
                    set[int]().union(*(then[part] for part in old)),
                    set[int]().union(*(parts.teams[part] for part in new)),
                )

    def trim(self, groups: Collection[int]) -> None:
        """Remember only the parts of these groups."""
        self.parts = {team: part for team, part in self.parts.items() if part in groups}


def _answers_within(teams: Collection[int], place: Placement) -> int:
    return place[1] if place is not None and place[0] in teams else 0


class Partition:
    """What could be seen of these teams if the groups `shown` were told of: `of` says for each team the group of which it
    is the rest beside the shown groups below, `teams` the teams of each rest."""

    def __init__(self, shown: Collection[int], parents: TeamParents, teams: Collection[int]) -> None:
        self.of: dict[int, int] = {}
        self.teams: dict[int, set[int]] = defaultdict(set)
        for team in teams:
            at: int | None = team
            while at is not None and at not in shown:
                at = parents.get(at)
            self.of[team] = WHOLE_ORGANISATION if at is None else at
            self.teams[self.of[team]].add(team)


def differencing_risks(release: Release, parts: Partition, here: Placements) -> Iterator[set[int]]:
    """Sets of teams of which a few people could be seen by taking what was told in the release from what would be told in
    these parts."""
    for least in (1, SMALLEST_GROUP):
        for then, now in release.common(parts, here, least):
            if 0 < release.differ(then, now, here) < SMALLEST_GROUP:
                yield then | now
