"""The drawing of an answered timeline, and the gaps between its moments. Lengths are in pixels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from course.content.schema import Option

PIXELS_PER_DAY = 4
MIN_GAP, MAX_GAP = 28, 124
# How wide the line of days is at no risk, and how much wider with each level of risk.
BAND_WIDTH, BAND_STEP = 4, 5


@dataclass(frozen=True)
class TimelineGap:
    """The days between a moment and the one before it: `height` of the line; `is_broken` where it is too short for them.
    `before` and `after` are the widths of the line at its ends, which grow with the risk to the child."""

    days: int
    height: int
    is_broken: bool
    before: int
    after: int


@dataclass(frozen=True)
class ChartMoment:
    """A moment in the drawing: how far along it is, and what became of it (`missed`, `acted` or `none`)."""

    x: float
    kind: str


@dataclass(frozen=True)
class TimelineChart:
    """The line of days with its moments; `area` is the path of the risk around it, empty where none is known."""

    width: int
    height: int
    middle: int
    moments: tuple[ChartMoment, ...]
    area: str


@dataclass(frozen=True)
class TimelineView:
    """A timeline as it is drawn, with the gap before each moment. Once it is answered: how many chances were `missed` by the
    adults in it, how many of those were `found`, and how many other moments were marked (`extra`)."""

    gaps: tuple[TimelineGap | None, ...]
    wide: TimelineChart | None
    slim: TimelineChart | None
    missed: int
    found: int
    extra: int


def timeline_view(moments: Sequence[Option], marked: Collection[int]) -> TimelineView:
    """A timeline as it is drawn, with the indices of the moments that somebody marked."""
    missed = {index for index, moment in enumerate(moments) if moment.correct}
    found = len(missed.intersection(marked))
    return TimelineView(
        gaps=tuple(timeline_gaps(moments)),
        wide=timeline_chart(moments, 900, 150, 30, 32),
        slim=timeline_chart(moments, 358, 104, 18, 22),
        missed=len(missed),
        found=found,
        extra=len(set(marked)) - found,
    )


def timeline_gaps(moments: Sequence[Option]) -> list[TimelineGap | None]:
    """For each moment the gap before it; None before the first, and where a version of the content gives no days."""
    gaps: list[TimelineGap | None] = [None]
    for earlier, later in pairwise(moments):
        if earlier.day is None or later.day is None:
            gaps.append(None)
            continue
        days = later.day - earlier.day
        height = min(MAX_GAP, max(MIN_GAP, days * PIXELS_PER_DAY))
        is_broken = days * PIXELS_PER_DAY > MAX_GAP
        gaps.append(TimelineGap(days, height, is_broken, band_width(earlier), band_width(later)))
    return gaps


def band_width(moment: Option) -> int:
    """How wide the line is at a moment."""
    return BAND_WIDTH + BAND_STEP * (moment.risk or 0)


def moment_kind(moment: Option) -> str:
    """What became of a moment: `missed`, `acted` or `none`."""
    return "missed" if moment.correct else "acted" if moment.acted else "none"


def timeline_chart(
    moments: Sequence[Option], width: int, height: int, margin: int, spacing: int
) -> TimelineChart | None:
    """The drawing of the moments, at least `spacing` apart and `margin` from the sides; None without their days."""
    days = [moment.day for moment in moments if moment.day is not None]
    if len(days) < len(moments):
        return None
    length = width - 2 * margin
    places = [margin + length * (day - days[0]) / max(1, days[-1] - days[0]) for day in days]
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + spacing)
    places[-1] = min(places[-1], width - margin)
    for number in range(len(places) - 2, -1, -1):
        places[number] = min(places[number], places[number + 1] - spacing)
    middle = height * 9 // 20
    known = all(moment.risk is not None for moment in moments)
    drawn = tuple(ChartMoment(round(x, 1), moment_kind(moment)) for x, moment in zip(places, moments, strict=True))
    area = _area([place.x for place in drawn], [moment.risk or 0 for moment in moments], middle) if known else ""
    return TimelineChart(width, height, middle, drawn, area)


def _area(places: Sequence[float], risks: Sequence[int], middle: int) -> str:
    """The outline of a band along the line: half of it above and half below."""
    step = (middle - 6) / 5
    above = [f"{x} {round(middle - 2 - risk * step, 1)}" for x, risk in zip(places, risks, strict=True)]
    below = [f"{x} {round(middle + 2 + risk * step, 1)}" for x, risk in zip(places, risks, strict=True)]
    return f"M{'L'.join(above)}L{'L'.join(reversed(below))}Z"
