"""Calendar days: arithmetic, and dates in words. Nothing here reads a clock."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, SupportsIndex
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_format_date
from babel.dates import format_datetime, get_month_names

from course.translation import SOURCE_LANGUAGE, LazyText, current_language, current_locale, language_locale

_WORD = re.compile(r"[^\W\d_]+")


def civil_date(moment: datetime, zone: str) -> date:
    """The calendar day of a moment for people in `zone` (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=64)
def start_of_day(day: date, zone: str) -> datetime:
    """The moment at which a calendar day begins for people in `zone`, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def clamped_date(year: int, month: int, day: int) -> date:
    """The given day, or the last day of the month where the month is shorter: 29 February is the 28th in a common
    year."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def add_months(day: date, months: int) -> date:
    """The same day `months` later (earlier if negative), or the last day of that month where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return clamped_date(year, month + 1, day.day)


def format_date(value: date) -> str:
    """A date in words of the current language: 12 February 2027."""
    return _day_in_words(value, "d MMMM y", current_language())


def with_english_months(text: str) -> str:
    """A date that somebody typed, with the names of months in English: in the current language they may be others. Where
    nothing is such a name, the text as it is."""
    language = current_language()
    if language == SOURCE_LANGUAGE or not any(letter.isalpha() for letter in text):
        return text
    known = _english_months(language)
    return _WORD.sub(lambda word: known.get(word[0].casefold(), word[0]), text)


@lru_cache(maxsize=32)
def _english_months(language: str) -> dict[str, str]:
    """The English name of each month by its names in a language, whole and shortened."""
    locale = language_locale(language)
    return {
        name.casefold().rstrip("."): calendar.month_name[number]
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for number, name in get_month_names(width, context, locale).items()
    }


def format_month(value: date, short: bool = False) -> str:
    """The month of a day in words: February 2027, or Feb 27."""
    return babel_format_date(value, "MMM yy" if short else "MMMM y", current_locale())


def format_moment(value: datetime, zone: str) -> str:
    """A moment in words, as a clock in `zone` shows it: 12 February 2027, 9.05am."""
    clock, locale = ZoneInfo(zone), current_locale()
    # CLDR has PM in Welsh; the course writes 7.30pm in both languages.
    return (
        f"{format_datetime(value, 'd MMMM y', clock, locale)}, {format_datetime(value, 'h.mma', clock, locale).lower()}"
    )


def format_date_of(value: datetime, zone: str) -> str:
    """The calendar day of a moment in `zone`, in words: 12 February 2027."""
    return format_date(value.astimezone(ZoneInfo(zone)))


class LazyDate(LazyText):
    """A day in words that are those of the language in which it is shown; as a string it is English, as every LazyText.
    `pattern` is a date pattern of CLDR, such as "d MMMM y"."""

    __slots__ = ("day", "pattern")
    day: date
    pattern: str

    def __new__(cls, day: date, pattern: str) -> LazyDate:
        text = str.__new__(cls, _day_in_words(day, pattern, SOURCE_LANGUAGE))
        text.message, text.plural, text.number, text.values = text.source, None, 0, {}
        text.day, text.pattern = day, pattern
        return text

    def __str__(self) -> str:
        return _day_in_words(self.day, self.pattern, current_language())

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return LazyDate, (self.day, self.pattern)


@lru_cache(maxsize=4096)
def _day_in_words(day: date, pattern: str, language: str) -> str:
    # Cached, because an explanation names few days and the same ones for many people, and CLDR patterns are slow to fill.
    return babel_format_date(day, pattern, language_locale(language))
