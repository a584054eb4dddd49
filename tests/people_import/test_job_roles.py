"""A column of job roles in a list: told apart from the course's own roles, previewed and applied."""

from __future__ import annotations

import json
import zlib
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import Context, make_context
from course.people.actions import change_identity
from course.people.models import Person, PersonChange, RoleGrant
from course.people.rules import PersonIdentity
from course.people_import import actions, queries
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.journal import JournalStep, dump_journal, load_journal
from course.people_import.rules.matching import KnownPerson, RowData
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths
from tests.conftest import NOW
from tests.makers import make_organisation
from tests.people_import.lists import ZONE, look, run, start

TODAY = date(2026, 11, 22)
SAM = KnownPerson(1, "Sam Okafor", "sam@example.org", "S1", start=date(2020, 1, 1), job_role="Cook")
KIM = KnownPerson(2, "Kim Else", "kim@example.org", start=date(2020, 1, 1))
TWIN = KnownPerson(3, "S. Okafor", "twin@example.org", left=date(2026, 3, 1), start=date(2020, 1, 1), merged=1)


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [
        ("Name|Email|Job title", ("Cook", "Teacher"), {"job_role": 2}),
        ("Name|Email|Job role", ("Cook", "Teacher"), {"job_role": 2}),
        ("Name|Email|Position", ("Cook", "Teacher"), {"job_role": 2}),
        ("Name|Email|Post title", ("Cook", "Teacher"), {"job_role": 2}),
        ("Name|Email|Post", ("Cook", "Manager"), {"job_role": 2}),
        ("Name|Email|Role", ("Cook", "Teacher"), {"job_role": 2}),
        ("Name|Email|Employee role", ("Cook", "Teacher"), {"job_role": 2}),
        # Words of the course in a column “Role” are neither a job nor, unless somebody says so, a role in the course.
        ("Name|Email|Role", ("learner", "Manager"), {}),
        ("Name|Email|Course role", ("learner", "manager"), {"role": 2}),
        ("Name|Email|Position", ("P0012", "P0013"), {}),
        ("Name|Email|Post", ("Y", "N"), {}),
        ("Name|Email|Position start date", ("01/09/2020", "01/09/2021"), {}),
    ],
)
def test_a_column_of_job_roles_is_known_by_its_heading_and_content(
    headings: str, cells: tuple[str, str], expected: dict[str, int]
) -> None:
    rows = [f"Ann Lee|ann@example.org|{cells[0]}", f"Bo Lee|bo@example.org|{cells[1]}"]
    table = parse_file("\n".join([headings, *rows]).replace("|", "\t").encode())
    assert guess_columns(table.headings, {}, (), table) == {"name": 0, "email": 1, **expected}


def test_job_titles_and_course_roles_side_by_side_are_told_apart_and_what_was_left_out_stays_so() -> None:
    table = parse_file(b"Name,Email,Course role,Role\nAnn Lee,ann@example.org,manager,Cook\n")
    assert guess_columns(table.headings, {}, (), table) == {"name": 0, "email": 1, "role": 2, "job_role": 3}
    remembered = {"name": "Name", "email": "Email", "role": "Role"}
    assert guess_columns(table.headings, remembered, (), table)["role"] == 3
    assert "job_role" not in guess_columns(table.headings, {"name": "Name", "email": "Email"}, ("Role",), table)


