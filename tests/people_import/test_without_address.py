"""Rows of people without an e-mail address: matching, previews, and a later list that brings the address."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import Context, make_context
from course.mail.models import OutboxMail
from course.people.actions import add_identity, merge_people
from course.people.models import Person, PersonChange
from course.people.rules import PersonIdentity
from course.people_import import actions, queries
from course.people_import.rules.journal import JournalStep, dump_journal, load_journal
from course.people_import.rules.matching import KnownPerson, RowData
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths
from tests.conftest import NOW
from tests.makers import make_organisation, make_person
from tests.people_import.lists import ZONE, look, run, start

TODAY = date(2026, 11, 22)
COOK = KnownPerson(1, "Dana Bell", "", "K-17", start=date(2020, 1, 1), sign_in_name="K-17")
CARER = KnownPerson(2, "Noor Azar", "", start=date(2020, 1, 1), sign_in_name="noor.azar")
SAM = KnownPerson(3, "Sam Okafor", "sam@example.org", "S1", start=date(2020, 1, 1))
COLUMNS = ("email", "name", "staff_number", "sign_in_name")


def plan_lines(*rows: tuple[str, str, str, str]) -> list[ImportLine]:
    table = MappedRows(list(enumerate(rows, 2)), {name: place for place, name in enumerate(COLUMNS)})
    return list(make_plan(table, (COOK, CARER, SAM), TeamPaths([]), TODAY).lines)


ROWS = [
    (("", "Robin Ray", "K-18", ""), "added", "signs in as K-18, with a one-time code"),
    (("", "Robin Ray", "K-18", "robin"), "added", "signs in as robin, with a one-time code"),
    (("", "Robin Ray", "", "robin"), "added", "signs in as robin"),
    (("", "Robin Ray", "", ""), "refused", "Without one, a row needs a staff number or a sign-in name."),
    (("", "Robin Ray", "K#17", ""), "refused", "cannot be a sign-in name"),
    (("", "Robin Ray", "", "robin@home"), "refused", "cannot be a sign-in name"),
    (("", "Robin Ray", "K-18", "NOOR.AZAR"), "refused", "The sign-in name is that of Noor Azar"),
    (("", "Dana Bell", "K-17", ""), "unchanged", ""),
    (("", "Dana Bell-Ray", "K-17", ""), "asked", "and the row has no address. Is it the same person?"),
    (("", "Kim Else", "K-17", ""), "refused", "the name in this row is not theirs"),
    (("dana@example.org", "Dana Bell", "K-17", ""), "changed", "Address: none → dana@example.org."),
    (("", "Noor Azar", "", "noor.azar"), "unchanged", ""),
    (("noor@example.org", "Noor Azar", "", "Noor.Azar"), "changed", "Address: none → noor@example.org."),
    (("", "Noor Azar", "N-1", "noor.azar"), "changed", "Staff number: none → N-1."),
    (("", "Noor Azar", "N-1", ""), "asked", "This may be Noor Azar (noor.azar)."),
    (("", "Sam Okafor", "S1", ""), "unchanged", ""),
]


@pytest.mark.parametrize(("row", "kind", "words"), ROWS)
def test_what_a_row_without_an_address_does(row: tuple[str, str, str, str], kind: str, words: str) -> None:
    (line,) = plan_lines(row)
    assert (line.kind, words in " ".join(map(str, line.notes))) == (kind, True), line.notes


def test_two_posts_of_one_person_are_one_person_also_if_one_row_lacks_the_address() -> None:
    lines = plan_lines(("robin@example.org", "Robin Ray", "K-18", ""), ("", "Robin Ray", "K-18", ""))
    assert [(line.kind, line.row_data.email) for line in lines] == [("added", "robin@example.org"), ("joined", "")]


@pytest.mark.parametrize(
    "other",
    [("", "Kim Else", "", "k 18"), ("kim@example.org", "Kim Else", "", "K-18"), ("", "Kim Else", "K-18", "")],
)
def test_two_people_of_one_list_do_not_get_one_sign_in_name(other: tuple[str, str, str, str]) -> None:
    first = ("", "Robin Ray", "K18" if other[3] == "k 18" else "K-18", "")
    for rows in ((first, other), (other, first)):
        assert [line.kind for line in plan_lines(*rows)] == ["refused", "refused"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [ROWS[1][0], ROWS[10][0], ROWS[15][0], ("", "New One", "Z-1", "")]
    there = {(line.who, line.kind, line.notes) for line in plan_lines(*rows)}
    assert there == {(line.who, line.kind, line.notes) for line in plan_lines(*reversed(rows))}


def test_a_journal_keeps_the_sign_in_name_and_one_of_an_earlier_version_is_read() -> None:
    step = JournalStep(2, "Noor", frozenset({"added"}), RowData(name="Noor Azar", sign_in_name="noor"), (), ())
    assert load_journal(dump_journal([step])) == (step,)


LIST = "Email,Name,Employee ID\n{}\n"


@pytest.mark.both_engines
def test_a_list_adds_people_without_an_address_and_a_later_one_brings_it(session: Session) -> None:
    make_organisation(session)
    rows = ",Dana Bell,K-17\nann@example.org,Ann Lee,N1"
    assert run(session, LIST.format(rows), invites=True) == ["added", "added"]
    cook = session.execute(select(Person).where(Person.staff_number == "K-17")).scalar_one()
    assert (cook.email, cook.sign_in_name, cook.sign_in_key, cook.invited_at) == (None, "K-17", "k-17", None)
    assert [mail.recipient for mail in session.execute(select(OutboxMail)).scalars()] == ["ann@example.org"]
    assert run(session, LIST.format(rows)) == ["unchanged", "unchanged"]
    assert run(session, LIST.format("dana@example.org,Dana Bell,K-17")) == ["changed"]
    session.refresh(cook)
    assert (cook.email, cook.sign_in_name) == ("dana@example.org", "K-17")
    before = session.execute(select(PersonChange).where(PersonChange.person_id == cook.id)).scalar_one()
    assert (before.email, before.sign_in_name) == (None, "K-17")
    assert run(session, LIST.format(rows)) == ["unchanged", "unchanged"], "a list without the address takes none away"
    session.refresh(cook)
    assert cook.email == "dana@example.org"


def test_a_name_that_somebody_takes_while_the_list_is_written_leaves_the_row_out(session: Session) -> None:
    make_organisation(session)
    import_id, plan = look(session, LIST.format(",Dana Bell,K-17\n,Robin Ray,K-18"))
    assert actions.begin_apply(make_context(session, None, NOW), import_id, plan.fingerprint)
    table = queries.stored_table(session, import_id)
    assert table is not None
    choices = queries.import_choices(session, import_id, table)
    start(session, import_id, queries.draft_import(session, table, choices, ZONE, NOW))
    identity = PersonIdentity("Kim Else", "kim@example.org", sign_in_name="k-17")
    assert isinstance(add_identity(make_context(session, None, NOW), identity, None, "learner"), Person)
    steps, _ = queries.stored_journal(session, import_id)
    assert actions.apply_portion(Context(session, None, NOW, ZONE), import_id, steps, {}, lambda: False) == 2
    _, skipped = queries.preview_and_skipped(session, import_id)
    assert [line.number for line in skipped] == [2]
    assert set(session.execute(select(Person.name).where(Person.email.is_(None))).scalars()) == {"Robin Ray"}


def test_merging_keeps_the_way_to_sign_in(session: Session) -> None:
    make_organisation(session)
    context = make_context(session, None, NOW)
    cook = add_identity(context, PersonIdentity("Dana Bell", staff_number="K-17"), None, "learner")
    assert isinstance(cook, Person)
    mailed = make_person(session, "Dana Bell", "dana@example.org", password=None)
    assert merge_people(context, cook.id, mailed.id, take_address=False, reason="one person") is None
    session.commit()
    session.refresh(mailed)
    session.refresh(cook)
    assert (mailed.email, mailed.staff_number, mailed.sign_in_name) == ("dana@example.org", "K-17", "K-17")
    assert (cook.staff_number, cook.sign_in_name, cook.left_at is None) == (None, None, False)


def test_merging_into_somebody_without_an_address_can_bring_it(session: Session) -> None:
    make_organisation(session)
    context = make_context(session, None, NOW)
    cook = add_identity(context, PersonIdentity("Dana Bell", staff_number="K-17"), None, "learner")
    assert isinstance(cook, Person)
    mailed = make_person(session, "Dana Bell", "dana@example.org", password=None)
    assert merge_people(context, mailed.id, cook.id, take_address=True, reason="one person") is None
    session.commit()
    session.refresh(cook)
    assert (cook.email, cook.sign_in_name) == ("dana@example.org", "K-17")
