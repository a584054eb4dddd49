"""No list turns one person into another, whatever stands in it and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.name_matching import name_words
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.questions import ACCEPT, OTHER, QUESTIONS, SAME
from course.people_import.rules.team_paths import TeamPaths

TODAY = date(2026, 11, 28)
COLUMNS = {"email": 0, "name": 1, "staff_number": 2, "team": 3, "start": 4, "leaving": 5, "completed": 6}
TEAMS = [(1, "Kitchen", None), (2, "Nursery", None)]
FORENAMES, SURNAMES = ("Ana", "Bo", "Zoë", "Jane"), ("Silva", "Lee", "Smith")
NUMBERS = (None, "AGENCY", "00417", "417", "417.0", "N/A", "0", "PX-1", "B2", "999999")
ADDRESSES = tuple(f"{name}@example.org" for name in ("ana", "bo", "zoe", "jane", "office", "old", "a", "b", "c", "d"))
names = st.builds(lambda first, last: f"{first} {last}", st.sampled_from(FORENAMES), st.sampled_from(SURNAMES))
addresses, days = st.sampled_from(ADDRESSES), st.dates(date(2019, 1, 1), date(2026, 12, 31))


@st.composite
def directories(draw: st.DrawFn) -> list[KnownPerson]:
    """Some people, no two with one address or number, a few of whom have left, or were called something else before."""
    emails = draw(st.lists(addresses, unique=True, max_size=4))
    numbers = draw(st.permutations(["AGENCY", "00417", "417", "PX-1"]))
    people = []
    for place, email in enumerate(emails):
        left = draw(st.none() | st.just(date(2026, 3, 1)))
        number = numbers[place] if draw(st.booleans()) else None
        former = draw(st.frozensets(st.sampled_from(("old@example.org", "older@example.org")), max_size=1))
        teams = frozenset() if left else draw(st.frozensets(st.sampled_from((1, 2))))
        began = date(2018, 1, 1)
        one = KnownPerson(place + 1, draw(names), email, number, left, teams, start=began, former=former - {email})
        people.append(one)
    return people


def row(draw: st.DrawFn, known: Sequence[KnownPerson]) -> list[str]:
    """A row about somebody who is there, damaged or not, or about anybody."""
    place = draw(st.integers(-1, len(known) - 1))
    about = known[place] if place >= 0 else None
    email = about.email if about and draw(st.integers(0, 3)) else draw(addresses)
    name = about.name if about and draw(st.integers(0, 3)) else draw(names | st.just(""))
    number = about.staff_number if about and draw(st.integers(0, 3)) else draw(st.none() | st.sampled_from(NUMBERS))
    if number and draw(st.integers(0, 3)) == 0:
        number = number.lstrip("0") or number
    day = draw(st.sampled_from(["", "", "", "TBC", "01/09/2026", "01/09/2026", "32/01/2026"]))
    leaving = draw(st.sampled_from(["", "", "", "01/10/2026"]))
    done = draw(st.sampled_from(["", "", "01/05/2024", "01/05/2025", "01/05/2026"]))
    return [email, name, number or "", draw(st.sampled_from(["", "Kitchen", "Nursery", "Café"])), day, leaving, done]


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[KnownPerson], list[list[str]]]:
    known = draw(directories())
    return known, [row(draw, known) for _ in range(draw(st.integers(1, 4)))]


def make_test_plan(
    known: Sequence[KnownPerson], cells: Sequence[Sequence[str]], decisions: dict[str, str] | None = None
) -> ImportPlan:
    return make_plan(MappedRows(list(enumerate(cells, 2)), COLUMNS), known, TeamPaths(TEAMS), TODAY, decisions)


def identifies(person: KnownPerson, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows with one address speak for a person: two things of three do, their address, their number, a word of
    their name; where no name is given, the address, or a number that can be one. Written from what must be true, not
    from the code."""
    email = rows[0][0]
    address = email == person.email or email in person.former
    number = any(row[2] and row[2] == person.staff_number for row in rows)
    summary = [row[1] for row in rows if row[1]]
    named = any(name_words(name) & name_words(person.name) for name in summary)
    if not summary:
        return address or (number and any(sign.isdigit() for sign in person.staff_number or ""))
    return address + number + named >= 2


@given(lists())
@settings(max_examples=120)
def test_no_list_takes_one_person_for_another(drawn: tuple[list[KnownPerson], list[list[str]]]) -> None:
    known, cells = drawn
    plan = make_test_plan(known, cells)
    touched = [line.person.id for line in plan.lines if line.person is not None and line.changes]
    assert len(touched) == len(set(touched))
    for line in plan.lines:
        summary = cells[line.number - 2]
        if line.person is not None and line.changes:
            assert identifies(line.person, [row for row in cells if row[0] == summary[0]]), (line, summary)
        if line.kind == "added":
            assert line.row_data.email not in {one.email for one in known}
            assert line.row_data.staff_number not in {one.staff_number for one in known if one.staff_number}
            assert line.row_data.staff_number not in ("N/A", "0")
        assert (line.kind == "asked") == (line.question is not None)
        assert not (line.kind in ("asked", "refused", "joined", "unchanged") and line.changes)
    added = [line for line in plan.lines if line.kind == "added"]
    assert len({line.row_data.email for line in added}) == len(added)
    numbers = [line.row_data.staff_number for line in added if line.row_data.staff_number]
    assert len(set(numbers)) == len(numbers)


