"""Disclosure by differencing: whether new figures of groups, less figures that were published before, disclose the answers
of fewer than SMALLEST_GROUP people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from course.analytics.rules.groups import SMALLEST_GROUP
from course.analytics.rules.placement_history import Placement, PlacementTimeline
from course.analytics.rules.suppression import WHOLE_ORGANISATION

TeamParents = Mapping[int, int | None]


@dataclass(frozen=True)
class PublishedRest:
    """The rest of a published group: its teams that are in no group below it that was published on the same day.

    `people` and `answers` (answers and decisions) are the numbers of these teams together. They can be worked out from
    the pages of the groups, so that they are about nobody, or about at least SMALLEST_GROUP people.
    """

    teams: frozenset[int]
    people: int
    answers: int


class Placements:
    """The placement of every person who counts at one moment."""

    def __init__(self, by_person: Mapping[int, Placement]) -> None:
        self.by_person = by_person
        self._people: dict[int, set[int]] = defaultdict(set)
        self._answers: Counter[int] = Counter()
        for person, place in by_person.items():
            if place is not None:
                self._people[place[0]].add(person)
                self._answers[place[0]] += place[1]

    def people(self, team: int) -> Collection[int]:
        """The people who count in the team itself."""
        return self._people.get(team, ())

    def people_by_team(self) -> dict[int, int]:
        """How many people count in each team itself; teams without people are left out."""
        return {team: len(people) for team, people in self._people.items()}

    def rest(self, teams: Collection[int]) -> PublishedRest:
        """These teams with the numbers of their people and answers."""
        people = sum(len(self.people(team)) for team in teams)
        return PublishedRest(frozenset(teams), people, sum(self._answers[team] for team in teams))


@dataclass(frozen=True)
class Release:
    """The figures of several groups that were published on one Monday, compared with those of today.

    `rests` is what was published, by group; `parts` gives for each team the group to whose rest it belonged: the teams of
    one part could be seen only together. `then` are the placements on that Monday by the answers that are still there,
    `previous` those of the people who have changed since, `changed_by_team` the same people by team: the team at the
    release, and the team now. `moves` counts the people by these two teams, also those who stayed.
    """

    index: int
    rests: Mapping[int, PublishedRest]
    parts: Mapping[int, int]
    then: Placements
    previous: Mapping[int, Placement]
    changed_by_team: Mapping[int, set[int]]
    moves: Mapping[tuple[int, int], int]

    def count_differences(self, then: Collection[int], now: Collection[int], placements: Placements) -> int:
        """How many people, at least, the figures of the teams `then` at the release and of the teams `now` today count
        differently. `then` are the teams of whole parts. Stops counting at SMALLEST_GROUP.

        People whose answers were erased after the release are in its figures and count nowhere now.
        """
        erased, is_same = self._erased_people(then)
        either, count = {*then, *now}, erased
        candidates: list[Collection[int]] = [
            self.changed_by_team[team] for team in either if team in self.changed_by_team
        ]
        candidates += [placements.people(team) for team in either if (team in then) != (team in now)]
        for person in set[int]().union(*candidates):
            place = placements.by_person.get(person)
            count += _answers_within(then, self.previous.get(person, place)) != _answers_within(now, place)
            if count >= SMALLEST_GROUP:
                break
        return count if is_same else max(count, 1)

    def _erased_people(self, then: Collection[int]) -> tuple[int, bool]:
        """How many people of these teams were erased after the release, and whether the answers that are still there
        make up the same numbers that were published."""
        rests = [self.rests[part] for part in {self.parts[team] for team in then}]
        people, answers = sum(rest.people for rest in rests), sum(rest.answers for rest in rests)
        left = self.then.rest(then)
        return max(people - left.people, 0), (people, answers) == (left.people, left.answers)

    def shared_people(self, partition: Partition) -> Counter[tuple[int, int]]:
        """How many people count in a part of the release and in a part of `partition`, by these two. People who have
        moved to another team take their answers with them: the old figures of one team can be those of another."""
        shared: Counter[tuple[int, int]] = Counter()
        for (before, now), people in self.moves.items():
            if before in self.parts and now in partition.group_of:
                shared[self.parts[before], partition.group_of[now]] += people
        return shared

    def common_parts(
        self, partition: Partition, shared: Mapping[tuple[int, int], int], min_shared: int
    ) -> Iterator[tuple[set[int], set[int]]]:
        """Pairs of team sets with the same people: parts of the release, and parts of `partition`.

        The figures of the first can be subtracted from those of the second. Parts that share at least `min_shared`
        people are joined, because a difference between them would leave these people. `shared` gives their number by
        part then and part now.
        """
        then: dict[int, set[int]] = defaultdict(set)
        for team, part in self.parts.items():
            then[part].add(team)
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


def _answers_within(teams: Collection[int], place: Placement) -> int:
    return place[1] if place is not None and place[0] in teams else 0


def compare_release(
    index: int,
    rests: Mapping[int, PublishedRest],
    timeline: PlacementTimeline,
    today: int,
    placements: Placements,
) -> Release:
    """What was published at the moment `index`, compared with the `placements` at the moment `today`."""
    previous: dict[int, Placement] = {}
    changed_by_team: dict[int, set[int]] = defaultdict(set)
    for person in timeline.changed_people(index, today):
        before, now = timeline.placement(person, index), placements.by_person.get(person)
        if before == now:
            continue
        previous[person] = before
        for place in (before, now):
            if place is not None:
                changed_by_team[place[0]].add(person)
    parts = {team: group for group, rest in rests.items() for team in rest.teams}
    then = Placements(timeline.placements(index))
    moves = Counter(
        (before[0], now[0])
        for person, before in then.by_person.items()
        if before is not None and (now := placements.by_person.get(person)) is not None
    )
    return Release(index, rests, parts, then, previous, changed_by_team, moves)


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
    shared = release.shared_people(partition)
    for min_shared in sorted({min(people, SMALLEST_GROUP) for people in shared.values()}):
        for then, now in release.common_parts(partition, shared, min_shared):
            if 0 < release.count_differences(then, now, placements) < SMALLEST_GROUP:
                yield then | now
