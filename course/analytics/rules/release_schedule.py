"""The release schedule of group figures: figures are updated only once the update discloses nobody by differencing.

The figures of a group are those of a Monday. On each Monday those groups are updated together of which, and of the rest
beside which, at least SMALLEST_GROUP people have changed since every earlier release, or nobody has: the difference
between the old figures and the new ones is never about fewer people. The other groups wait, and keep their figures. The
figures of a past day follow from the same Mondays, so that reading one day after the other discloses nothing else. While
a team is suppressed (see suppression.publishable_groups), no figures of it are published.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from course.analytics.rules.differencing import (
    Partition,
    Placement,
    Placements,
    Release,
    TeamParents,
    differencing_risks,
)
from course.analytics.rules.suppression import WHOLE_ORGANISATION, excluded_teams, publishable_groups

# A new release is compared with all parts of this number of releases, and of older ones with the parts of those groups
# whose published figures still come from them.
RECENT_RELEASES = 8


@dataclass(frozen=True)
class MembershipSpell:
    """The time that a person was a member of a team; `until` is None while the membership is open."""

    team: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class PersonHistory:
    """The history of one person, as far as placements depend on it.

    `employment_changes` are the moments at which it was recorded that the person had left (False) or was employed again
    (True); `memberships` are in the order of joining; `answers_by_quarter` gives the number of first answers in each
    quarter of an hour.
    """

    person: int
    joined_at: datetime
    employment_changes: tuple[tuple[datetime, bool], ...]
    memberships: tuple[MembershipSpell, ...]
    answers_by_quarter: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class PlacementChange:
    """From the moment with this index on a person counts in `team` (0: in no team; None: not at all) with `answers`."""

    index: int
    person: int
    team: int | None
    answers: int


def placement_changes(history: PersonHistory, moments: Sequence[datetime]) -> list[PlacementChange]:
    """The changes of a person's placement at these moments. The answers given before a moment count at it."""
    ends = [spell.until for spell in history.memberships if spell.until]
    starts = [spell.since for spell in history.memberships]
    changes = [history.joined_at, *(at for at, _ in history.employment_changes), *starts, *ends]
    indices = {bisect_left(moments, at) for at in changes}
    indices |= {bisect_right(moments, at) for at, _ in history.answers_by_quarter}
    found: list[PlacementChange] = []
    for index in sorted(index for index in indices if index < len(moments)):
        at = moments[index]
        answers = sum(count for quarter, count in history.answers_by_quarter if quarter < at)
        change = PlacementChange(index, history.person, _team_at(history, at) if answers else None, answers)
        if (change.team, answers) != ((found[-1].team, found[-1].answers) if found else (None, 0)):
            found.append(change)
    return found


def _team_at(history: PersonHistory, at: datetime) -> int | None:
    """The team that the person had joined last; 0 if they were in no team, None if they were not employed."""
    employed = [is_employed for recorded, is_employed in history.employment_changes if recorded <= at]
    if history.joined_at > at or (employed and not employed[-1]):
        return None
    teams = [
        spell.team for spell in history.memberships if spell.since <= at and (spell.until is None or spell.until > at)
    ]
    return teams[-1] if teams else 0


@dataclass(frozen=True)
class PublishedFigures:
    """From the Monday with `index` on, the published figures of a group are those of the Monday with `monday_index`; None
    while the group is suppressed.

    `excluded` are the teams that do not count for WHOLE_ORGANISATION in them (see suppression.excluded_teams).
    """

    index: int
    monday_index: int | None
    excluded: frozenset[int]


@dataclass(frozen=True)
class ReleaseSchedule:
    """Which figures of each group are published when."""

    mondays: tuple[date, ...]
    releases: Mapping[int, Sequence[PublishedFigures]]

    def of(self, group: int, day: date) -> tuple[date, frozenset[int]] | None:
        """The figures of a group that are published on a day: their Monday, and the teams that do not count for
        WHOLE_ORGANISATION in them; None if the group is suppressed."""
        now = bisect_right(self.mondays, day) - 1
        entries = self.releases.get(group, ())
        place = bisect_right(entries, now, key=lambda entry: entry.index) - 1
        found = entries[place] if place >= 0 else None
        if found is None or found.monday_index is None:
            return None
        return self.mondays[found.monday_index], found.excluded


