"""Teams compared: one row for each team with all its sub-teams, worst first, and one for all of them together. Pure.

Who is on a long leave or does not need the course is not required, and counts in no share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.rules import status_bar
from course.reports.team_trend import (
    TrendPicture,
    TrendPoint,
    WeeklyCounts,
    share,
    trend_floor,
    trend_picture,
    trend_points,
)
from course.standings.rules import Counted
from course.text import sort_key
from course.translation import lazy_gettext as _

NOT_COUNTED = frozenset({"paused", "not-required"})  # status groups that count in no share
MAX_TEAM_ROWS = 30  # rows that a page shows; a file has all
MAX_TREND_COLUMNS = 14  # rows that the table of weeks shows
NO_TEAM = -1  # the key of the people in no team
Place = tuple[int, str, int | None]  # a team: its id, its name, and the team above


@dataclass(frozen=True)
class TeamRow:
    """One row of the table: a team with all its sub-teams. `id` is None for people of no team, and for those who are in
    the team above itself. `path` are the names from the highest team down to this one. `people` are all in it, `required`
    those of them who have to hold a certificate, `valid` those of the required who hold one; `counts` are all people by
    status group. `trend` are the same numbers at the end of earlier Mondays and of the day, oldest first; it is empty
    where nobody derived it."""

    id: int | None
    name: str
    path: tuple[str, ...]
    people: int
    required: int
    valid: int
    counts: Mapping[str, int]
    has_sub_teams: bool = False
    trend: tuple[TrendPoint, ...] = ()

    @property
    def percent(self) -> int | None:
        """The share of the required who hold a valid certificate; None if nobody is required (see `share`)."""
        return share(self.valid, self.required)

    @property
    def overdue_percent(self) -> int | None:
        """The share of the required who are overdue."""
        return share(self.counts["overdue"], self.required)

    @property
    def level(self) -> int:
        """How many teams are above it."""
        return len(self.path) - 1

    @property
    def bar_segments(self) -> list[tuple[str, str, int, float, float]]:
        """The segments of the status bar (see `status_bar`)."""
        return status_bar(self.counts, self.people)


@dataclass(frozen=True)
class TeamTable:
    """The rows, worst first, and `total`: everybody of the report, each person once. `above` are the teams on the way
    down to the rows, as (id, name), without those that the viewer does not see."""

    rows: tuple[TeamRow, ...]
    total: TeamRow
    above: tuple[tuple[int, str], ...] = ()

    @property
    def shown(self) -> tuple[TeamRow, ...]:
        """The rows that a page shows: the worst."""
        return self.rows[:MAX_TEAM_ROWS]

    @property
    def has_levels(self) -> bool:
        """Whether there are teams below these rows."""
        return any(row.has_sub_teams for row in self.rows)

    @property
    def for_trend(self) -> tuple[TeamRow, ...]:
        """Everybody together and the worst rows: as many as fit beside each other in a table of weeks."""
        return (self.total, *self.rows[:MAX_TREND_COLUMNS])

    @property
    def has_trend(self) -> bool:
        return bool(self.total.trend)

    @cached_property
    def floor(self) -> int:
        """The share at the lower edge of the pictures of all trends that a page shows."""
        return trend_floor([self.total.trend, *(row.trend for row in self.shown)])

    def picture(self, row: TeamRow) -> TrendPicture | None:
        """The trend of a row as it is drawn; None if there is nothing to compare yet."""
        return trend_picture(row.trend, self.floor)


@dataclass(frozen=True)
class TeamScope:
    """Which teams are compared. `teams` are those that the viewer may see, with a team above before its sub-teams;
    `chosen` is the one whose sub-teams are the rows (None: the highest ones); `included` are the teams whose people
    count (None: everybody, also those of no team). With `every_level` all teams below are rows, each with its own
    sub-teams; with `with_highest` as well the highest one, also where there is only one."""

    teams: Sequence[Place]
    name: str
    chosen: int | None = None
    included: Collection[int] | None = None
    every_level: bool = False
    with_highest: bool = False


@dataclass
class _Sums:
    people: int = 0
    valid: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, group: str, valid: bool, people: int) -> None:
        self.people += people
        self.counts[group] += people
        if valid and group not in NOT_COUNTED:
            self.valid += people


def compare_teams(counted: Iterable[Counted], scope: TeamScope, weekly: WeeklyCounts | None = None) -> TeamTable:
    """The table of the teams of a report, from its lines or its counted cells. A person in several teams counts once in
    each row and once in the total. If there is one highest team only, its sub-teams are the rows. With `weekly` each row
    has its trend. One pass over what is counted, however many teams there are."""
    places = _RowPlaces(scope)
    sums: dict[int, _Sums] = {key: _Sums() for key in places.keys}
    total = _Sums()
    for one in counted:
        rows = places.rows_of(one.teams)
        if rows is None:
            continue
        group, valid, people = one.group, one.has_valid_certificate, one.people
        total.add(group, valid, people)
        for key in rows:
            sums[key].add(group, valid, people)
    trends, total_trend = trend_points(weekly, places.rows_of, places.keys) if weekly is not None else ({}, ())
    day = weekly.on if weekly is not None else None
    rows_found = [
        _row(places, key, one, _with_day(trends.get(key, ()), one, day)) for key, one in sums.items() if one.people
    ]
    whole = _sums_row(None, scope.name, (), total, _with_day(total_trend, total, day))
    return TeamTable(tuple(sorted(rows_found, key=_worst_first)), whole, places.above)


class _RowPlaces:
    """The rows of a scope, and in which of them somebody of these teams counts. The key of a row is the id of its team;
    people who are in the team above itself have its id as well."""

    def __init__(self, scope: TeamScope) -> None:
        self._parents = {team: above for team, _name, above in scope.teams}
        self._names = {team: name for team, name, _above in scope.teams}
        self._included = None if scope.included is None else frozenset(scope.included)
        self._found: dict[tuple[int, ...], frozenset[int] | None] = {}
        children: dict[int | None, list[int]] = {}
        for team, _name, above in scope.teams:
            children.setdefault(above if above in self._parents else None, []).append(team)
        self._children = children
        top = scope.chosen
        if top is None and not scope.with_highest and len(children.get(None, ())) == 1:
            top = children[None][0]
        self.top = top
        direct = children.get(top, [])
        self.teams = frozenset(self._below(top) if scope.every_level else direct)
        self.above = tuple((team, self._names[team]) for team in reversed(self._upwards(top)))
        everybody = scope.included is None
        own = [top] if top is not None and self.teams and not scope.every_level else []
        self.keys = (*self.teams, *own, *([NO_TEAM] if everybody and self.teams else []))

    def _below(self, top: int | None) -> set[int]:
        found, waiting = set[int](), [*self._children.get(top, ())]
        while waiting:
            team = waiting.pop()
            found.add(team)
            waiting.extend(self._children.get(team, ()))
        return found

    def _upwards(self, team: int | None) -> list[int]:
        """The team and all above it that are in the scope, from the bottom."""
        found: list[int] = []
        while team is not None and team in self._parents and team not in found:
            found.append(team)
            team = self._parents[team]
        return found

    def path(self, team: int) -> tuple[str, ...]:
        return tuple(self._names[one] for one in reversed(self._upwards(team)))

    def has_sub_teams(self, team: int) -> bool:
        return bool(self._children.get(team))

    def is_own(self, key: int) -> bool:
        """Whether the row is of people who are in the team above itself."""
        return key == self.top

    def rows_of(self, teams: tuple[int, ...]) -> frozenset[int] | None:
        """The keys of the rows in which somebody of these teams counts; None if they are not in the report."""
        if teams not in self._found:
            self._found[teams] = self._rows_of(teams)
        return self._found[teams]

    def _rows_of(self, teams: tuple[int, ...]) -> frozenset[int] | None:
        if self._included is not None and self._included.isdisjoint(teams):
            return None
        found = {one for team in teams for one in self._upwards(team) if one in self.teams}
        if self.top in teams:
            found.add(self.top)
        if not any(team in self._parents for team in teams):
            found.add(NO_TEAM)
        return frozenset(found.intersection(self.keys))


def _row(places: _RowPlaces, key: int, sums: _Sums, trend: tuple[TrendPoint, ...]) -> TeamRow:
    if key == NO_TEAM:
        return _sums_row(None, _("In no team"), (), sums, trend)
    path = places.path(key)
    if places.is_own(key):
        return _sums_row(None, _("Directly in %(team)s", team=path[-1]), path, sums, trend)
    return _sums_row(key, path[-1], path, sums, trend, places.has_sub_teams(key))


def _sums_row(
    team: int | None,
    name: str,
    path: tuple[str, ...],
    sums: _Sums,
    trend: tuple[TrendPoint, ...],
    has_sub_teams: bool = False,
) -> TeamRow:
    counts = {group: sums.counts[group] for group in STATUS_GROUPS}
    required = sums.people - sum(counts[group] for group in NOT_COUNTED)
    return TeamRow(team, name, path, sums.people, required, sums.valid, counts, has_sub_teams, trend)


def _with_day(trend: tuple[TrendPoint, ...], sums: _Sums, day: date | None) -> tuple[TrendPoint, ...]:
    if day is None:
        return ()
    required = sums.people - sum(sums.counts[group] for group in NOT_COUNTED)
    return (*trend, TrendPoint(day, required, sums.valid))


def _worst_first(row: TeamRow) -> tuple[bool, bool, float, float, int, tuple[str, str], int]:
    """The highest share of overdue people first, then the lowest share of valid certificates, then more overdue people;
    teams in which nobody is required, and people who are in none of the teams, last."""
    required = row.required or 1
    overdue = row.counts["overdue"]
    return (
        row.id is None,
        not row.required,
        -overdue / required,
        row.valid / required,
        -overdue,
        sort_key(str(row.name)),
        row.id or 0,
    )


TEAM_COLUMNS = (
    _("Team"), _("Team path"), _("Level"), _("People"), _("Required"), _("Valid"), _("Valid per cent"), _("Overdue"),
    _("Due soon"), _("In progress"), _("Not started"), _("Up to date"), _("Paused"), _("Not required"),
)  # fmt: skip
PRINTED_TEAM_COLUMNS = tuple(TEAM_COLUMNS[place] for place in (0, 4, 5, 6, 7, 8, 10))
PATH_SEPARATOR = " > "  # as in lists of people that are imported
ALL_TOGETHER = _("All together")


def team_cells(table: TeamTable) -> Iterator[tuple[object, ...]]:
    """The rows of the table for a file, in the order of TEAM_COLUMNS, worst first, and everybody together last."""
    for row in (*table.rows, table.total):
        counts = row.counts
        yield (
            str(row.name) if row is not table.total else str(ALL_TOGETHER),
            PATH_SEPARATOR.join(row.path), row.level + 1 if row.path else None, row.people, row.required, row.valid,
            row.percent, *(counts[group] for group in (
                "overdue", "due-soon", "in-progress", "not-started", "up-to-date", "paused", "not-required",
            )),
        )  # fmt: skip


def trend_cells(table: TeamTable) -> Iterator[tuple[object, ...]]:
    """The trend for a file: a row of names, then one for each day with the per cent of each team, the newest first."""
    names = (PATH_SEPARATOR.join(row.path) if row.id else str(row.name) for row in table.rows)
    yield (str(_("End of")), str(ALL_TOGETHER), *names)
    for number in reversed(range(len(table.total.trend))):
        shares = (row.trend[number].percent for row in (table.total, *table.rows))
        yield (table.total.trend[number].day, *shares)


def printed_team_rows(table: TeamTable | None) -> list[list[str]]:
    """The rows for a document, in the order of PRINTED_TEAM_COLUMNS: those that a page shows, and everybody together."""
    if table is None or not table.rows:
        return []
    rows = [(str(row.name), row) for row in table.shown]
    return [
        [name, str(row.required), str(row.valid), "–" if row.percent is None else f"{row.percent} %",
         *(str(row.counts[group]) for group in ("overdue", "due-soon", "not-started"))]
        for name, row in (*rows, (str(ALL_TOGETHER), table.total))
    ]  # fmt: skip