def plan_lines(*rows: tuple[str, str, str]) -> list[ImportLine]:
    columns = {"email": 0, "name": 1, "job_role": 2}
    return list(make_plan(MappedRows(list(enumerate(rows, 2)), columns), (SAM, KIM, TWIN), TeamPaths([]), TODAY).lines)


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        (("new@example.org", "Ann Lee", "Midday supervisor"), "added", "Job role: Midday supervisor."),
        (("new@example.org", "Ann Lee", "Manager"), "added", "Job role: Manager."),
        (("kim@example.org", "Kim Else", "Teacher"), "changed", "Job role: none → Teacher."),
        (("sam@example.org", "Sam Okafor", "Head  cook"), "changed", "Job role: Cook → Head cook."),
        (("sam@example.org", "Sam Okafor", " Cook "), "unchanged", ""),
        (("sam@example.org", "Sam Okafor", ""), "unchanged", ""),
        (("sam@example.org", "Sam Okafor", "N/A"), "unchanged", ""),
        (("twin@example.org", "S. Okafor", "Caretaker"), "unchanged", "merged with that of Sam Okafor"),
        (("sam@example.org", "Sam Okafor", "x" * 101), "refused", "The job role is longer than 100 characters."),
    ],
)
def test_what_a_job_role_in_a_row_does(row: tuple[str, str, str], kind: str, words: str) -> None:
    (line,) = plan_lines(row)
    assert (line.kind, words in " ".join(map(str, line.notes))) == (kind, True), line.notes
    assert not line.row_data.manager


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        (("Teaching assistant", "Midday supervisor"), "Midday supervisor; Teaching assistant"),
        (("Cook", "cook"), "Cook"),
        (("Cook", ""), "Cook"),
        (("a" * 60, "b" * 60), "a" * 60),
    ],
)
def test_two_posts_of_one_person_give_both_job_roles_in_any_order(posts: tuple[str, str], expected: str) -> None:
    rows = [("new@example.org", "Ann Lee", post) for post in posts]
    for order in (rows, rows[::-1]):
        assert [line.row_data.job_role for line in plan_lines(*order) if line.kind == "added"] == [expected]


def test_a_journal_keeps_the_job_role_and_one_of_an_earlier_version_is_read() -> None:
    step = JournalStep(2, "Noor", frozenset({"added"}), RowData(name="Noor Azar", job_role="Cook"), (), ())
    written = dump_journal([step])
    assert load_journal(written) == (step,)
    (values,) = json.loads(zlib.decompress(written))
    assert values[3].pop() == "Cook"
    (earlier,) = load_journal(zlib.compress(json.dumps([values]).encode()))
    assert (earlier.row_data.name, earlier.row_data.job_role) == ("Noor Azar", None)


@pytest.mark.both_engines
def test_a_list_brings_job_roles_and_one_without_the_column_changes_nothing(session: Session) -> None:
    make_organisation(session)
    assert run(session, "Email,Name,Role\nann@example.org,Ann Lee,Site manager\n") == ["added"]
    ann = session.execute(select(Person).where(Person.email == "ann@example.org")).scalar_one()
    assert (ann.job_role, session.execute(select(RoleGrant)).first()) == ("Site manager", None)
    assert run(session, "Email,Name\nann@example.org,Ann Lee\n") == ["unchanged"]
    assert run(session, "Email,Name,Role\nann@example.org,Ann Lee,\n") == ["unchanged"]
    assert run(session, "Email,Name,Role\nann@example.org,Ann Cole,Head of site\n") == ["changed"]
    session.refresh(ann)
    assert (ann.name, ann.job_role) == ("Ann Cole", "Head of site")
    before = session.execute(select(PersonChange).where(PersonChange.person_id == ann.id)).scalar_one()
    assert (before.name, before.job_role) == ("Ann Lee", "Site manager")


@pytest.mark.both_engines
def test_a_job_role_that_somebody_corrects_after_the_preview_is_not_overwritten(session: Session) -> None:
    make_organisation(session)
    assert run(session, "Email,Name,Role\nann@example.org,Ann Lee,Cook\n") == ["added"]
    import_id, plan = look(session, "Email,Name,Role\nann@example.org,Ann Lee,Teacher\n")
    assert actions.begin_apply(make_context(session, None, NOW), import_id, plan.fingerprint)
    table = queries.stored_table(session, import_id)
    assert table is not None
    choices = queries.import_choices(session, import_id, table)
    start(session, import_id, queries.draft_import(session, table, choices, ZONE, NOW))
    ann = session.execute(select(Person).where(Person.email == "ann@example.org")).scalar_one()
    identity = PersonIdentity("Ann Lee", "ann@example.org", job_role="Head cook")
    assert change_identity(make_context(session, None, NOW), ann.id, identity, "a new post") is None
    steps, _ = queries.stored_journal(session, import_id)
    assert actions.apply_portion(Context(session, None, NOW, ZONE), import_id, steps, {}, lambda: False) == 1
    _, skipped = queries.preview_and_skipped(session, import_id)
    assert [line.number for line in skipped] == [2]
    session.refresh(ann)
    assert ann.job_role == "Head cook"
