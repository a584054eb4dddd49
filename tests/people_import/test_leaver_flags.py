"""Lists that say who has left, and not on which day."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from course.people_import.queries import ImportChoices, draft_import
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.leaver_flags import leaver_flags
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths
from tests.conftest import NOW
from tests.makers import make_person

TODAY, BEGAN = date(2026, 11, 28), date(2020, 1, 1)
KNOWN = (
    KnownPerson(1, "Mary Jones", "mary@example.org", None, start=BEGAN),
    KnownPerson(2, "Ida Holm", "ida@example.org", None, left=date(2026, 3, 1), start=BEGAN),
)


def plan(text: str) -> ImportPlan:
    table = parse_file(text.encode())
    columns = guess_columns(table.headings, {}, (), table)
    columns |= leaver_flags(table, columns.values())
    return make_plan(MappedRows(table.rows, columns, table.bad), KNOWN, TeamPaths([]), TODAY)


@pytest.mark.parametrize(
    ("heading", "here", "left"),
    [
        ("Leaver", "No", "Yes"),
        ("Leaver?", "N", "Y"),
        ("Left (Y/N)", "", "y"),
        ("Leaver", "FALSE", "TRUE"),
        ("Status", "Active", "Left"),
        ("Employment status", "Maternity", "Leaver"),
        ("Employee Status", "Current", "Terminated"),
        ("Statws", "Cyfredol", "Wedi gadael"),
        ("Status", "Active", "Inactive"),
        ("Status", "Active", "Leaver (school)"),
        ("Active", "TRUE", "FALSE"),
        ("Active?", "Y", "N"),
        ("Currently employed", "Yes", "No"),
        ("Current employee (Y/N)", "", "n"),
        ("Aktiv", "ja", "nein"),
        ("Status", "Long term sick", "Leaver - Resigned"),
        ("Employment Status", "Inactive - maternity leave", "Terminated: redundancy"),
        ("Status", "Inactive (LTS)", "Left 31/08/2026"),
        ("Status", "Resigned – working notice", "Inactive - Payroll Eligible"),
        ("ASSIGNMENT_STATUS_TYPE", "ACTIVE", "INACTIVE"),
        ("Position Status", "Leave", "Terminated"),
        ("Status", "Aktiv", "Inaktiv"),
        ("Status", "Pending leaver", "Previous"),
        ("Leaver", "", "Y 31/08"),
        ("Currently employed?", "Yes (maternity leave)", "No"),
        ("accountEnabled", "TRUE", "FALSE"),
        ("Status", "A", "T"),
        ("Emp Status", "A", "R"),
        ("Status (A/I)", "A", "I"),
        ("Employee Status Code", "a", "d"),
        ("Status", "C", "L"),
        ("Status", "C", "F"),
        ("Status", "Y", "N"),
        ("Active status", "Yes", "No"),
        ("Leaver", "0", "1"),
        ("Leaver", "Current", "Former"),
        ("Leaver", "Live", "Leaver"),
        ("Active", "Active", "Terminated"),
        ("Live?", "Live", "Left"),
        ("Live", "Y", "N"),
        ("Current", "Current", "Former"),
        ("Current", "1", "0"),
        ("Active/Inactive", "Active", "Inactive"),
        ("Status", "Live", "Not live"),
        ("Status", "Employed", "Not employed"),
        ("Status", "Working", "Contract ended"),
        ("Status", "Current staff", "Past staff"),
        ("Staff status", "Current", "Ex"),
    ],
)
def test_somebody_who_is_said_to_have_left_is_not_added_and_does_not_stay(heading: str, here: str, left: str) -> None:
    here_too = "".join(f"Pat {name},pat.{name}@example.org,{here}\n" for name in ("Ash", "Day", "Fox"))
    found = plan(
        f"Name,E-mail,{heading}\nSam Lee,sam@example.org,{here}\nKim Roe,kim@example.org,{left}\n"
        f"Mary Jones,mary@example.org,{left}\nIda Holm,ida@example.org,{left}\n{here_too}"
    )
    assert [line.kind for line in found.lines] == ["added", "unchanged", "refused", "unchanged", *["added"] * 3]
    assert found.lines[1].notes == ("Has already left, so is not added.",)
    assert found.lines[2].notes == (
        "The list says that Mary Jones has left, but not on which day. Add the last day to the list, or record it on their page.",
    )
    assert found.lines[3].notes == ("Left on 1 March 2026.",)
    assert found.missing == ()


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        # A last day says more.
        ("Mary Jones,mary@example.org,Yes,31/08/2026,A", ["left"]),
        ("Mary Jones,mary@example.org,Yes,31/12/2026,A", ["changed"]),
        ("Mary Jones,mary@example.org,No,,A", ["changed"]),
        # One of two posts has ended, whichever row comes first.
        ("Pat Day,pat@example.org,Yes,,A\nPat Day,pat@example.org,No,,B", ["added", "joined"]),
        ("Pat Day,pat@example.org,No,,B\nPat Day,pat@example.org,Yes,,A", ["added", "joined"]),
        # Both have: the day of one is that of both.
        ("Mary Jones,mary@example.org,Yes,,A\nMary Jones,mary@example.org,Yes,31/08/2026,B", ["left", "joined"]),
        ("Mary Jones,mary@example.org,Yes,,A\nMary Jones,mary@example.org,Yes,,B", ["refused", "refused"]),
    ],
)
def test_a_last_day_and_another_post_say_more_than_a_yes(rows: str, kinds: list[str]) -> None:
    found = plan(f"Name,E-mail,Leaver,Leaving date,Team\n{rows}\n")
    assert [line.kind for line in found.lines] == kinds
    if "Pat Day" in rows:
        assert found.lines[0].row_data.teams == (("B",),)


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Status", ("Married", "Single")),
        ("Leaver", ("No", "perhaps")),
        ("Left", ("Right", "Yes")),
        ("Leaver", ("31/08/2027", "No")),
        ("DBS status", ("Left", "Terminated")),
        ("Permanent", ("Yes", "No")),
        ("Active", ("N/A", "na")),
        ("Active", ("Yes", "No, on leave")),
        ("Active directory", ("Yes", "No")),
        ("Status", ("A", "L")),  # on leave
        ("Status", ("A", "S")),
        ("Status", ("C", "D")),  # with a civil partner, divorced
        ("Status", ("Married", "Separated")),
        ("Status", ("T", "P")),  # temporary, permanent
        ("Status", ("0", "0")),
        ("Status", ("1", "2")),
        ("Status", ("A", "T2")),
        ("Live", ("Live in", "Live out")),
        ("Current", ("A", "T")),
    ],
)
def test_a_column_about_something_else_says_nothing_about_leaving(heading: str, cells: tuple[str, str]) -> None:
    found = plan(f"Name,E-mail,{heading}\nSam Lee,sam@example.org,{cells[0]}\nKim Roe,kim@example.org,{cells[1]}\n")
    assert len(found.lines) == 2
    assert not any("has left" in note or "already left" in note for line in found.lines for note in line.notes)
    assert "added" in {line.kind for line in found.lines}


def test_a_word_in_a_column_of_last_days_does_not_make_leavers_of_the_others_stay() -> None:
    found = plan(
        "Name,E-mail,Leaving date\nSam Lee,sam@example.org,No\nKim Roe,kim@example.org,Left\n"
        "Pat Day,pat@example.org,31/08/2026\nJo Ash,jo@example.org,Resigned - see HR\n"
    )
    assert [line.kind for line in found.lines] == ["added", "refused", "unchanged", "refused"]
    assert found.lines[1].notes == ("Last day: “Left” is not a day such as 12/02/2027.",)


def test_a_list_is_read_with_the_columns_that_nobody_has_to_choose(session: Session) -> None:
    make_person(session, "Mary Jones", "mary@example.org")
    text = (
        "Name,E-mail,Leaver\nMary Jones,mary@example.org,Yes\nKim Roe,kim@example.org,Yes\nSam Lee,sam@example.org,No\n"
    )
    table = parse_file(text.encode())
    choices = ImportChoices({"name": 0, "email": 1})
    found = draft_import(session, table, choices, "Europe/London", NOW).plan
    assert [line.kind for line in found.lines] == ["refused", "unchanged", "added"]
