"""Parsing dates as people and HR systems write them: day first, year-month-day, or with the month as a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from course.people_import.rules.values import is_placeholder
from course.text import search_key
from course.translation import lazy_gettext as _
from course.translation import lazy_join

# English, Welsh (also after “o”), German and French, folded; each may be shortened to three letters where that is clear.
_MONTHS: tuple[tuple[str, ...], ...] = (
    ("january", "ionawr", "januar", "janner", "janvier"), ("february", "chwefror", "februar", "feber", "fevrier"),
    ("march", "mawrth", "fawrth", "marz", "maerz", "mars"), ("april", "ebrill", "avril"), ("may", "mai", "fai"),
    ("june", "mehefin", "fehefin", "juni", "juin"), ("july", "gorffennaf", "orffennaf", "juli", "juillet"),
    ("august", "awst", "aout"), ("september", "sept", "medi", "fedi", "septembre"),
    ("october", "hydref", "oktober", "octobre"), ("november", "tachwedd", "dachwedd", "novembre"),
    ("december", "rhagfyr", "ragfyr", "dezember", "decembre"),
)  # fmt: skip
_WORD = r"[^\W\d_]{3,12}"
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th|er|af|il|ydd|fed|ed|eg|ain|\.)?"
_DAY_FIRST = re.compile(
    rf"{_ORDINAL}(?:\s+of?\b)?\s*[./\- ]?\s*({_WORD}|(?<=[./\- ])\d{{1,2}})\.?\s*[./\-, ]\s*(\d{{4}}|\d{{2}})"
)
_TOGETHER = re.compile(r"(\d{1,2})([^\W\d_]{3,9})(\d{4}|\d{2})")  # 01SEP2026
_MONTH_WORD_FIRST = re.compile(rf"({_WORD})\.?[ \-]+{_ORDINAL},?[ \-]+(\d{{4}})")
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/. ](\d{{1,2}}|{_WORD})[-/. ](\d{{1,2}})|(\d{{4}})(\d{{2}})(\d{{2}})")
_WEEKDAY = re.compile(r"^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?[., ]\s*", re.IGNORECASE)
# The time of day that a spreadsheet or a training system writes after the day.
_TIME = re.compile(
    r"(T|,?\s+)\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]\.?m\.?)?\s*(Z|UTC|GMT|BST|(GMT)?[+-]\d{2}:?\d{2})?(\s*\([\w ]+\))?$",
    re.IGNORECASE,
)
# Dates that spreadsheets and databases write for an empty value.
_NO_DAY = re.compile(
    r"0{1,2}[./-]0{1,2}[./-]0{2,4}|0{4}[./-]?00[./-]?00|0+([.,]0+)?|-?1/01/1900|(?:00?|12):00(:00)?( AM)?",
    re.IGNORECASE,
)
_ZERO_DAYS = frozenset(
    {date(1900, 1, 1), date(1899, 12, 30), date(1899, 12, 31), date(1, 1, 1), date(1970, 1, 1), date(1753, 1, 1),
     date(1601, 1, 1), date(1904, 1, 1)}
)  # fmt: skip
_DAY_WITH_ZONE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})")  # Workday, and dates of XML
EARLIEST, LATEST = 1940, 2100
_CENTURY = 50  # a year of two digits below this is one of the 2000s
END_OF_SHORT_CALENDAR = (1999, 12, 31)  # what 31/12/99 says, unless it is short for 31/12/9999
# What HR systems write for the last day of somebody who stays: the end of their calendar, or a word.
_NO_END_YEARS = frozenset({2999, 3000, 3999, 4000, 4712, 9999})
_NO_END_WORDS = frozenset(
    {"ongoing", "on going", "present", "current", "permanent", "perm", "never", "no end date", "open ended", "openended", "open",
     "indefinite", "no", "n", "active", "employed", "in post", "still in post",
     "not leaving", "still employed", "still here", "until further notice", "parhaol", "unbefristet"}
)  # fmt: skip
# With dots between them the day is always first.
_SHORT = re.compile(r"(\d{1,2})[/\- ](\d{1,2})[/\- ](\d{4}|\d{2})")


class InvalidDayError(ValueError):
    """The text is not a valid date; the message gives the fault and the right form."""


_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


def _plain(text: str) -> str:
    # A spreadsheet shows an apostrophe in front where it keeps a date as text.
    typed = unicodedata.normalize("NFKC", text).translate(_DASHES).strip().lstrip("'’`")
    if found := _DAY_WITH_ZONE.fullmatch(typed):
        return found[1]
    return _WEEKDAY.sub("", _TIME.sub("", typed))


def is_placeholder_day(text: str) -> bool:
    """Whether the text is a placeholder for a date, such as TBC, 00/00/0000 or 01/01/1900."""
    typed = _plain(text)
    if is_placeholder(typed) or _NO_DAY.fullmatch(typed):
        return True
    found = _date_parts(typed)
    if found is not None and found[1:] == (1, 0) and found[0] in (1900, 2000):
        return True  # Excel's day 0: 1900-01-00, or 00-Jan-00
    try:
        return found is not None and date(*found) in _ZERO_DAYS
    except ValueError:
        return False


def read_day(text: str, label: str) -> date | None:
    """12/02/2027, 12.2.27, 12 Feb 2027, Feb 12 2027, 12 Chwefror 2027, 2027-02-12 or 20270212; None for nothing. A weekday
    before it and a time after it are left out: the day is the one that the list says, in whatever zone.

    Raises NotADayError, with `label` naming the column.
    """
    typed = _plain(text)
    if is_placeholder(typed):
        return None
    if re.fullmatch(r"\d{4,6}([.,]\d+)?", typed) and not re.fullmatch(r"(?:19|20)\d\d", typed):  # a year alone is none
        raise InvalidDayError(_serial_day_fault(typed, label))
    found = _date_parts(typed)
    if found is None:
        raise InvalidDayError(_("%(label)s: “%(typed)s” is not a day such as 12/02/2027.", label=label, typed=typed))
    return _date(*found, typed, label)


def read_list_day(text: str, label: str) -> date | None:
    """Parse a date in a list: as `read_day`, but None for placeholders of spreadsheets and databases."""
    return None if is_placeholder_day(text) else read_day(text, label)


def read_last_day(text: str, label: str) -> date | None:
    """Parse a last day in a list: as `read_list_day`, but None for the end of a calendar, such as of the year 9999."""
    return None if _is_no_end(_plain(text)) else read_list_day(text, label)


def _is_no_end(typed: str) -> bool:
    found = _date_parts(typed) if typed.casefold().replace("-", " ") not in _NO_END_WORDS else (9999, 12, 31)
    return found is not None and found[0] in _NO_END_YEARS and found[1:] in ((12, 31), (1, 1))


def has_unclear_century(text: str) -> bool:
    """Whether a last day has a year of two digits that may be one of this century: 31/12/50, and 31/12/99, which is also how the
    end of a calendar is written."""
    typed = _plain(text)
    found = _DAY_FIRST.fullmatch(typed) or _TOGETHER.fullmatch(typed)
    if found is None or len(found[3]) == 4:
        return False
    return _CENTURY <= int(found[3]) < 90 or (_date_parts(typed) == END_OF_SHORT_CALENDAR)


def month_first_example(cells: Iterable[str]) -> str | None:
    """A date of the column that is valid only with the month first, such as 09/25/2026; None if there is none. In a column
    with such a date 09/10/2026 is ambiguous."""
    for cell in cells:
        found = _SHORT.fullmatch(_plain(cell))
        if found and int(found[1]) <= 12 < int(found[2]) <= 31:
            return found[0]
    return None


def month_first_in_heading(heading: str) -> str | None:
    """What a heading says of its days if it says that the month comes first, such as MM/DD/YYYY; None otherwise."""
    found = re.search(r"\bmm?[/. -]dd?[/. -]yy(?:yy)?\b", heading, re.IGNORECASE)
    return found[0] if found else None


def is_ambiguous_day(text: str) -> bool:
    """Whether the date differs when it is read with the day first and with the month first."""
    found = _SHORT.fullmatch(_plain(text))
    return bool(found) and int(found[1]) <= 12 and int(found[2]) <= 12 and int(found[1]) != int(found[2])  # type: ignore[index]


def looks_like_day(text: str) -> bool:
    """Whether the text has the form of a date, valid or not."""
    typed = _plain(text)
    return _date_parts(typed) is not None or bool(re.fullmatch(r"[2-6]\d{4}([.,]\d+)?", typed))


def _date_parts(typed: str) -> tuple[int, int, int] | None:
    """Year, month and day of the text; the month is 0 for a word that is not a month."""
    if found := _YEAR_FIRST.fullmatch(typed):
        year, month, day = (part for part in found.groups() if part)
        return int(year), _month(month), int(day)
    if found := _MONTH_WORD_FIRST.fullmatch(typed):
        return int(found[3]), _month(found[1]), int(found[2])
    if found := _DAY_FIRST.fullmatch(typed) or _TOGETHER.fullmatch(typed):
        return _year(found[3]), _month(found[2]), int(found[1])
    return None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < _CENTURY else 1900)


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    start = search_key(text)
    found = {number for number, words in enumerate(_MONTHS, 1) if any(word.startswith(start) for word in words)}
    return found.pop() if len(found) == 1 else 0


def _serial_day_fault(typed: str, label: str) -> str:
    number = float(typed.replace(",", "."))
    if not 20_000 <= number <= 60_000:
        return _(
            "%(label)s: %(typed)s is a number by which Excel counts days. Format the column as a date, and save it again.",
            label=label,
            typed=typed,
        )
    return _(
        "%(label)s: %(typed)s is a number by which Excel counts days (%(day)s, if it counts from 1900). "
        "Format the column as a date, and save it again.",
        label=label,
        typed=typed,
        day=date(1899, 12, 30) + timedelta(days=int(number)),
    )


def _date(year: int, month: int, day: int, typed: str, label: str) -> date:
    if not EARLIEST <= year <= LATEST:
        raise InvalidDayError(_("%(label)s: the year of “%(typed)s” cannot be right.", label=label, typed=typed))
    try:
        return date(year, month, day)
    except ValueError:
        fault = _("%(label)s: there is no such day as “%(typed)s”.", label=label, typed=typed)
        if month > 12 and day <= 12:
            fault = lazy_join([fault, _("The day comes first, then the month.")])
        raise InvalidDayError(fault) from None


def read_filter_day(
    arguments: Mapping[str, str], field: str, label: str, mistakes: list[tuple[str, str]]
) -> date | None:
    """The day in a field of a filter; None if it is empty, or, with the field and a sentence added to `mistakes`, if it is no
    day that a record could be of."""
    text = arguments.get(field, "").strip()
    try:
        day = read_day(text, label)
    except InvalidDayError:
        message = _("%(label)s: “%(text)s” is not a day. Enter a day such as 1/3/2026.", label=label, text=text[:40])
        mistakes.append((field, message))
        return None
    if day is not None and not date(1990, 1, 1) <= day <= date(2200, 1, 1):
        mistakes.append((field, _("%(label)s: enter a day from 1990 to 2199.", label=label)))
        return None
    return day
