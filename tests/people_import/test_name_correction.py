"""Names in capitals, without capitals, or with the last name first: what is offered, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.people.models import Person
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.name_correction import corrected_name
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths
from tests.makers import make_person
from tests.pages import Client, Page
from tests.people_import.test_lists import administrator, upload

TODAY = date(2026, 11, 28)
CORRECT_ALL, KEEP_ALL = {"0:spelling:": "correct"}, {"0:spelling:": "right"}


@pytest.mark.parametrize(
    ("written", "corrected"),
    [
        ("MARSH, Zebulon", "Zebulon Marsh"), ("Marsh, Zebulon James", "Zebulon James Marsh"),
        ("MARSH,Zebulon", "Zebulon Marsh"), ("marsh, zebulon", "Zebulon Marsh"), ("ZEBULON MARSH", "Zebulon Marsh"),
        ("zebulon marsh", "Zebulon Marsh"), ("Zebulon MARSH", "Zebulon Marsh"), ("NG, Li", "Li Ng"), ("LI NG", "Li Ng"),
        ("o'BRIEN-SMITH, SIÂN", "Siân O'Brien-Smith"), ("D’ARCY, ANN", "Ann D’Arcy"), ("sa'ad khan", "Sa'ad Khan"),
        ("IÑAKI NÚÑEZ", "Iñaki Núñez"), ("GROß, JÜRGEN", "Jürgen Groß"),
        ("GARCÍA LÓPEZ, ANA", "Ana García López"), ("JEAN-PIERRE ROY", "Jean-Pierre Roy"), ("Mary ST JOHN", "Mary St John"),
        # Mc has a capital after it; Mac only where the list shows one.
        ("MCDONALD, Ann", "Ann McDonald"), ("ann mcdonald", "Ann McDonald"), ("Ann McDONALD", "Ann McDonald"),
        ("MACDONALD, Ann", "Ann Macdonald"), ("MACEY, Ann", "Ann Macey"), ("MacDONALD, Ann", "Ann MacDonald"),
        # Particles.
        ("van der BERG, Jan", "Jan van der Berg"), ("VAN DER BERG, JAN", "Jan van der Berg"),
        ("JAN VAN DER BERG", "Jan van der Berg"), ("Berg, Jan van der", "Jan van der Berg"),
        ("Ann DE LA CRUZ", "Ann de la Cruz"), ("DI RAY", "Di Ray"), ("ANN Lee-HILL", "Ann Lee-Hill"),
        # Initials and numbers.
        ("DJ BROWN", "DJ Brown"), ("BROWN, DJ", "DJ Brown"), ("J. R. SMITH", "J. R. Smith"), ("MARSH, Z", "Z Marsh"),
        ("HENRY MARSH III", "Henry Marsh III"), ("DR ANN LEE", "Dr Ann Lee"),
        ("TOMOS AP GWILYM", "Tomos ap Gwilym"), ("NIA FERCH RHYS", "Nia ferch Rhys"),
        # A title would be the first name in the greeting.
        ("Ms Nell Ash", "Nell Ash"), ("Mr. Bo Fox", "Bo Fox"), ("MRS NELL ASH", "Nell Ash"), ("Ash, Mrs Nell", "Nell Ash"),
        ("Ash, Nell (Miss)", "Nell Ash"), ("ASH, Nell Mrs", "Nell Ash"), ("Nell Ash (Mx)", "Nell Ash"),
        ("Nell Ash, Mrs", "Nell Ash"), ("NELL ASH, Mr.", "Nell Ash"),
    ],
)  # fmt: skip
def test_a_name_is_offered_as_it_is_probably_meant(written: str, corrected: str) -> None:
    assert corrected_name(written) == corrected
    assert corrected_name(corrected) is None


@pytest.mark.parametrize(
    "name",
    [
        "Zebulon Marsh", "Smith, Jr, John", "Smith, Jr", "Smith, John, Mr", "Marsh,", ", Zebulon", "-, Ann", "LEE, '",
        "MARSH - LEE, ANN", "Ann Lee, Manager", "Ann Lee, Deputy Manager", "Lee, Ann Jr.", "MARSH", "marsh", "Madonna",
        "DJ Brown", "Ann NG", "MARSH Zebulon", "LEE Ann", "J K", "Ann Lee MBE", "LEE, Ann MBE", "LEE, Ann (on leave)", "LEE, Ann 2",
        "王, 小明", "ИВАН ПЕТРОВ", "Петров, Иван", "JosÃ© NÃºÃ±ez", "Ann McDonald", "Ann MacDonald", "Siân O'Brien", "",
        "Mr Fox", "Miss Terry", "Ann Miss", "Mrs", "Mr & Mrs Fox", "Dr Ann Lee", "Ms",
        "Fox, Mrs", "Fox, Mr.", "Ann LNU", "LNU, Ann", "FNU Lee", "TBC, Ann", "Ann Lee, TA", "Ann Lee DSL", "Lee, Ann HLTA",
    ],
)  # fmt: skip
def test_a_name_is_not_touched_if_its_correction_is_uncertain(name: str) -> None:
    assert corrected_name(name) is None


def plan(
    names: Sequence[str], decisions: Mapping[str, str] | None = None, known: Sequence[KnownPerson] = ()
) -> ImportPlan:
    """The plan of a list with these names, whose addresses are p0@example.org and so on."""
    rows = [(number + 2, (name, f"p{number}@example.org")) for number, name in enumerate(names)]
    return make_plan(MappedRows(rows, {"name": 0, "email": 1}), known, TeamPaths([]), TODAY, decisions)


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("Zebulon Marsh", "MARSH, Zebulon"), ("Zebulon Marsh", "MARSH ZEBULON"), ("Zebulon Marsh", "zebulon marsh"),
        ("Siân O'Brien-Smith", "o'BRIEN-SMITH, SIÂN"), ("Li Ng", "NG, Li"), ("Ann MacDonald", "MACDONALD, Ann"),
        ("MARSH, Zebulon", "MARSH, Zebulon"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("decisions", [{}, CORRECT_ALL, KEEP_ALL])
def test_a_known_person_keeps_the_stored_name_and_nothing_is_asked(
    stored: str, written: str, decisions: Mapping[str, str]
) -> None:
    (line,) = plan([written], decisions, [KnownPerson(1, stored, "p0@example.org")]).lines
    assert (line.kind, line.changes, line.person and line.person.id) == ("unchanged", frozenset(), 1), line


@pytest.mark.parametrize(
    ("decisions", "kinds", "names"),
    [
        ({}, ["asked", "asked", "added"], ["MARSH, Zebulon", "ANN LEE", "Bo Fox"]),
        (CORRECT_ALL, ["added", "added", "added"], ["Zebulon Marsh", "Ann Lee", "Bo Fox"]),
        (KEEP_ALL, ["added", "added", "added"], ["MARSH, Zebulon", "ANN LEE", "Bo Fox"]),
        ({**CORRECT_ALL, "3:spelling:": "right"}, ["added", "added", "added"], ["Zebulon Marsh", "ANN LEE", "Bo Fox"]),
        ({"3:spelling:": "correct"}, ["asked", "added", "added"], ["MARSH, Zebulon", "Ann Lee", "Bo Fox"]),
    ],
)
def test_a_decision_about_one_name_counts_before_that_about_all(
    decisions: Mapping[str, str], kinds: list[str], names: list[str]
) -> None:
    lines = plan(["MARSH, Zebulon", "ANN LEE", "Bo Fox"], decisions).lines
    assert [line.kind for line in lines] == kinds
    assert [line.row_data.name for line in lines] == names


def test_a_changed_decision_is_another_plan() -> None:
    marks = {plan(["ANN LEE"], decisions).fingerprint for decisions in ({}, CORRECT_ALL, KEEP_ALL)}
    assert len(marks) == 3


def test_a_row_that_may_be_of_someone_else_is_asked_about_before_its_name_is_corrected() -> None:
    known = [KnownPerson(1, "Cara Voss", "p0@example.org")]
    (line,) = plan(["DUNN, Fi"], CORRECT_ALL, known).lines
    assert line.question is not None
    assert line.question.kind == "name"
    (line,) = plan(["DUNN, Fi"], {**CORRECT_ALL, "2:name:1": "same"}, known).lines
    assert (line.kind, line.row_data.name) == ("changed", "Fi Dunn")


def match_columns(client: Client, page: Page) -> tuple[str, Page]:
    """Accept the columns that were guessed; the path of the list, and its preview."""
    preview = client.follow(client.post(page.location, client.get(page.location).fields()))
    return page.location.removesuffix("/columns"), preview


def test_one_press_corrects_a_list_and_later_lists_of_its_kind_are_not_asked_about_again(
    session: Session, client: Client
) -> None:
    administrator(session, client)
    make_person(session, "Siân Cole", "sian@example.org")
    rows = "Name;Email\nMARSH, Zebulon;zeb@example.org\nANN LEE;ann@example.org\nBO FOX;bo@example.org\n"
    rows += "COLE, Siân;sian@example.org\n"
    path, preview = match_columns(client, upload(client, rows.encode()))
    assert preview.text.count("Names in capitals, without capitals, or with the last name first: 3 rows") == 1
    assert "“MARSH, Zebulon” would be corrected to “Zebulon Marsh”." in preview.text
    kept = client.follow(client.post(f"{path}/decide", {"question": "4:spelling:", "answer": "right"}))
    assert "or with the last name first: 2 rows" in kept.text
    decided = client.follow(client.post(f"{path}/decide", {"question": "spelling", "answer": "correct"}))
    assert "Decide first" not in decided.text
    assert "Nothing has changed yet. The list would do this: added: 3, unchanged: 1" in decided.text
    assert "Applied on" in client.follow(client.post(f"{path}/apply", {"mark": decided.fields(0)["mark"]})).text
    session.expire_all()
    people = select(Person.email, Person.name).where(Person.email != "alex@example.org").order_by(Person.email)
    assert [row.name for row in session.execute(people)] == ["Ann Lee", "BO FOX", "Siân Cole", "Zebulon Marsh"]

    # Next month there is one person more. The earlier decision counts, is said, and can be taken back.
    path, preview = match_columns(client, upload(client, f"{rows}GRAY, El;el@example.org\n".encode()))
    assert "Decide first" not in preview.text
    assert "unless you decided otherwise about a row" in preview.text
    assert "The name in the list, “GRAY, El”, is corrected to “El Gray”." in preview.text
    assert "added: 1, unchanged: 4" in preview.text
    columns = f"{path}/columns"
    again = client.follow(client.post(columns, client.get(columns).fields()))
    assert "“GRAY, El” would be corrected to “El Gray”." in again.text
    assert "or with the last name first: 1 row" in again.text
