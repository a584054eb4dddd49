"""Placements: in which team each person counted at each moment, and with how many answers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

# The team and the number of answers with which a person counts; None if the person does not count.
Placement = tuple[int, int] | None
KEPT_MOMENTS = 12  # of which the placements of everybody are kept


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
    """The team that the person had joined last; 0 if they were in no team, None if they were not employed.

    A person counts in one team only: the difference between figures of teams that share people could disclose a few.
    """
    employed = [is_employed for recorded, is_employed in history.employment_changes if recorded <= at]
    if history.joined_at > at or (employed and not employed[-1]):
        return None
    teams = [
        spell.team for spell in history.memberships if spell.since <= at and (spell.until is None or spell.until > at)
    ]
    return teams[-1] if teams else 0


class PlacementTimeline:
    """The placement of everybody at a number of moments, which are given by their index.

    It is made of the answers that are in the database today: people whose answers were erased are in it at no moment.
    """

    def __init__(self, changes: Iterable[PlacementChange]) -> None:
        self._by_index: dict[int, set[int]] = defaultdict(set)
        # Of each person the moments of the changes, and the placement from each of them on.
        self._by_person: dict[int, tuple[list[int], list[Placement]]] = defaultdict(lambda: ([], [None]))
        self._kept: dict[int, dict[int, Placement]] = {}
        for change in changes:
            self._by_index[change.index].add(change.person)
            indices, placements = self._by_person[change.person]
            indices.append(change.index)
            placements.append(None if change.team is None else (change.team, change.answers))

    @property
    def people(self) -> Collection[int]:
        """Everybody who counts at any of the moments."""
        return self._by_person.keys()

    def placement(self, person: int, index: int) -> Placement:
        """The placement of a person at the moment with that index."""
        if person not in self._by_person:
            return None
        indices, placements = self._by_person[person]
        return placements[bisect_right(indices, index)]

    def placements(self, index: int) -> Mapping[int, Placement]:
        """The placements of everybody who counts at the moment with that index. Those of the moments that were asked for last
        are kept, because each release is compared with those before it."""
        found = self._kept.pop(index, None)
        if found is None:
            found = {
                person: place
                for person, (indices, placements) in self._by_person.items()
                if (place := placements[bisect_right(indices, index)]) is not None
            }
        self._kept[index] = found
        if len(self._kept) > KEPT_MOMENTS:
            del self._kept[next(iter(self._kept))]
        return found

    def changed_people(self, since: int, until: int) -> set[int]:
        """The people whose placement changed after the moment `since`, up to the moment `until`."""
        return set[int]().union(*(self._by_index.get(index, set()) for index in range(since + 1, until + 1)))
