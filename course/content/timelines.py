"""Timelines of missed opportunities, as their authors write them, and the days between their moments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from babel.dates import get_month_names
from pydantic import Field

from course.content.rendering import InlineText, Prose
from course.content.schema import Option, Question
from course.content.schema_base import CoercedLabel, FrozenModel, Id, Label
from course.translation import lazy_gettext as _

# What is asked where an author asks nothing: words of the interface, translated by its catalogues.
DEFAULT_TASK = _("Mark each moment at which an adult could have acted.")
# A moment is in no particular year. This one has no 29 February, so every count of days is the usual one.
_YEAR = 2025
_MONTHS = {name: number for number, name in get_month_names("wide", locale="en").items()}
_WORDS = re.compile(r"(\d{1,2}) ([A-Z][a-z]+)(?:, .+)?")


def days_from_first(dates: Iterable[str]) -> tuple[int | None, ...]:
    """For each date its days after the first one, from 0.

    A date begins with a day and a month ("6 September", "28 November, 10.50pm"). A date that is earlier in the year than
    the one before it is in the next year, if that is not more than half a year later. None for a date that cannot be read
    or that is before the one before it, and for all if the first cannot be read.
    """
    found: list[int | None] = []
    first: date | None = None
    last = 0
    for words in dates:
        day = _date_of(words)
        if not found:
            first = day
        count = (day - first).days if day and first else None
        if count is not None and count < last and count + 365 - last <= 183:
            count += 365
        if count is not None and count < last:
            count = None
        found.append(count)
        last = last if count is None else count
    return tuple(found)


def _date_of(words: str) -> date | None:
    match = _WORDS.fullmatch(str.__str__(words))
    if not match or match[2] not in _MONTHS:
        return None
    try:
        return date(_YEAR, _MONTHS[match[2]], int(match[1]))
    except ValueError:
        return None


class Moment(FrozenModel):
    """A dated moment of a timeline: `missed` if an adult could have acted, `acted` if somebody did. `risk` is how much
    danger the child is in by then, from 0 to 5."""

    date: CoercedLabel
    text: InlineText
    reason: InlineText
    risk: int = Field(ge=0, le=5)
    missed: bool = False
    acted: bool = False
    points: tuple[Id, ...] = ()


class Timeline(FrozenModel):
    """A missed-opportunities timeline as its author writes it; learners get it as a `Question`."""

    id: Id
    title: Label
    points: tuple[Id, ...] = Field(min_length=1)
    intro: Prose
    task: InlineText = Field(default_factory=lambda: InlineText(str.__str__(DEFAULT_TASK)))
    moments: tuple[Moment, ...] = Field(min_length=4)

    def question(self, days: Sequence[int | None] = ()) -> Question:
        """The timeline as a question, so that it is answered, graded and stored like any other. `days` are those of the
        original, in a translation."""
        # Constructed, not validated again: that would render the texts twice and forget their language.
        days = days or days_from_first(moment.date for moment in self.moments)
        options = tuple(
            Option.model_construct(text=m.text, reason=m.reason, correct=m.missed, date=m.date, day=day, risk=m.risk,
                                   acted=m.acted, points=m.points)
            for m, day in zip(self.moments, days, strict=True)
        )  # fmt: skip
        return Question.model_construct(id=self.id, form="timeline", points=self.points, stem=self.task, options=options,
                                        critical=False, title=self.title, intro=self.intro)  # fmt: skip
