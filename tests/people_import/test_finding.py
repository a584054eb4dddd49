"""Matching rows with merged entries and with former identifiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.context import make_context
from course.people.actions import correct_identity, merge_people, record_departure, record_return
from course.people.models import Person
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.planning import MappedRows, make_plan
from course.people_import.rules.team_paths import AmbiguousTeamError, TeamPaths
from course.recertification.actions import withdraw_fact
from course.recertification.queries import open_facts
from tests.conftest import NOW
from tests.makers import make_person, make_team
from tests.people_import.lists import do, look
from tests.people_import.test_rules import plan_lines

pytestmark = pytest.mark.both_engines

LEFT, START = date(2026, 3, 1), date(2020, 1, 1)
SAM = KnownPerson(1, "Sam Okafor", "sam@example.org", "S1", teams=frozenset({2}), start=START,
               former=frozenset({"s.okafor@old.example", "shared@example.org"}),
               former_numbers=frozenset({"S0"}))  # fmt: skip
TWIN = KnownPerson(2, "S. Okafor", "twin@example.org", "S2", left=LEFT, start=START, merged=1)
THIRD = KnownPerson(
    3, "Sam O.", "third@example.org", left=LEFT, start=START, merged=2, former=frozenset({"o@example.org"})
)
LEE = KnownPerson(4, "Kim Lee", "kim@example.org", start=START, former=frozenset({"shared@example.org"}))
GONE = KnownPerson(5, "Ana Gone", "gone@example.org", left=LEFT, start=START)
KNOWN = (SAM, TWIN, THIRD, LEE, GONE)


@pytest.mark.parametrize(
    ("row", "kind", "words"),
    [
        # Another entry of theirs: what the list calls them stays as somebody decided.
        ("email=twin@example.org; name=S. Okafor; staff_number=S2", "unchanged", "merged with that of Sam Okafor"),
        ("email=third@example.org; name=Sam O.", "unchanged", "merged with that of Sam Okafor (sam@example.org)"),
        ("email=twin@example.org; name=Sam Okafor; staff_number=S1", "unchanged", "merged with"),
        ("email=twin@example.org; team=Kitchen", "changed", "Kitchen"),
        # Nobody has left because another entry of theirs was closed.
        ("email=twin@example.org; leaving=01/09/2026", "unchanged", "if they have left, record it on their page"),
        # An earlier address, unless somebody else may have it now.
        ("email=s.okafor@old.example; name=Sam Okafor", "unchanged", "an earlier address of Sam Okafor"),
        ("email=o@example.org; name=Sam Okafor", "unchanged", "an earlier address of Sam Okafor"),
        ("email=s.okafor@old.example; name=Sara Okafor", "added", ""),
        ("email=s.okafor@old.example; name=Sam Okafor; staff_number=S9", "asked", "is already here"),
        ("email=shared@example.org; name=Sam Okafor", "asked", "This may be Sam Okafor (sam@example.org)"),
        ("email=kim@example.org; staff_number=S2", "refused", "The staff number belongs to Sam Okafor"),
        # What says that it is somebody else is not overruled by an entry that is not there any more.
        ("email=twin@example.org; name=Nora New; staff_number=S9; leaving=01/09/2026", "refused", "staff number S1"),
        (
            "email=new@example.org; name=Zed Other; staff_number=S2; leaving=01/09/2026",
            "refused",
            "But the name is different",
        ),
        ("email=twin@example.org; name=Nora New", "refused", "But the name is different"),
        # A number or an address that they had before changes nothing back.
        ("email=s.okafor@old.example; name=Sam Okafor; staff_number=S1", "unchanged", "an earlier address"),
        ("email=sam@example.org; name=Sam Okafor; staff_number=S0", "unchanged", "S0 is an earlier staff number"),
        ("email=new@example.org; name=Sam Okafor; staff_number=S0", "unchanged", "whose address stays sam@example.org"),
        ("email=s.okafor@old.example; name=Sam Okafor; staff_number=S0", "unchanged", "S0 is an earlier staff number"),
        # Where somebody had it by mistake, it is its owner's.
        ("email=new@example.org; name=Nora New; staff_number=S0", "added", ""),
        ("email=new@example.org; name=Nora New; staff_number=S0; leaving=01/09/2026", "unchanged", "so is not added"),
        ("email=kim@example.org; name=Kim Lee; staff_number=S0", "changed", "Staff number: none → S0"),
        ("email=kim@example.org; staff_number=S0", "refused", "was that of Sam Okafor (sam@example.org), but"),
        # Somebody new has the address of somebody who has left.
        (
            "email=gone@example.org; name=Nora New; staff_number=S7; start=01/09/2026",
            "refused",
            "who has left. The name",
        ),
        ("email=gone@example.org; name=Ana Gone; staff_number=S7; start=01/09/2026", "back", "Staff number: none → S7"),
    ],
)
def test_a_row_is_about_whoever_the_entry_counts_for(row: str, kind: str, words: str) -> None:
    (line,) = plan_lines(row, known=KNOWN)
    assert (line.kind, words in " ".join(line.notes)) == (kind, True), line.notes
    assert line.person is None or line.person.merged is None


@pytest.mark.parametrize("first", [0, 1])
def test_two_entries_of_one_person_in_a_list_do_what_the_right_one_says(first: int) -> None:
    rows = [
        "email=sam@example.org; name=Sam Okafor; team=Kitchen",
        "email=twin@example.org; name=S. Okafor; team=South",
    ]
    lines = plan_lines(rows[first], rows[1 - first], known=KNOWN)
    assert {(line.kind, line.number == lines[0].number) for line in lines} == (
        {("changed", True), ("unchanged", False)} if first == 0 else {("unchanged", True), ("changed", False)}
    )
    (other,) = [line for line in lines if line.kind == "unchanged"]
    assert "is about them, so this one changes nothing" in other.notes[1]


def test_two_old_entries_of_one_person_count_once() -> None:
    lines = plan_lines("email=twin@example.org; team=Kitchen", "email=third@example.org; team=South", known=KNOWN)
    assert sorted(line.kind for line in lines) == ["changed", "unchanged"]


def test_a_nightly_list_of_before_a_merger_does_nothing_more(session: Session) -> None:
    """The organisation merges two entries and corrects an address; its list is still the one from before."""
    team = make_team(session, "Kitchen")
    first, second = (make_person(session, "Sam Okafor", f"{name}@example.org", team=team) for name in ("sam", "twin"))
    lee = make_person(session, "Kim Lee", "kim@example.org", team=team)
    assert merge_people(make_context(session, None, NOW), second.id, first.id, True, "stood here twice") is None
    assert (
        correct_identity(
            make_context(session, None, NOW), lee.id, "Kim Lee", "kim.lee@example.org", None, "new mail system"
        )
        is None
    )
    session.commit()
    people = select(Person.id, Person.name, Person.email, Person.left_at).order_by(Person.id)
    before = session.execute(people).all()
    _, plan = look(
        session,
        "Email,Name,Team\nsam@example.org,Sam Okafor,Kitchen\ntwin@example.org,Sam Okafor,Kitchen\n"
        "kim@example.org,Kim Lee,Kitchen\n",
    )
    assert [line.kind for line in plan.lines] == ["unchanged"] * 3
    assert plan.missing == ()
    import_id, plan = look(session, "Email,Name,Team\nsam@example.org,Sam Okafor,\nkim@example.org,Kim Lee,Office\n")
    assert [line.kind for line in plan.lines] == ["unchanged", "changed"]
    do(session, import_id, plan)
    assert session.execute(people).all() == before


def test_an_entry_that_is_here_again_is_nobody_elses() -> None:
    back = replace(TWIN, left=None)
    lines = plan_lines("email=twin@example.org; leaving=01/09/2026", known=(SAM, back))
    assert [(line.kind, line.person and line.person.id) for line in lines] == [("left", 2)]
    circle = (replace(SAM, left=LEFT, merged=2), replace(TWIN, merged=1))
    assert [line.kind for line in plan_lines("email=twin@example.org", "email=sam@example.org", known=circle)]


def test_a_list_with_numbers_brings_nothing_back_on_any_night(session: Session) -> None:
    team = make_team(session, "Kitchen")
    first, second = (make_person(session, name, f"{mail}@example.org", team=team)
                     for name, mail in (("Sam Okafor", "sam"), ("S. Okafor", "twin")))  # fmt: skip
    lee = make_person(session, "Kim Lee", "kim@example.org", team=team)
    first.staff_number, second.staff_number, lee.staff_number = "S1", "S2", "N1"
    session.commit()
    assert merge_people(make_context(session, None, NOW), second.id, first.id, True, "stood here twice") is None
    assert (
        correct_identity(
            make_context(session, None, NOW), lee.id, "Kim Lee", "kim.lee@example.org", "N1", "new mail system"
        )
        is None
    )
    session.commit()
    people = select(Person.id, Person.name, Person.email, Person.staff_number, Person.left_at).order_by(Person.id)
    before = session.execute(people).all()
    for _night in range(3):
        import_id, plan = look(
            session,
            "Email,Name,Employee ID,Team\nsam@example.org,Sam Okafor,S1,Kitchen\ntwin@example.org,S. Okafor,S2,Kitchen\n"
            "kim@example.org,Kim Lee,N1,Kitchen\n",
        )
        assert [line.kind for line in plan.lines] == ["unchanged"] * 3, plan.lines
        do(session, import_id, plan)
        assert session.execute(people).all() == before


def test_a_certificate_that_was_cancelled_stays_cancelled_whichever_entry_the_list_names(session: Session) -> None:
    """The list names an entry that was merged since. What was cancelled, before the merge or after it, is not recorded again."""
    people = make_person(session), make_person(session, "S. Okafor", "twin@example.org")
    ids = [one.id for one in people]
    listed = "Email,Name,Certificate date\ntwin@example.org,S. Okafor,{}\n"
    days = ("01/10/2026", "01/09/2026")
    for day in days:
        import_id, plan = look(session, listed.format(day))
        do(session, import_id, plan)
    context = make_context(session, None, NOW)
    for person, merge in ((ids[1], True), (ids[0], False)):
        facts = sorted(open_facts(session, person)["certificate"])
        withdraw_fact(context, person, "certificate", facts[0], "not theirs")
        if merge:
            assert merge_people(context, ids[1], ids[0], False, "stood here twice") is None
    session.commit()
    assert not open_facts(session, ids[0])["certificate"]
    for day in days:
        import_id, plan = look(session, listed.format(day))
        do(session, import_id, plan)
    assert [line.kind for line in plan.lines] == ["unchanged"]
    assert not open_facts(session, ids[0])["certificate"]


def test_an_entry_that_was_merged_does_not_come_back(session: Session) -> None:
    first, second = make_person(session), make_person(session, "S. Okafor", "twin@example.org")
    assert merge_people(make_context(session, None, NOW), second.id, first.id, False, "stood here twice") is None
    refused = record_return(make_context(session, None, NOW), second.id, (NOW + timedelta(days=2)).date(), None, "x")
    assert refused is not None
    assert "was merged into that of Sam Okafor" in refused.message


def test_a_first_day_that_is_years_away_is_refused(session: Session) -> None:
    person = make_person(session)
    assert record_departure(make_context(session, None, NOW), person.id, NOW.date(), "moved") is None
    refused = record_return(make_context(session, None, NOW), person.id, date(9999, 12, 31), None, "x")
    assert refused is not None
    assert "within the next 12 months" in refused.message


def test_a_preview_of_one_person_is_not_applied_to_another() -> None:
    rows = [(2, ["sam@example.org"])]
    marks = {
        make_plan(
            MappedRows(rows, {"email": 0}),
            (replace(LEE, email="sam@example.org", id=number),),
            TeamPaths([]),
            date(2026, 11, 22),
        ).fingerprint
        for number in (4, 5)
    }
    assert len(marks) == 2


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        ("; staff_number=S2", ["refused", "refused"]),
        ("; staff_number=S1", ["changed", "unchanged"]),
        ("", ["changed", "unchanged"]),
    ],
)
def test_two_numbers_for_whoever_had_an_address_are_two_people(second: str, kinds: list[str]) -> None:
    one = replace(SAM, staff_number=None, former_numbers=frozenset())
    lines = plan_lines(
        "email=s.okafor@old.example; name=Sam Okafor; staff_number=S1",
        f"email=shared@example.org; name=Sam Okafor{second}",
        known=(one,),
    )
    assert [line.kind for line in lines] == kinds


def test_an_address_that_two_people_had_changes_neither_back() -> None:
    ann = replace(SAM, former=frozenset({"office@example.org"}), former_numbers=frozenset({"S8"}), staff_number=None)
    bo = replace(LEE, former=frozenset({"office@example.org"}), former_numbers=frozenset({"S8"}), staff_number="S5")
    lines = plan_lines("email=office@example.org; name=Kim Lee; staff_number=S5", known=(ann, bo))
    assert [(line.kind, line.person and line.person.id) for line in lines] == [("unchanged", 4)]
    lines = plan_lines("email=sam@example.org; name=Sam Okafor; staff_number=S8", known=(ann, bo))
    assert [(line.kind, "who has none now" in line.notes[0]) for line in lines] == [("unchanged", True)]


def test_another_entry_says_nothing_where_the_row_of_the_person_is_refused() -> None:
    rows = (
        "email=sam@example.org; staff_number=S1; start=32/01/2026",
        "email=s.okafor@old.example; name=Sam Okafor; leaving=01/09/2026",
    )
    lines = plan_lines(*rows, known=KNOWN)
    assert [line.kind for line in lines] == ["refused", "unchanged"]
    assert "Line 2 is about them and is refused" in lines[1].notes[1]


def test_a_new_team_that_is_named_in_two_ways_is_one() -> None:
    team_paths = TeamPaths([(1, "Top", None), (2, "Piano", 1)])
    rows = [(2, ["a@example.org", "A B", "Piano > Quartet"]), (3, ["b@example.org", "B C", "top > piano > QUARTET"])]
    plan = make_plan(MappedRows(rows, {"email": 0, "name": 1, "team": 2}), (), team_paths, date(2026, 11, 22))
    assert plan.new_teams == (("Top", "Piano", "Quartet"),)


@pytest.mark.parametrize(
    ("typed", "team"),
    [
        ("St Mary's", "St Mary’s"), ("ST MARY`S", "St Mary’s"), ("St Mary´s > Pre–school", "St Mary’s > Pre-school"),
        ("Pre‑school", "St Mary’s > Pre-school"), ("Joe's", "Joe's"), ("Joe’s", "Joe’s"),
    ],
)  # fmt: skip
def test_another_kind_of_apostrophe_or_hyphen_opens_no_second_team(typed: str, team: str) -> None:
    known = [(1, "St Mary’s", None), (2, "Pre-school", 1), (3, "Joe's", None), (4, "Joe’s", None)]
    team_paths = TeamPaths(known)
    assert team_paths.words(team_paths.find(tuple(typed.split(" > ")))) == team
    assert team_paths.new == []
    with pytest.raises(AmbiguousTeamError):
        team_paths.find(("Joe`s",))
    rows = [(2, ["a@example.org", "A B", "Kid's"]), (3, ["b@example.org", "B C", "kid’s"])]
    plan = make_plan(MappedRows(rows, {"email": 0, "name": 1, "team": 2}), (), team_paths, date(2026, 11, 22))
    assert len(plan.new_teams) == 1


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("Cafe and kitchen", "asked"), ("Café + Kitchen", "asked"), ("Pre school", "asked"), ("Preschool.", "asked"),
        ("Cafe & Kitchen > Preschool", "asked"), ("North", "added"), ("School", "added"), ("Kitchen", "added"),
        ("CAFÉ & KITCHEN", "added"), ("Pre-school 2", "added"),
    ],
)  # fmt: skip
def test_a_new_team_with_nearly_the_name_of_another_is_asked_about(typed: str, kind: str) -> None:
    team_paths = TeamPaths([(1, "Café & Kitchen", None), (2, "Pre-school", 1)])
    rows = [(2, ["a@example.org", "Ann Lee", typed])]
    columns, today = {"email": 0, "name": 1, "team": 2}, date(2026, 11, 22)
    (line,) = make_plan(MappedRows(rows, columns), (), team_paths, today).lines
    assert (line.kind, line.question.kind if line.question else "") == (kind, "team" if kind == "asked" else "")
    made = make_plan(MappedRows(rows, columns), (), team_paths, today, {"2:team:": "right"})
    assert (made.lines[0].kind, len(made.new_teams) > 0) == ("added", typed != "CAFÉ & KITCHEN")
