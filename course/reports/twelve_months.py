"""The share of people with a valid certificate over the last twelve months: its points, and the line drawn through them.

Pure. The share of a month's end is what was known at the end of that day, as in the report of that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from course.reports.team_trend import share

MONTHS = 12
# Above this many people the first line of a process takes more than half a second, so that it has a page of its own.
MAX_PEOPLE_WITH_LINE = 2_000
LEFT, RIGHT, TOP, BOTTOM = 6, 304, 20, 104  # the part of the picture that the line may cover, in units of the SVG
LOWEST_SPAN = 10  # per cent below the lowest point that the picture shows at least


@dataclass(frozen=True)
class MonthPoint:
    """How many people there were at the end of the day, and how many of them held a valid certificate."""

    day: date
    people: int
    certified: int

    @property
    def percent(self) -> int:
        """The share that held one, rounded as that of a team (see `share`); 0 of nobody."""
        return share(self.certified, self.people) or 0


@dataclass(frozen=True)
class MonthLine:
    """The points that have people, oldest first (two at least), and their places in the picture."""

    points: tuple[MonthPoint, ...]
    floor: int
    places: tuple[tuple[float, float], ...]

    @property
    def line(self) -> str:
        """The `points` of the polyline."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.places)

    @property
    def area(self) -> str:
        """The `points` of the polygon below the line."""
        return f"{LEFT},{BOTTOM} {self.line} {self.places[-1][0]:g},{BOTTOM}"


def month_ends(on: date) -> list[date]:
    """The last days of the twelve months before the month of that day, oldest first."""
    ends, first = [], on.replace(day=1)
    for _month in range(MONTHS):
        ends.append(first - timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


def month_line(points: Sequence[MonthPoint]) -> MonthLine | None:
    """The line through the points that have people; None if there are fewer than two. Its lowest edge is a multiple of
    ten per cent below the lowest point, so that a change of a few per cent can be seen."""
    drawn = tuple(point for point in points if point.people)
    if len(drawn) < 2:
        return None
    floor = max(0, (min(point.percent for point in drawn) - LOWEST_SPAN) // 10 * 10)
    first, days = drawn[0].day, (drawn[-1].day - drawn[0].day).days
    places = tuple(
        (
            round(LEFT + (RIGHT - LEFT) * (point.day - first).days / days, 1),
            round(BOTTOM - (BOTTOM - TOP) * (point.percent - floor) / (100 - floor), 1),
        )
        for point in drawn
    )
    return MonthLine(drawn, floor, places)
