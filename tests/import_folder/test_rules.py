"""Which files are taken, and which lists wait for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from course.import_folder.rules import (
    NOT_MATCHED,
    PlanFacts,
    TableFacts,
    file_report,
    is_left_alone,
    is_night,
    is_settled,
    kept_name,
    name_refusal,
    plan_reasons,
    table_reasons,
)
from course.people_import.rules.matching import ImportQuestion
from course.people_import.rules.planning import ImportLine, ImportPlan, LineKind

AT = datetime(2026, 11, 29, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "left_alone", "refused"),
    [
        ("staff.csv", False, False),
        ("Staff list.XLSX", False, False),
        ("oneroster.zip", False, False),
        (".staff.csv", True, False),
        ("~$staff.xlsx", True, False),
        ("staff.csv~", True, True),
        ("staff.csv.part", True, True),
        ("staff.csv.FILEPART", True, True),
        ("staff.tmp", True, True),
        ("staff.pdf", False, True),
        ("staff", False, True),
        ("parts.csv", False, False),
    ],
)
def test_unfinished_files_are_left_alone_and_others_must_have_the_ending_of_a_list(
    name: str, left_alone: bool, refused: bool
) -> None:
    assert is_left_alone(name) is left_alone
    assert (name_refusal(name) is not None) is refused


@pytest.mark.parametrize(
    ("age", "settled"),
    [
        (timedelta(seconds=59), False),
        (timedelta(minutes=1), True),
        (timedelta(days=3), True),
        (-timedelta(hours=1), False),
    ],
)
def test_a_file_is_complete_when_nothing_has_changed_about_it_for_a_minute(age: timedelta, settled: bool) -> None:
    assert is_settled(AT - age, AT) is settled


@pytest.mark.parametrize(
    ("at", "zone", "night"),
    [
        (AT, "Europe/London", True),
        (AT + timedelta(hours=4, minutes=44), "Europe/London", True),
        (AT + timedelta(hours=5), "Europe/London", False),
        (AT, "Asia/Tokyo", False),
        (AT - timedelta(hours=10), "Asia/Tokyo", True),
    ],
)
def test_the_night_is_that_of_the_organisation(at: datetime, zone: str, night: bool) -> None:
    assert is_night(at, zone) is night


def test_files_of_one_name_are_kept_apart_and_a_long_name_is_cut() -> None:
    assert kept_name("staff.csv", AT) == "2026-11-29 021500 staff.csv"
    assert kept_name("staff.csv", AT, 2) == "2026-11-29 021500 (2) staff.csv"
    assert len(kept_name(f"{'x' * 250}.csv", AT)) < 180


@pytest.mark.parametrize(
    ("headings", "rows", "before", "said"),
    [
        (("Email", "Name", "Team", "Site"), 5, None, ""),
        (("Email", "Name", "Team"), 5, 9, ""),
        (
            ("Email", "Name", "Team", "Grade"),
            5,
            None,
            "This column is new, and no one has said what it contains: Grade.",
        ),
        (("Email", "Name", "A", "B"), 5, None, "These columns are new, and no one has said what they contain: A, B."),
        (("Email", "Name"), 99, 200, "The list has 99 rows, and the one before it had 200. Was it cut off?"),
        (("Email", "Name"), 100, 200, ""),
    ],
)
def test_a_list_waits_whose_columns_are_new_or_half_of_which_is_missing(
    headings: tuple[str, ...], rows: int, before: int | None, said: str
) -> None:
    matched = {"email": "Email", "name": "Name", "team": "Team"}
    assert " ".join(table_reasons(TableFacts(headings, rows, before), matched, frozenset({"Site"}))) == said
    assert table_reasons(TableFacts(headings, rows, before), None, frozenset()) == (NOT_MATCHED,)


def plan(new_teams: int = 0, **kinds: int) -> ImportPlan:
    """A plan with so many lines of each kind."""
    lines: list[ImportLine] = []
    for kind, number in kinds.items():
        for _ in range(number):
            question = ImportQuestion("twin", "Is it the same person?") if kind == "asked" else None
            named: LineKind = kind  # type: ignore[assignment]
            lines.append(ImportLine(len(lines) + 2, named, "Ann Lee (ann@example.org)", ("Why.",), question=question))
    return ImportPlan(tuple(lines), tuple(("North", f"House {n}") for n in range(1, new_teams + 1)), ())


@pytest.mark.parametrize(
    ("made", "present", "said"),
    [
        (plan(added=50, changed=90, unchanged=100, back=9), 100, ""),
        (plan(left=5, unchanged=3), 8, ""),
        (plan(left=6, unchanged=2), 8, "6 of 8 people would leave by this list."),
        (plan(left=10), 100, ""),
        (plan(left=11), 100, "11 of 100 people would leave by this list."),
        (plan(asked=1), 9, "1 row has to be decided: A second entry with the same name."),
        (plan(asked=2), 9, "2 rows have to be decided: A second entry with the same name."),
        (plan(1, added=1), 9, "1 team would be added: North > House 1."),
        (
            plan(6, added=6),
            9,
            "6 teams would be added: North > House 1, North > House 2, North > House 3, North > House 4, "
            "North > House 5 and 1 more.",
        ),
        (plan(refused=5, unchanged=1), 9, ""),
        (plan(refused=6, unchanged=9), 9, "6 of 15 rows are refused."),
        (plan(refused=6, unchanged=90), 9, ""),
    ],
)
def test_a_list_waits_that_asks_something_or_changes_more_than_a_list_of_one_night_does(
    made: ImportPlan, present: int, said: str
) -> None:
    assert " ".join(plan_reasons(PlanFacts(made, present))) == said


def test_the_report_beside_a_file_says_what_became_of_it_and_why_rows_were_refused() -> None:
    text = file_report("staff.csv", "The list was taken.", plan(added=2, refused=1))
    assert text.startswith("staff.csv\n\nThe list was taken.\n")
    assert "Added: 2\n" in text
    assert "Line 4: Refused: Ann Lee (ann@example.org): Why.\n" in text
    assert "Line 2" not in text
