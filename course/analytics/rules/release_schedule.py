"""When what is told of a group moves on: only once that gives nobody away beside what was told before.

Figures of a group are those of a Monday. On each Monday those groups move on together of which, and of the rest beside
which, at least SMALLEST_GROUP people have changed since anything that was told before, or nobody: whoever takes what was
told then from what is told now sees no fewer. The others wait, and keep their figures. What is told of a past day follows
from the same Mondays, so asking for one day after the other shows nothing else. While a team may not be shown beside
the others (see privacy.open_teams), nothing is told of it.
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

RECENT_RELEASES = (
    8  # releases beside which a new one is looked at in whole; of older ones only what groups are still told of
)


@dataclass(frozen=True)
class MembershipSpell:
    """Somebody was in a team from one moment until another."""

    team: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class PersonHistory:
    """When somebody came; when it was written down that they had left (False) or were here again (True); their teams in
    the order in which they joined; and how many first answers they gave in which quarters of an hour."""

    person: int
    came: datetime
    written: tuple[tuple[datetime, bool], ...]
    stays: tuple[MembershipSpell, ...]
    answered: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class PlacementChange:
    """From the moment with this index on somebody counts in `team` (0: in none; None: nowhere) with `n` answers."""

    index: int
    person: int
    team: int | None
    n: int


def placement_changes(life: PersonHistory, moments: Sequence[datetime]) -> list[PlacementChange]:
    """What of somebody counts at each of the moments at which that changes. Answers of before a moment count there."""
    ends = [one.until for one in life.stays if one.until]
    exact = [life.came, *(at for at, _ in life.written), *(one.since for one in life.stays), *ends]
    places = {bisect_left(moments, at) for at in exact} | {bisect_right(moments, at) for at, _ in life.answered}
    found: list[PlacementChange] = []
    for index in sorted(place for place in places if place < len(moments)):
        at = moments[index]
        n = sum(count for when, count in life.answered if when < at)
        stand = PlacementChange(index, life.person, _team_at(life, at) if n else None, n)
        if (stand.team, n) != ((found[-1].team, found[-1].n) if found else (None, 0)):
            found.append(stand)
    return found


def _team_at(life: PersonHistory, at: datetime) -> int | None:
    """The team that they had joined last; 0 if they were in none, None if they were not here."""
    here = [there for when, there in life.written if when <= at]
    if life.came > at or (here and not here[-1]):
        return None
    within = [one.team for one in life.stays if one.since <= at and (one.until is None or one.until > at)]
    return within[-1] if within else 0


@dataclass(frozen=True)
class PublishedFigures:
    """From the Monday with `index` on, the figures of a group are those of the Monday with index `of`; None: there are
    none. `out` are the teams that do not count for everybody there (see privacy.left_out)."""

    index: int
    of: int | None
    out: frozenset[int]


@dataclass(frozen=True)
class ReleaseSchedule:
    """What is told of each group when."""

    mondays: tuple[date, ...]
    told: Mapping[int, Sequence[PublishedFigures]]

    def of(self, group: int, day: date) -> tuple[date, frozenset[int]] | None:
        """The Monday of the figures that are told of a group on a day, and the teams that do not count for everybody
        in them; None if nothing is told."""
        now = bisect_right(self.mondays, day) - 1
        entries = self.told.get(group, ())
        place = bisect_right(entries, now, key=lambda one: one.index) - 1
        found = entries[place] if place >= 0 else None
        return None if found is None or found.of is None else (self.mondays[found.of], found.out)


def build_release_schedule(
    mondays: Sequence[date], trees: Mapping[int, TeamParents], lives: Iterable[PlacementChange]
) -> ReleaseSchedule:
    """What is told when. `trees` says, from the Monday with which index on, what each open team is part of."""
    steps: dict[int, list[PlacementChange]] = defaultdict(list)
    for stand in lives:
        steps[stand.index].append(stand)
    groups = _ReleaseState()
    for index in sorted({*steps, *trees}):
        if index in trees:
            groups.plant(trees[index])
        for stand in steps.get(index, ()):
            groups.put(stand.person, None if stand.team is None else (stand.team, stand.n))
        groups.tell(index)
    return ReleaseSchedule(tuple(mondays), groups.told)


class _ReleaseState:
    """Who counts where at one moment, and what was told of them before."""

    def __init__(self) -> None:
        self.told: dict[int, list[PublishedFigures]] = {}
        self._parents: TeamParents = {}
        self._here = Placements()
        self._releases: list[Release] = []
        self._last: dict[int, PublishedFigures] = {}

    def plant(self, parents: TeamParents) -> None:
        """From here on this is the tree."""
        self._parents = parents

    def put(self, person: int, place: Placement) -> None:
        """From here on somebody counts there."""
        before = self._here.put(person, place)
        for release in self._releases:
            release.change(person, before, place)

    def tell(self, index: int) -> None:
        """Let the figures of groups move on to this Monday, as far as they may."""
        direct = self._here.direct()
        self._here.out = out = excluded_teams(self._parents, direct)
        counted = {team: n for team, n in direct.items() if team not in out}
        open_ = publishable_groups(self._parents, counted)
        teams = {*self._parents, *direct} - out
        shown = self._fitting(set(open_), teams)
        for group in shown:
            self._last[group] = PublishedFigures(index, index, out)
        for group, last in self._last.items():
            self._enter(group, PublishedFigures(index, last.of if group in open_ else None, last.out))
        if shown:
            self._releases.append(Release(index, Partition(shown, self._parents, teams).of, out))
            for old in self._releases[:-RECENT_RELEASES]:
                old.trim({group for group, last in self._last.items() if last.of == old.index})
            self._releases = [one for one in self._releases if one.parts]

    def _enter(self, group: int, told: PublishedFigures) -> None:
        entries = self.told.setdefault(group, [])
        if not entries or entries[-1].of != told.of:
            entries.append(told)

    def _fitting(self, shown: set[int], teams: set[int]) -> set[int]:
        """Of the groups that could be shown, those that move on now: beside anything that was told before nobody of them
        can be seen."""
        touched = {WHOLE_ORGANISATION}
        while shown and touched:
            parts, touched = Partition(shown, self._parents, teams), set()
            for release in reversed(self._releases):
                for seen in differencing_risks(release, parts, self._here):
                    groups = {parts.of[team] for team in seen if team in parts.of}
                    if groups.isdisjoint(touched):  # or else it is another rest by now
                        waits = self._waiting(groups, shown)
                        shown.discard(waits)
                        touched |= {waits, *groups, _ancestors(self._parents, waits)[0]}
        return shown

    def _waiting(self, groups: set[int], shown: set[int]) -> int:
        """Which group has to wait, where few would be seen of the rests of these: of them, or of what is below them, a
        group with nothing below it, so that its people are told of with those around it; the others' figures are
        older."""
        inner = {_ancestors(self._parents, group)[0] for group in shown if group != WHOLE_ORGANISATION}
        leaves = [group for group in shown - inner if not groups.isdisjoint({group, *_ancestors(self._parents, group)})]
        since = self._releases[-1].since

        def order(group: int) -> tuple[bool, bool, int, int]:
            last = self._last.get(group)
            return group in groups, bool(since.get(group)), last.index if last else -1, group

        return max(leaves, key=order)


def _ancestors(parents: TeamParents, team: int) -> list[int]:
    """What a team is part of, up to ALL."""
    found, at = [], parents.get(team)
    while at is not None and at in parents:
        found.append(at)
        at = parents[at]
    return [*found, WHOLE_ORGANISATION]