def build_release_schedule(
    mondays: Sequence[date], trees: Mapping[int, TeamParents], changes: Iterable[PlacementChange]
) -> ReleaseSchedule:
    """Build the release schedule of these Mondays.

    `trees` gives, from the Monday with that index on, the parent of each open team.
    """
    by_index: dict[int, list[PlacementChange]] = defaultdict(list)
    for change in changes:
        by_index[change.index].append(change)
    state = _ReleaseState()
    for index in sorted({*by_index, *trees}):
        if index in trees:
            state.set_tree(trees[index])
        for change in by_index.get(index, ()):
            state.place(change.person, None if change.team is None else (change.team, change.answers))
        state.release(index)
    return ReleaseSchedule(tuple(mondays), state.releases)


class _ReleaseState:
    """The placements at one moment, and the releases before it."""

    def __init__(self) -> None:
        self.releases: dict[int, list[PublishedFigures]] = {}
        self._parents: TeamParents = {}
        self._placements = Placements()
        self._past: list[Release] = []
        self._newest: dict[int, PublishedFigures] = {}

    def set_tree(self, parents: TeamParents) -> None:
        """Set the team tree from this moment on."""
        self._parents = parents

    def place(self, person: int, place: Placement) -> None:
        """Set the placement of a person from this moment on."""
        before = self._placements.move(person, place)
        for release in self._past:
            release.change(person, before, place)

    def release(self, index: int) -> None:
        """Update the figures of groups to this Monday, as far as that discloses nobody."""
        direct = self._placements.people_by_team()
        self._placements.excluded = excluded = excluded_teams(self._parents, direct)
        counted = {team: people for team, people in direct.items() if team not in excluded}
        publishable = publishable_groups(self._parents, counted)
        teams = {*self._parents, *direct} - excluded
        shown = self._releasable(set(publishable), teams)
        for group in shown:
            self._newest[group] = PublishedFigures(index, index, excluded)
        for group, newest in self._newest.items():
            monday_index = newest.monday_index if group in publishable else None
            self._append(group, PublishedFigures(index, monday_index, newest.excluded))
        if shown:
            self._past.append(Release(index, Partition(shown, self._parents, teams).group_of, excluded))
            for old in self._past[:-RECENT_RELEASES]:
                old.keep_parts({group for group, newest in self._newest.items() if newest.monday_index == old.index})
            self._past = [release for release in self._past if release.parts]

    def _append(self, group: int, figures: PublishedFigures) -> None:
        entries = self.releases.setdefault(group, [])
        if not entries or entries[-1].monday_index != figures.monday_index:
            entries.append(figures)

    def _releasable(self, shown: set[int], teams: set[int]) -> set[int]:
        """The publishable groups that can be updated now: the difference to any earlier release discloses nobody."""
        touched = {WHOLE_ORGANISATION}
        while shown and touched:
            partition, touched = Partition(shown, self._parents, teams), set()
            for release in reversed(self._past):
                for seen in differencing_risks(release, partition, self._placements):
                    groups = {partition.group_of[team] for team in seen if team in partition.group_of}
                    if groups.isdisjoint(touched):  # otherwise the part has changed in this round
                        held_back = self._group_to_hold_back(groups, shown)
                        shown.discard(held_back)
                        touched |= {held_back, *groups, _ancestors(self._parents, held_back)[0]}
        return shown

    def _group_to_hold_back(self, groups: set[int], shown: set[int]) -> int:
        """The group that has to wait where the parts of `groups` would disclose a few people.

        It is one of them, or of the groups below them, with no shown group below it, so that its people are published
        together with those around it. Of several the one whose figures are newest waits.
        """
        inner = {_ancestors(self._parents, group)[0] for group in shown if group != WHOLE_ORGANISATION}
        leaves = [group for group in shown - inner if not groups.isdisjoint({group, *_ancestors(self._parents, group)})]
        changed = self._past[-1].changed_by_team

        def order(group: int) -> tuple[bool, bool, int, int]:
            newest = self._newest.get(group)
            return group in groups, bool(changed.get(group)), newest.index if newest else -1, group

        return max(leaves, key=order)


def _ancestors(parents: TeamParents, team: int) -> list[int]:
    """The teams that contain a team, from its parent up to WHOLE_ORGANISATION."""
    found, at = [], parents.get(team)
    while at is not None and at in parents:
        found.append(at)
        at = parents[at]
    return [*found, WHOLE_ORGANISATION]
