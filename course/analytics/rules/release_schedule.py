"""The release schedule of group figures: figures are updated only once the update discloses nobody by differencing.

The figures of a group are those of a Monday. On each Monday those groups are updated together of which, and of the rest
beside which, at least SMALLEST_GROUP people have changed since every earlier release, or nobody has: the difference
between the old figures and the new ones is never about fewer people. The other groups wait, and keep their figures. While
a team is suppressed (see suppression.publishable_groups), no figures of it are published.

An earlier release is what was stored when it was published, not what today's answers say about that Monday: answers that
were erased since are in the figures that people saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.analytics.rules.differencing import (
    Partition,
    Placements,
    PublishedRest,
    Release,
    TeamParents,
    compare_release,
    differencing_risks,
)
from course.analytics.rules.placement_history import PlacementTimeline
from course.analytics.rules.suppression import WHOLE_ORGANISATION, excluded_teams, publishable_groups

# A new release is compared with all groups of this number of releases, and of older ones with those groups whose
# published figures still come from them.
RECENT_RELEASES = 8


@dataclass(frozen=True)
class EarlierRelease:
    """What was published at the moment with that index: the rest of each group that was updated then."""

    index: int
    rests: Mapping[int, PublishedRest]


@dataclass(frozen=True)
class ReleaseDecision:
    """What is published on a Monday.

    `published` are the groups that are updated, `suppressed` the groups with earlier figures of which none may be shown
    from then on. People of the teams `excluded` do not count for WHOLE_ORGANISATION (see suppression.excluded_teams).
    """

    published: Mapping[int, PublishedRest]
    suppressed: frozenset[int]
    excluded: frozenset[int]


def compared_releases(earlier: Sequence[EarlierRelease]) -> list[EarlierRelease]:
    """The releases, in their order, with which a new one has to be compared (see RECENT_RELEASES)."""
    newest = newest_releases(earlier)
    updating = [release for release in earlier if release.rests]
    older = [
        EarlierRelease(
            release.index, {group: rest for group, rest in release.rests.items() if newest[group] == release.index}
        )
        for release in updating[:-RECENT_RELEASES]
    ]
    return [*(release for release in older if release.rests), *updating[-RECENT_RELEASES:]]


def newest_releases(earlier: Sequence[EarlierRelease]) -> dict[int, int]:
    """For each group the index of the release in which it was updated last."""
    return {group: release.index for release in earlier for group in release.rests}


def decide_release(
    timeline: PlacementTimeline,
    index: int,
    parents: TeamParents,
    earlier: Sequence[EarlierRelease],
    *,
    tree_changed: bool,
) -> ReleaseDecision:
    """Decide what is published at the moment `index`, given everything that was published before, in order.

    `parents` gives the parent of each team that is open then. Where neither the tree (`tree_changed`) nor anybody's
    placement has changed since the moment before, no group is updated.
    """
    placements = Placements(timeline.placements(index))
    direct = placements.people_by_team()
    excluded = excluded_teams(parents, direct)
    counted = {team: people for team, people in direct.items() if team not in excluded}
    publishable = publishable_groups(parents, counted)
    newest = newest_releases(earlier)
    suppressed = frozenset(group for group in newest if group not in publishable)
    if not tree_changed and not timeline.changed_people(index - 1, index):
        return ReleaseDecision({}, suppressed, excluded)
    teams = {*parents, *direct} - excluded
    past = [
        compare_release(release.index, release.rests, timeline, index, placements)
        for release in compared_releases(earlier)
    ]
    shown = _Candidates(parents, teams, placements, past, newest).releasable(set(publishable))
    partition = Partition(shown, parents, teams)
    published = {group: placements.rest(partition.teams.get(group, set())) for group in shown}
    return ReleaseDecision(published, suppressed, excluded)


@dataclass(frozen=True)
class _Candidates:
    """The groups that could be updated, and what was published `past` (of each group, `newest`: when)."""

    parents: TeamParents
    teams: set[int]
    placements: Placements
    past: Sequence[Release]
    newest: Mapping[int, int]

    def releasable(self, shown: set[int]) -> set[int]:
        """The groups of `shown` that can be updated: the difference to any earlier release discloses nobody."""
        touched = {WHOLE_ORGANISATION}
        while shown and touched:
            partition, touched = Partition(shown, self.parents, self.teams), set()
            for release in reversed(self.past):
                for seen in differencing_risks(release, partition, self.placements):
                    groups = {partition.group_of[team] for team in seen if team in partition.group_of}
                    if groups.isdisjoint(touched):  # otherwise the part has changed in this round
                        held_back = self._group_to_hold_back(groups, shown)
                        shown.discard(held_back)
                        touched |= {held_back, *groups, _ancestors(self.parents, held_back)[0]}
        return shown

    def _group_to_hold_back(self, groups: set[int], shown: set[int]) -> int:
        """The group that has to wait where the parts of `groups` would disclose a few people.

        It is one of them, or of the groups below them, with no shown group below it, so that its people are published
        together with those around it. Of several the one whose figures are newest waits.
        """
        inner = {_ancestors(self.parents, group)[0] for group in shown if group != WHOLE_ORGANISATION}
        leaves = [group for group in shown - inner if not groups.isdisjoint({group, *_ancestors(self.parents, group)})]
        changed = self.past[-1].changed_by_team

        def order(group: int) -> tuple[bool, bool, int, int]:
            return group in groups, bool(changed.get(group)), self.newest.get(group, -1), group

        return max(leaves, key=order)


def _ancestors(parents: TeamParents, team: int) -> list[int]:
    """The teams that contain a team, from its parent up to WHOLE_ORGANISATION."""
    found, at = [], parents.get(team)
    while at is not None and at in parents:
        found.append(at)
        at = parents[at]
    return [*found, WHOLE_ORGANISATION]
