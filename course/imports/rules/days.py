"""Days as people and HR systems write them: the day first, or year-month-day."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s*[./\- ]\s*(\d{1,2}|[A-Za-z]{3,9})\.?\s*[./\- ]\s*(\d{2,4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})(\d{2})(\d{2})")
_WEEKDAY = re.compile(r"^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?[., ]\s*", re.IGNORECASE)
# The time of day that a spreadsheet or a training system writes after the day.
_TIME = re.compile(r"(T|,?\s+)\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]\.?m\.?)?(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
# What stands in a column in place of no day.
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "none", "null"})
EARLIEST, LATEST = 1940, 2100
_NO_END = re.compile(r"9999[-/.]?12[-/.]?31|31[-/.]12[-/.]9999")  # what HR systems write for somebody who stays


class NotADayError(ValueError):
    """The message says what is wrong with it, and how to write it."""


def read_day(text: str, label: str) -> date | None:
    """12/02/2027, 12.2.2027, 12 Feb 2027, 2027-02-12 or 20270212; None for nothing. A weekday before it and a time after it are
    left out: the day is the one that the list says, in whatever zone.

    Raises NotADayError, with `label` naming the column.
    """
    typed = _WEEKDAY.sub("", _TIME.sub("", text.strip()))
    if typed.casefold() in _NOTHING:
        return None
    if re.fullmatch(r"\d{4,6}([.,]\d+)?", typed):
        raise NotADayError(
            f"{label}: {typed} is a number by which Excel counts days. Format the column as a date, and save it again."
        )
    if found := _YEAR_FIRST.fullmatch(typed):
        year, month, day = (int(part) for part in found.groups() if part)
        return _date(year, month, day, typed, label)
    if not (found := _DAY_FIRST.fullmatch(typed)):
        raise NotADayError(f"{label}: “{typed}” is not a day such as 12/02/2027.")
    if len(found[3]) != 4:
        raise NotADayError(f"{label}: write the year of “{typed}” with four digits.")
    return _date(int(found[3]), _month(found[2]), int(found[1]), typed, label)


def read_end(text: str, label: str) -> date | None:
    """A last day: as `read_day`, but the end of the year 9999 is none."""
    return None if _NO_END.fullmatch(_TIME.sub("", text.strip())) else read_day(text, label)


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    start = text[:3].casefold()
    return _MONTHS.index(start) + 1 if start in _MONTHS else 0


def _date(year: int, month: int, day: int, typed: str, label: str) -> date:
    if not EARLIEST <= year <= LATEST:
        raise NotADayError(f"{label}: the year of “{typed}” cannot be right.")
    try:
        return date(year, month, day)
    except ValueError:
        first = " The day comes first, then the month." if month > 12 and day <= 12 else ""
        raise NotADayError(f"{label}: there is no such day as “{typed}”.{first}") from None
