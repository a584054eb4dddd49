"""Values of a list as spreadsheets, payroll systems and people write them: days, numbers, addresses and cells without
anything in them."""

from __future__ import annotations

from datetime import date

import pytest

from course.people_import.rules.columns import guess_columns
from course.people_import.rules.date_formats import InvalidDayError, read_last_day, read_list_day
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths

BEGAN = date(2020, 1, 1)
KNOWN = (
    KnownPerson(1, "Cara Voss", "cara@example.org", "00583", start=BEGAN),
    KnownPerson(2, "Liam O’Neill", "liam@example.org", "123", start=BEGAN),
    KnownPerson(3, "Fiona Marsh-Hill", "fiona@example.org", "F3", start=BEGAN),
)


def plan(text: str, decisions: dict[str, str] | None = None) -> list[ImportLine]:
    table = parse_file(text.encode())
    columns = guess_columns(table.headings, {}, (), table)
    rows = MappedRows(table.rows, columns, table.bad)
    return list(make_plan(rows, KNOWN, TeamPaths([]), date(2026, 11, 30), decisions).lines)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1af o Fedi 2026", date(2026, 9, 1)), ("2il Hydref 2026", date(2026, 10, 2)), ("1 o Fai 2026", date(2026, 5, 1)),
        ("3ydd Mawrth 2026", date(2026, 3, 3)), ("31ain Rhagfyr 2026", date(2026, 12, 31)), ("1 of May 2026", date(2026, 5, 1)),
        ("01SEP2026", date(2026, 9, 1)), ("01‑09‑2026", date(2026, 9, 1)), ("01–09–2026", date(2026, 9, 1)),
        ("'01/09/2026", date(2026, 9, 1)),
        ("Tue Sep 01 2026 00:00:00 GMT+0100 (British Summer Time)", date(2026, 9, 1)),
        # The nought of Excel, of Access, of SQL Server, of directories and of a Mac.
        ("1900-01-00", None), ("00-Jan-00", None), ("0-Jan-1900", None), ("00:00:00", None), ("12:00:00 AM", None),
        ("01/01/1753", None), ("01/01/1601", None), ("1904-01-01", None),
    ],
)  # fmt: skip
def test_a_plain_day_is_taken_and_a_nought_is_none(text: str, day: date | None) -> None:
    assert read_list_day(text, "First day") == day


@pytest.mark.parametrize(
    "text", ["00/01/2026", "0 Jan 2026", "01SEX2026", "09:30", "31/06/2026", "Sep-26", "31/12/4712"]
)
def test_what_is_no_plain_day_is_not_guessed(text: str) -> None:
    with pytest.raises(InvalidDayError):
        read_list_day(text, "First day")


@pytest.mark.parametrize(
    "text",
    ["31/12/9999", "99991231", "31 December 9999", "31/12/4712", "31-DEC-4712", "2999-12-31", "01/01/3000", "Ongoing", "present",
     "Permanent", "No end date", "Open-ended"],
)  # fmt: skip
def test_the_end_of_the_calendar_and_words_for_it_are_no_last_day(text: str) -> None:
    assert read_last_day(text, "Last day") is None


@pytest.mark.parametrize("text", ["31/12/2029", "30/11/3000", "31/12/3026", "next year"])
def test_a_last_day_is_never_left_out_for_its_year_alone(text: str) -> None:
    try:
        assert read_last_day(text, "Last day") == date(2029, 12, 31)
    except InvalidDayError:
        assert text != "31/12/2029"
