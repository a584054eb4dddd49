"""When what is told of a group moves on: only once that gives nobody away beside what was told before.

Figures of a group are those of a Monday. They move on to a later one when what at least SMALLEST_GROUP people have
answered has changed since, or nothing has: whoever takes what was told before from what is told now sees no fewer. What
is told of a past day follows from the same Mondays, so asking for one day after the other shows nothing else. A team
moves on only together with all that it is part of, and only if the rest beside it is large enough too. While a team may
not be shown beside the others (see privacy.open_teams), nothing is told of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from course.insight.rules.groups import SMALLEST_GROUP
from course.insight.rules.privacy import ALL, left_out, open_teams

Parents = Mapping[int, int | None]


@dataclass(frozen=True)
class Stay:
    """Somebody was in a team from one moment until another."""

    team: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Life:
    """When somebody came and left, their teams in the order in which they joined, and how many first answers they
    gave in which hours."""

    person: int
    came: datetime
    left: datetime | None
    stays: tuple[Stay, ...]
    answered: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class Stand:
    """From the moment with this index on somebody counts in `team` (0: in none; None: nowhere) with `n` answers."""

    index: int
    person: int
    team: int | None
    n: int


def stands(life: Life, moments: Sequence[datetime]) -> list[Stand]:
    """What of somebody counts at each of the moments at which that changes. Answers of before a moment count there."""
    ends = [one.until for one in life.stays if one.until] + ([life.left] if life.left else [])
    exact = [life.came, *(one.since for one in life.stays), *ends]
    places = {bisect_left(moments, at) for at in exact} | {bisect_right(moments, hour) for hour, _ in life.answered}
    found: list[Stand] = []
    for index in sorted(place for place in places if place < len(moments)):
        at = moments[index]
        n = sum(count for hour, count in life.answered if hour < at)
        stand = Stand(index, life.person, _home(life, at) if n else None, n)
        if (stand.team, n) != ((found[-1].team, found[-1].n) if found else (None, 0)):
            found.append(stand)
    return found


def _home(life: Life, at: datetime) -> int | None:
    """The team that they had joined last; 0 if they were in none, None if they were not here."""
    within = [one.team for one in life.stays if one.since <= at and (one.until is None or one.until > at)]
    # Whoever was in a team had not left as far as was known: memberships end when leaving is written down.
    if life.came > at or not (within or life.left is None or life.left > at):
        return None
    return within[-1] if within else 0


@dataclass(frozen=True)
class Told:
    """From the Monday with `index` on, the figures of a group are those of the Monday with index `of`; None: there are
    none. `out` are the teams that do not count for everybody there (see privacy.left_out)."""

    index: int
    of: int | None
    out: frozenset[int]


@dataclass(frozen=True)
class Timeline:
    """What is told of each group when."""

    mondays: tuple[date, ...]
    told: Mapping[int, Sequence[Told]]

    def of(self, group: int, day: date) -> tuple[date, frozenset[int]] | None:
        """The Monday of the figures that are told of a group on a day, and the teams that do not count for everybody
        in them; None if nothing is told."""
        now = bisect_right(self.mondays, day) - 1
        entries = self.told.get(group, ())
        place = bisect_right(entries, now, key=lambda one: one.index) - 1
        found = entries[place] if place >= 0 else None
        return None if found is None or found.of is None else (self.mondays[found.of], found.out)


def timeline(mondays: Sequence[date], trees: Mapping[int, Parents], lives: Iterable[Stand]) -> Timeline:
    """What is told when. `trees` says, from the Monday with which index on, what each open team is part of."""
    steps: dict[int, list[Stand]] = defaultdict(list)
    for stand in lives:
        steps[stand.index].append(stand)
    groups = _Groups()
    for index in sorted({*steps, *trees}):
        if index in trees:
            groups.plant(trees[index])
        for stand in steps.get(index, ()):
            groups.put(stand.person, stand.team, stand.n)
        groups.tell(index)
    return Timeline(tuple(mondays), groups.told)


class _Groups:
    """Who counts where at one moment, and what has changed in each group since it was last told of."""

    def __init__(self) -> None:
        self.told: dict[int, list[Told]] = {}
        self._parents: Parents = {}
        self._out = frozenset[int]()
        self._stand: dict[int, tuple[int, int]] = {}  # of each person who counts: team, answers
        self._people: dict[int, set[int]] = defaultdict(set)
        self._changed: dict[int, dict[int, int]] = defaultdict(dict)  # by group and person: the answers told of
        self._last: dict[int, Told] = {}

    def plant(self, parents: Parents) -> None:
        """From here on this is the tree."""
        everybody = dict(self._stand)
        for person in everybody:
            self.put(person, None, 0)
        self._parents = parents
        for person, (team, n) in everybody.items():
            self.put(person, team, n)

    def put(self, person: int, team: int | None, n: int) -> None:
        """From here on this is where somebody counts."""
        before, had = self._stand.pop(person, (None, 0))
        if before is not None:
            self._people[before].discard(person)
        for group in self._over(before):
            self._change(group, person, had, 0)
        for group in self._over(team):
            self._change(group, person, 0, n)
        if team is not None:
            self._stand[person] = team, n
            self._people[team].add(person)

    def _over(self, team: int | None) -> list[int]:
        """The groups that a team counts for."""
        found: list[int] = [] if team is None or team in self._out else [ALL]
        while team is not None and team in self._parents:
            found.append(team)
            team = self._parents[team]
        return found

    def _change(self, group: int, person: int, had: int, has: int) -> None:
        changed = self._changed[group]
        if changed.setdefault(person, had) == has:
            del changed[person]

    def tell(self, index: int) -> None:
        """Let the figures of each group move on to this Monday, if they may."""
        direct = {team: len(people) for team, people in self._people.items() if people}
        self._leave_out(left_out(self._parents, direct))
        open_ = open_teams(self._parents, {team: n for team, n in direct.items() if team not in self._out})
        for group in self._moving(open_):
            if self._changed[group]:
                self._last[group] = Told(index, index, self._out)
                self._changed[group].clear()
        for group, last in self._last.items():
            self._enter(group, Told(index, last.of if group in open_ else None, last.out))

    def _enter(self, group: int, told: Told) -> None:
        entries = self.told.setdefault(group, [])
        if not entries or entries[-1].of != told.of:
            entries.append(told)

    def _leave_out(self, out: frozenset[int]) -> None:
        for team in out ^ self._out:
            for person in self._people[team]:
                n = self._stand[person][1]
                self._change(ALL, person, *((n, 0) if team in out else (0, n)))
        self._out = out

    def _moving(self, open_: set[int]) -> set[int]:
        """The groups that may move on, from the top down."""
        moving, waiting = set[int](), [ALL] if ALL in open_ and self._large_or_none(self._changed[ALL]) else []
        while waiting:
            group = waiting.pop()
            moving.add(group)
            waiting += self._below(group, open_)
        return moving

    def _below(self, group: int, open_: set[int]) -> list[int]:
        """Of the groups right below one that moves on, those that may move on with it."""
        below = [
            team for team, parent in self._parents.items() if (parent if parent in self._parents else ALL) == group
        ]
        fine = [team for team in below if team in open_ and self._large_or_none(self._changed[team])]
        changed = [team for team in fine if self._changed[team]]
        if changed:
            rest = set(self._changed[group]).difference(*(self._changed[team] for team in fine))
            rest.update(*(self._changed[team] for team in below if team in self._last and team not in fine))
            if not self._large_or_none(rest):
                # With one team more the rest is large enough. The others' figures are older: it has to wait.
                fine.remove(
                    max(changed, key=lambda team: (self._last[team].index if team in self._last else -1, -team))
                )
        return fine

    @staticmethod
    def _large_or_none(people: Collection[int]) -> bool:
        return not 0 < len(people) < SMALLEST_GROUP
