"""Suppression (disclosure control): which figures of a team may be published, so that no page, and no difference between
pages, discloses the answers of fewer than SMALLEST_GROUP people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta

from course.analytics.rules.groups import SMALLEST_GROUP
from course.teams.rules import team_subtree

WHOLE_ORGANISATION = 0  # the whole organisation, and also the people in no team; a team's id is never 0


def monday_of(day: date) -> date:
    """The Monday of that week: answers before it may be counted that day (see rules.release_schedule)."""
    return day - timedelta(days=day.weekday())


def people_by_group(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> dict[int, int]:
    """How many people are in each team or below it, and in WHOLE_ORGANISATION.

    `parents` gives the parent of each open team, `direct` the number of people in each team itself; a person is counted
    in one team only.
    """
    return TeamTree(parents).people_by_group(direct)


def excluded_teams(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> frozenset[int]:
    """The teams (0: people in no team) whose people do not count for WHOLE_ORGANISATION.

    Both arguments are those of `people_by_group`. Beside the top teams that are large enough there may be a few people
    whose figures are suppressed: an administrator in no team, or a team of three. If they counted for
    WHOLE_ORGANISATION, either its figures or those of a whole team would have to be suppressed to protect them.
    """
    people = people_by_group(parents, direct)
    large = {team for team in parents if parents[team] not in parents and people[team] >= SMALLEST_GROUP}
    within = {team for root in large for team in team_subtree(root, parents)}
    few = frozenset(direct.keys() - within)
    return few if large and 0 < sum(direct[team] for team in few) < SMALLEST_GROUP else frozenset()


def publishable_groups(parents: Mapping[int, int | None], direct: Mapping[int, int]) -> set[int]:
    """The teams, and WHOLE_ORGANISATION, whose figures may be published: figures of all answers, or about one question.

    Both arguments are those of `people_by_group`, for the people who answered it. A group needs SMALLEST_GROUP people.
    The people of a published group who are in none of the published groups directly below it are a group too, because
    the difference between the pages discloses their answers. If they are too few, the smallest group below is
    suppressed as well, until they are enough or no group below is left.
    """
    return set(TeamTree(parents).count(direct).publishable)


@dataclass(frozen=True)
class PeopleCounted:
    """How many people one figure is about: `people` of each group, and the groups for which it is `publishable`."""

    people: Mapping[int, int]
    publishable: Set[int]

    def published(self, group: int) -> int:
        """How many people of a group the figure is about; 0 if the figure is suppressed for that group."""
        return self.people[group] if group in self.publishable else 0

    def suppressed(self, group: int) -> int:
        """How many people of a group the figure is about that is suppressed for that group; 0 if it is published."""
        return 0 if group in self.publishable else self.people[group]


class TeamTree:
    """The open teams of one moment, prepared once for counting people in them by hundreds of figures. `parents` is that of
    `people_by_group`."""

    def __init__(self, parents: Mapping[int, int | None]) -> None:
        self._none = dict.fromkeys([*parents, WHOLE_ORGANISATION], 0)
        self._groups = {team: _groups_of(team, parents) for team in parents}
        self._children: dict[int, list[int]] = {group: [] for group in self._none}
        for team, (_, above, *_) in self._groups.items():
            self._children[above].append(team)

    def people_by_group(self, direct: Mapping[int, int]) -> dict[int, int]:
        """See the function of this name."""
        sums = self._none.copy()
        for team, count in direct.items():
            for group in self._groups.get(team, _NO_TEAM):
                sums[group] += count
        return sums

    def count(self, direct: Mapping[int, int]) -> PeopleCounted:
        """Count the people whom a figure is about, and find the groups for which it may be published (see
        `publishable_groups`)."""
        people = self.people_by_group(direct)
        published = set[int]()
        pending = [WHOLE_ORGANISATION] if people[WHOLE_ORGANISATION] >= SMALLEST_GROUP else []
        while pending:
            group = pending.pop()
            published.add(group)
            large = [team for team in self._children[group] if people[team] >= SMALLEST_GROUP]
            rest = people[group] - sum([people[team] for team in large])
            if 0 < rest < SMALLEST_GROUP:
                large.sort(key=lambda team: (-people[team], team))
                while large and 0 < rest < SMALLEST_GROUP:
                    rest += people[large.pop()]
            pending += large
        return PeopleCounted(people, published)


_NO_TEAM = (WHOLE_ORGANISATION,)  # where somebody counts who is in no open team


def _groups_of(team: int, parents: Mapping[int, int | None]) -> tuple[int, ...]:
    """The team, those above it, and WHOLE_ORGANISATION."""
    found, at = list[int](), team
    while at in parents:
        found.append(at)
        above = parents[at]
        if above is None:
            break
        at = above
    return (*found, WHOLE_ORGANISATION)


def remainder_is_publishable(figures: Iterable[PeopleCounted], group: int) -> bool:
    """Whether the suppressed figures of a group are about nobody, or about at least SMALLEST_GROUP people.

    Only then may the sum of all figures be published too, because the difference between the sum and the published
    figures discloses the rest.
    """
    return not 0 < max((figure.suppressed(group) for figure in figures), default=0) < SMALLEST_GROUP
