"""Disclosure by differencing: whether new figures of groups, less figures that were published before, disclose the answers
of fewer than SMALLEST_GROUP people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from course.analytics.rules.groups import SMALLEST_GROUP
from course.analytics.rules.suppression import WHOLE_ORGANISATION

TeamParents = Mapping[int, int | None]
Placement = tuple[int, int] | None


class Placements:
    """The placement of every person at one moment; people of the teams `excluded` do not count."""

    def __init__(self) -> None:
        self.by_person: dict[int, Placement] = {}
        self.excluded = frozenset[int]()
        self._people: dict[int, set[int]] = defaultdict(set)

    def move(self, person: int, place: Placement) -> Placement:
        """Set the placement of a person. Returns the previous one."""
        before = self.by_person.pop(person, None)
        if before is not None:
            self._people[before[0]].discard(person)
        if place is not None:
            self.by_person[person] = place
            self._people[place[0]].add(person)
        return before

    def people(self, team: int) -> Collection[int]:
        """The people who count in the team itself."""
        return self._people.get(team, ())

    def people_by_team(self) -> dict[int, int]:
        """How many people count in each team itself; teams without people are left out."""
        return {team: len(people) for team, people in self._people.items() if people}


@dataclass
class Release:
    """The figures of several groups that were published on one Monday.

    `parts` gives for each team the part to which it belonged: the teams of one part could be seen only together. People
    of the teams `excluded` did not count. `previous` and `changed_by_team` hold who has changed since.
    """

    index: int
    parts: Mapping[int, int]
    excluded: frozenset[int]
    # The placement, at the release, of each person who has changed since.
    previous: dict[int, Placement] = field(default_factory=dict)
    # The same people by team: the team at the release, and the team now.
    changed_by_team: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def change(self, person: int, before: Placement, now: Placement) -> None:
        """Record that the placement of a person has changed from `before` to `now`."""
        previous = self.previous.setdefault(person, before)
        for place in (previous, before):
            if place is not None:
                self.changed_by_team[place[0]].discard(person)
        if previous == now:
            del self.previous[person]
            return
        for place in (previous, now):
            if place is not None:
                self.changed_by_team[place[0]].add(person)

    def count_differences(self, then: Collection[int], now: Collection[int], placements: Placements) -> int:
        """How many people the figures of the teams `then` at the release and of the teams `now` today count differently.

        Stops counting at SMALLEST_GROUP.
        """
        either, count = {*then, *now}, 0
        candidates: list[Collection[int]] = [
            self.changed_by_team[team] for team in either if team in self.changed_by_team
        ]
        candidates += [placements.people(team) for team in either if (team in then) != (team in now)]
        for person in set[int]().union(*candidates):
            place = placements.by_person.get(person)
            count += _answers_within(then, self.previous.get(person, place)) != _answers_within(now, place)
            if count >= SMALLEST_GROUP:
                break
        return count

    def common_parts(
        self, partition: Partition, placements: Placements, min_shared: int
    ) -> Iterator[tuple[set[int], set[int]]]:
        """Pairs of team sets with the same people: parts of the release, and parts of `partition`.

        The figures of the first can be subtracted from those of the second. Parts that share at least `min_shared`
        people are joined, because a difference between them would leave these people.
        """
        then: dict[int, set[int]] = defaultdict(set)
        shared: Counter[tuple[int, int]] = Counter()
        for team, part in self.parts.items():
            then[part].add(team)
            if team in partition.group_of:
                shared[part, partition.group_of[team]] += len(placements.people(team))
        forth: dict[int, set[int]] = defaultdict(set)
        back: dict[int, set[int]] = defaultdict(set)
        for (old_part, new_part), people in shared.items():
            if people >= min_shared:
                forth[old_part].add(new_part)
                back[new_part].add(old_part)
        pending = set(then)
        while pending:
            old, new, more = set[int](), set[int](), {pending.pop()}
            while more:
                part = more.pop()
                old.add(part)
                new |= forth[part]
                more |= set[int]().union(*(back[other] for other in forth[part])) - old
            pending -= old
            if new:
                yield (
                    set[int]().union(*(then[part] for part in old)),
                    set[int]().union(*(partition.teams[part] for part in new)),
                )

    def keep_parts(self, groups: Collection[int]) -> None:
        """Forget all parts except those of these groups."""
        self.parts = {team: part for team, part in self.parts.items() if part in groups}


def _answers_within(teams: Collection[int], place: Placement) -> int:
    return place[1] if place is not None and place[0] in teams else 0


class Partition:
    """The parts of these teams that could be seen if the groups `shown` were published.

    A part is what remains of a shown group without the shown groups below it. `group_of` gives for each team the group
    to whose part it belongs, `teams` the teams of each part.
    """

    def __init__(self, shown: Collection[int], parents: TeamParents, teams: Collection[int]) -> None:
        self.group_of: dict[int, int] = {}
        self.teams: dict[int, set[int]] = defaultdict(set)
        for team in teams:
            at: int | None = team
            while at is not None and at not in shown:
                at = parents.get(at)
            self.group_of[team] = WHOLE_ORGANISATION if at is None else at
            self.teams[self.group_of[team]].add(team)


def differencing_risks(release: Release, partition: Partition, placements: Placements) -> Iterator[set[int]]:
    """Sets of teams whose figures in `partition`, less those of the release, would disclose fewer than SMALLEST_GROUP
    people."""
    for min_shared in (1, SMALLEST_GROUP):
        for then, now in release.common_parts(partition, placements, min_shared):
            if 0 < release.count_differences(then, now, placements) < SMALLEST_GROUP:
                yield then | now