def outcome(plan: ImportPlan, cells: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """What becomes of the rows, without their lines."""
    found: dict[str, set[str]] = {}
    for line in plan.lines:
        if line.kind == "joined":
            continue
        about = line.person.id if line.person else None
        question = line.question.kind if line.question else ""
        row_data = replace(line.row_data, remarks=()) if line.changes else None
        summary = repr((line.kind, about, question, sorted(line.changes), row_data))
        found.setdefault(cells[line.number - 2][0], set()).add(summary)
    return found


@given(lists(), st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_order_of_the_rows_changes_nothing(
    drawn: tuple[list[KnownPerson], list[list[str]]], random: Random
) -> None:
    known, cells = drawn
    other = list(cells)
    random.shuffle(other)
    first, second = make_test_plan(known, cells), make_test_plan(known, other)
    assert first.new_teams == second.new_teams
    assert outcome(first, cells) == outcome(second, other)


def people_after(known: Sequence[KnownPerson], plan: ImportPlan) -> list[KnownPerson]:
    """The people once a plan is carried out."""
    people = {one.id: one for one in known}
    teams = {name: number for number, name, _ in TEAMS} | {"Café": 3}
    for line in plan.lines:
        row_data, person = line.row_data, line.person
        there = frozenset(teams[path[-1]] for path in row_data.teams)
        certificates = frozenset(one.day for one in row_data.certificates)
        if line.kind == "added":
            number = max(people, default=0) + 1
            people[number] = KnownPerson(number, row_data.name or "", row_data.email, row_data.staff_number, None, there,
                                      certificates=certificates, start=row_data.start or TODAY)  # fmt: skip
        elif person is not None and line.changes:
            current = people[person.id]
            if "back" in line.changes:
                current = replace(current, left=None, teams=frozenset(), start=row_data.start or current.start)
            if "correct" in line.changes:
                former = current.former | ({current.email} - {row_data.email})
                current = replace(current, name=row_data.name or current.name, email=row_data.email, former=former,
                              staff_number=row_data.staff_number or current.staff_number)  # fmt: skip
            if "team" in line.changes:
                current = replace(current, teams=there)
            current = replace(current, certificates=current.certificates | certificates)
            if "left" in line.changes:
                current = replace(current, left=row_data.leaving, teams=frozenset())
            people[person.id] = current
    return list(people.values())


@given(lists())
@settings(max_examples=80)
def test_the_same_list_again_does_nothing_more_and_nobody_is_lost(
    drawn: tuple[list[KnownPerson], list[list[str]]],
) -> None:
    known, cells = drawn
    first = make_test_plan(known, cells)
    people = people_after(known, first)
    for before in known:
        (current,) = [one for one in people if one.id == before.id]
        assert before.certificates <= current.certificates
        assert name_words(before.name) & name_words(current.name)
    again = make_plan(
        MappedRows(list(enumerate(cells, 2)), COLUMNS), people, TeamPaths([*TEAMS, (3, "Café", None)]), TODAY
    )
    open_ones = {line.number for line in first.lines if line.kind in ("asked", "refused")}
    assert [line for line in again.lines if line.changes and line.number not in open_ones] == []


@given(lists(), st.sampled_from([SAME, OTHER]))
@settings(max_examples=50)
def test_every_question_can_be_decided(drawn: tuple[list[KnownPerson], list[list[str]]], who: str) -> None:
    known, cells = drawn
    decisions: dict[str, str] = {}
    for _ in range(12):
        plan = make_test_plan(known, cells, decisions)
        asked = [line for line in plan.lines if line.question is not None]
        if not asked:
            break
        for line in asked:
            assert line.question is not None
            answers = QUESTIONS[line.question.kind].answers
            assert line.key not in decisions
            decisions[line.key] = who if who in answers else ACCEPT
    assert not asked
    emails = [one.email for one in people_after(known, plan)]
    assert len(set(emails)) == len(emails)


def test_a_history_of_training_is_taken_as_a_whole_in_any_order() -> None:
    history = [["ann@example.org", "Ann Lee", "N1", "", "", "", f"0{day}/05/2024"] for day in (3, 1, 2)]
    for cells in (history, history[::-1]):
        plan = make_test_plan((), cells)
        assert sorted(line.kind for line in plan.lines) == ["added", "joined", "joined"]
        (added,) = [line for line in plan.lines if line.kind == "added"]
        assert [one.day.day for one in added.row_data.certificates] == [1, 2, 3]


def test_a_post_that_has_ended_ends_nothing_where_another_goes_on() -> None:
    sam = KnownPerson(1, "Sam Okafor", "sam@example.org", teams=frozenset({1, 2}), start=TODAY - timedelta(days=900))
    rows = [["sam@example.org", "Sam Okafor", "", "Kitchen", "", "01/10/2026", ""],
            ["sam@example.org", "Sam Okafor", "", "Nursery", "", "", ""]]  # fmt: skip
    for cells in (rows, rows[::-1]):
        assert "left" not in {line.kind for line in make_test_plan([sam], cells).lines}
    rows[1][5] = "02/10/2026"
    (line, _) = make_test_plan([sam], rows).lines
    assert (line.kind, line.row_data.leaving) == ("left", date(2026, 10, 2))
    # Where the row of the other post cannot be read, nobody leaves.
    rows[1][5] = "soon"
    assert [line.kind for line in make_test_plan([sam], rows).lines] == ["refused", "refused"]
