"""The line of days: how many lie between two moments, and how it is drawn. Without a database."""

from __future__ import annotations

import itertools

import pytest

from course.content.rendering import InlineText
from course.content.schema import Option, Question
from course.content.timelines import days_from_first
from course.learning.rules.timelines import MAX_GAP, MIN_GAP, timeline_chart, timeline_gaps, timeline_view
from tests.support.courses import real_course

REAL = real_course()
TIMELINES = [timeline for module in REAL.modules.values() for timeline in module.timelines.values()]

DATES = [
    (["6 September", "14 September", "9 October"], (0, 8, 33)),
    (["28 November", "28 November, 9.20pm"], (0, 0)),
    (["20 December", "3 January", "20 January"], (0, 14, 31)),
    (["27 February", "2 March"], (0, 3)),
    # Cannot be read, is before the one above it, or is no day of the calendar.
    (["6 September", "the week after", "20 September"], (0, None, 14)),
    (["6 September", "1 September", "20 September"], (0, None, 14)),
    (["1 May", "31 June"], (0, None)),
    (["one day", "1 May"], (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("dates", "days"), DATES)
def test_days_are_counted_from_the_first_date(dates: list[str], days: tuple[int | None, ...]) -> None:
    assert days_from_first(dates) == days


def moment(day: int | None, risk: int | None = 0, *, missed: bool = False) -> Option:
    return Option(text=InlineText("It rains."), reason=InlineText("So."), day=day, risk=risk, correct=missed)


GAPS = [
    # days, height, broken
    (0, MIN_GAP, False),
    (1, MIN_GAP, False),
    (9, 36, False),
    (25, 100, False),
    (31, MAX_GAP, False),
    (32, MAX_GAP, True),
    (109, MAX_GAP, True),
]  # fmt: skip


@pytest.mark.parametrize(("days", "height", "is_broken"), GAPS)
def test_a_gap_is_drawn_to_scale_up_to_a_length_from_which_it_is_broken(
    days: int, height: int, is_broken: bool
) -> None:
    first, gap = timeline_gaps([moment(3), moment(3 + days)])
    assert first is None
    assert gap is not None
    assert (gap.days, gap.height, gap.is_broken) == (days, height, is_broken)


def test_the_line_grows_wider_with_the_risk() -> None:
    _, gap = timeline_gaps([moment(0, 1), moment(5, 4)])
    assert gap is not None
    assert 0 < gap.before < gap.after


def test_a_version_of_the_content_from_before_there_were_days_is_drawn_without_them() -> None:
    old = [moment(None, None), moment(None, None)]
    assert timeline_gaps(old) == [None, None]
    assert timeline_chart(old, 900, 150, 30, 32) is None


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: timeline.id)
def test_each_timeline_fits_its_drawing_with_its_moments_apart_and_in_order(timeline: Question) -> None:
    moments = timeline.options
    view = timeline_view(moments, [0, 1])
    for chart, spacing in ((view.wide, 32), (view.slim, 22)):
        assert chart is not None
        places = [place.x for place in chart.moments]
        assert all(later - earlier >= spacing - 0.1 for earlier, later in itertools.pairwise(places))
        assert 0 < places[0] < places[-1] < chart.width
        assert chart.area
    assert view.found + view.extra == 2
    # The danger grows until somebody acts, and is less from then on.
    assert [m.acted for m in moments] == [False] * (len(moments) - 1) + [True]
    risks = [m.risk or 0 for m in moments]
    assert risks[:-1] == sorted(risks[:-1])
    assert risks[-1] < risks[-2]


def test_what_was_marked_is_counted_as_found_or_as_extra() -> None:
    moments = [moment(0, missed=True), moment(1), moment(2, missed=True), moment(3)]
    view = timeline_view(moments, [0, 1, 3])
    assert (view.missed, view.found, view.extra) == (2, 1, 2)
