"""The trend of twelve months: how many people of each set of teams were required and certified at the end of each Monday.

Pure. What is counted on a Monday is what was known at its end, as in the report of that day. A person's certificate and
obligation change on few days, so they are derived on the Mondays after those only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from course.dates import add_months, start_of_day
from course.recertification.rules import Policy
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, status_details
from course.reports.rules import fact_dates
from course.standings.rules import ReportedPerson, is_employed_on

TREND_MONTHS = 12
# Up to so many people each process derives the trend before somebody asks for it, and keeps their facts in memory. Of more,
# whoever opens the page of the trend waits for it.
MAX_PEOPLE_WITH_TREND = 2_000
LEFT, RIGHT, TOP, BOTTOM = 3, 117, 4, 24  # the part of the picture that the line may cover, in units of the SVG


def share(part: int, whole: int) -> int | None:
    """Per cent, rounded so that only all are 100 and only none are 0; None of nothing."""
    if not whole:
        return None
    return part * 100 // whole if part in (0, whole) else min(99, max(1, round(100 * part / whole)))


@dataclass(frozen=True)
class TrendPoint:
    """At the end of the day: how many people had to hold a certificate, and how many of them did."""

    day: date
    required: int
    valid: int

    @property
    def percent(self) -> int | None:
        """The share of the required who held a certificate (see `share`)."""
        return share(self.valid, self.required)


@dataclass(frozen=True)
class Weeks:
    """The Mondays of a trend, oldest first, and the last moment of each; `on` is the day with which the trend ends."""

    on: date
    days: tuple[date, ...]
    ends: tuple[datetime, ...]


@dataclass(frozen=True)
class WeekState:
    """How a person counts from the Monday with that number on: the teams that they were in (None: not employed),
    whether they were required, and whether they held a certificate while they were."""

    week: int
    teams: tuple[int, ...] | None
    is_required: bool
    is_valid: bool


@dataclass(frozen=True)
class WeeklyCounts:
    """For each set of teams how many of its people were required, and how many of those held a certificate, on each of
    the days."""

    on: date
    days: tuple[date, ...]
    by_teams: Mapping[tuple[int, ...], tuple[Sequence[int], Sequence[int]]]


def weeks_before(on: date, zone: str) -> Weeks:
    """The Mondays of the twelve months before that day, without the day itself."""
    first = add_months(on, -TREND_MONTHS)
    first += timedelta(days=-first.weekday() % 7)
    days = tuple(first + timedelta(days=7 * number) for number in range(1 + (on - first).days // 7))
    days = tuple(day for day in days if day < on)
    ends = tuple(start_of_day(day + timedelta(days=1), zone) - timedelta(microseconds=1) for day in days)
    return Weeks(on, days, ends)


def policy_weeks(policies: Iterable[Policy], weeks: Weeks) -> frozenset[int]:
    """The Mondays on which another version of the rule governs for the first time."""
    dates = (day for policy in policies for day in (policy.since, policy.governs_from))
    return frozenset(_numbers(weeks, dates))


def weekly_states(
    person: ReportedPerson, policies: Sequence[Policy], weeks: Weeks, ruled: frozenset[int]
) -> tuple[WeekState, ...]:
    """How a person counts, from each Monday on which that differs. `ruled` are those of `policy_weeks`."""
    facts, count = person.facts, len(weeks.days)
    moments = (at for _team, *bounds in person.memberships for at in bounds if at is not None)
    moved = {bisect_left(weeks.ends, at) for at in moments}
    numbers = sorted({0, *ruled, *_numbers(weeks, fact_dates(facts)), *(week for week in moved if week < count)})
    states: list[WeekState] = []
    for number, following in zip(numbers, [*numbers[1:], count], strict=True):
        for state in _states_from(person, policies, weeks, number, following):
            last = states[-1] if states else None
            if last is None or (last.teams, last.is_required, last.is_valid) != (
                state.teams, state.is_required, state.is_valid,
            ):  # fmt: skip
                states.append(state)
    return tuple(states)


def _states_from(
    person: ReportedPerson, policies: Sequence[Policy], weeks: Weeks, number: int, following: int
) -> Iterator[WeekState]:
    """The states from one Monday until the day before another one, between which nothing but time passes."""
    if number >= len(weeks.days):
        return
    on = weeks.days[number]
    if not is_employed_on(person.facts, on):
        yield WeekState(number, None, False, False)
        return
    details = status_details(person.facts, policies, on)
    teams, required = person.teams_at(weeks.ends[number]), details.state not in (NOT_REQUIRED, PAUSED)
    until = details.valid_until
    valid = required and until is not None and on <= until
    yield WeekState(number, teams, required, valid)
    if valid and until is not None:
        ended = bisect_right(weeks.days, until)
        if ended < following:
            yield WeekState(ended, teams, required, False)


def _numbers(weeks: Weeks, dates: Iterable[date]) -> Iterator[int]:
    """The first Mondays that are not before each of these dates, or after it: a date is a first or a last day."""
    days, count = weeks.days, len(weeks.days)
    for day in dates:
        if days and days[0] - timedelta(days=1) <= day <= days[-1]:
            for number in (bisect_left(days, day), bisect_right(days, day)):
                if number < count:
                    yield number


def weekly_counts(states: Iterable[tuple[WeekState, ...]], weeks: Weeks) -> WeeklyCounts:
    """The counts of these people, one element for each of them. Each person costs a few additions, not one a week."""
    count = len(weeks.days)
    changes: dict[tuple[int, ...], tuple[list[int], list[int]]] = {}
    for person in states:
        for place, state in enumerate(person):
            if state.teams is None or not state.is_required:
                continue
            end = person[place + 1].week if place + 1 < len(person) else count
            required, valid = changes.setdefault(state.teams, ([0] * (count + 1), [0] * (count + 1)))
            required[state.week] += 1
            required[end] -= 1
            if state.is_valid:
                valid[state.week] += 1
                valid[end] -= 1
    by_teams = {
        teams: (tuple(accumulate(required))[:count], tuple(accumulate(valid))[:count])
        for teams, (required, valid) in changes.items()
    }
    return WeeklyCounts(weeks.on, weeks.days, by_teams)


def added_counts(one: WeeklyCounts, other: WeeklyCounts) -> WeeklyCounts:
    """The counts of the people of both, who are different people."""
    by_teams = dict(one.by_teams)
    for teams, (required, valid) in other.by_teams.items():
        if teams in by_teams:
            known = by_teams[teams]
            by_teams[teams] = _added(known[0], required), _added(known[1], valid)
        else:
            by_teams[teams] = required, valid
    return WeeklyCounts(one.on, one.days, by_teams)


def trend_points(
    weekly: WeeklyCounts, rows_of: Callable[[tuple[int, ...]], Iterable[int] | None], keys: Iterable[int]
) -> tuple[dict[int, tuple[TrendPoint, ...]], tuple[TrendPoint, ...]]:
    """The points of each row by its key, and of everybody in the report. `rows_of` gives the rows in which somebody of
    these teams counts, None if they are not in the report."""
    nothing: Sequence[int] = (0,) * len(weekly.days)
    sums: dict[int, tuple[Sequence[int], Sequence[int]]] = dict.fromkeys(keys, (nothing, nothing))
    total: tuple[Sequence[int], Sequence[int]] = (nothing, nothing)
    for teams, (required, valid) in weekly.by_teams.items():
        rows = rows_of(teams)
        if rows is None:
            continue
        total = _added(total[0], required), _added(total[1], valid)
        for key in rows:
            sums[key] = _added(sums[key][0], required), _added(sums[key][1], valid)
    return {key: _points(weekly, both) for key, both in sums.items()}, _points(weekly, total)


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(int.__add__, one, other))


def _points(weekly: WeeklyCounts, both: tuple[Sequence[int], Sequence[int]]) -> tuple[TrendPoint, ...]:
    return tuple(map(TrendPoint, weekly.days, *both))


@dataclass(frozen=True)
class TrendPicture:
    """A trend as it is drawn: the `d` of its path, which has a gap where nobody was required, the place of its end, and
    the points that its description names."""

    path: str
    end: tuple[float, float]
    first: TrendPoint
    lowest: TrendPoint
    last: TrendPoint


def trend_floor(trends: Iterable[Sequence[TrendPoint]]) -> int:
    """The share at the lower edge of the pictures of several trends, so that they can be compared: a multiple of ten below
    the lowest point of all."""
    shares = [point.percent for trend in trends for point in trend if point.percent is not None]
    return max(0, (min(shares, default=100) - 1) // 10 * 10)


def trend_picture(points: Sequence[TrendPoint], floor: int) -> TrendPicture | None:
    """The line through the points between `floor` per cent and 100; None if fewer than two have people."""
    known = [(point.percent, point) for point in points if point.percent is not None]
    if len(known) < 2:
        return None
    first_day, days = points[0].day, (points[-1].day - points[0].day).days
    path, end, draws = [], (0.0, 0.0), False
    for point in points:
        if point.percent is None:
            draws = False
            continue
        end = (
            round(LEFT + (RIGHT - LEFT) * (point.day - first_day).days / days, 1),
            round(BOTTOM - (BOTTOM - TOP) * (point.percent - floor) / (100 - floor), 1),
        )
        path.append(f"{'L' if draws else 'M'}{end[0]:g} {end[1]:g}")
        draws = True
    _share, lowest = min(known, key=lambda one: one[0])
    return TrendPicture("".join(path), end, known[0][1], lowest, known[-1][1])
