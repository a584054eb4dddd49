"""A list of people in the language of each reader: what one administrator previews another reads in theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course import translation
from course.people.models import Person
from course.people_import.models import PeopleImport
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.journal import SkippedLine, dump_skipped, load_skipped
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_and_pack, parse_file
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.preview import dump_preview, load_preview, skip_rows
from course.people_import.rules.table import unpack_table
from course.people_import.rules.team_paths import TeamPaths
from course.translation import lazy_gettext, use_language
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.people_import.lists import ANN, HEAD
from tests.people_import.test_lists import administrator, upload

LANGUAGE, OPEN, CLOSE = "cy", "⟦", "⟧"
TODAY = date(2026, 11, 28)
KNOWN = (
    KnownPerson(1, "Sam Okafor", "sam@example.org", "S1", former=frozenset({"s.okafor@old.example"})),
    KnownPerson(2, "Kim Lee", "kim@example.org", "S2", left=date(2026, 3, 1)),
    KnownPerson(3, "Bo Vale", "bo@example.org", "00583", manages=frozenset({1})),
)
# Rows of every kind: refused, asked, added, changed, joined, and with notes of several sentences.
ROWS = """Name,Email,Staff number,Team,Start date,Leaving date,Completed on,Pathway
Ann Lee,ann@example.org,N1,North > House 3,01/09/2020,01/05/2030,01/05/2026,Clubs and volunteers
Ann Lee,ann@example.org,N1,North,,,,
CARL,carl@example.org,N2,,TBC,,,
Zoë Ã© Lee,zoe@example.org,N3,,,,,
Eve Fox,nobody,N4,,,,,
Finn Fox,finn@example.org,N5,,45000,,,
Gus Fox,gus@example.org,N6,,,,,Sailing
Hal Fox,hal@example.org,N7,,,,,
Ida Fox,hal@example.org,N7,,,,,
Sam Okafor,s.okafor@old.example,S1,,,,,
Kim Lee,kim@example.org,S2,,,,,
Bo Vale,bo@example.org,583,,,,,
Jo Fox,jo@example.org,N8,,,,,,too many,cells
"""


class Brackets:
    """A catalogue that puts each message into brackets, so that a text without them was not translated."""

    def gettext(self, message: str, /) -> str:
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        return f"{OPEN}{one if number == 1 else many}{CLOSE}"


@pytest.fixture
def brackets() -> Iterator[None]:
    translation.register_catalogue(LANGUAGE, Brackets())
    yield
    translation.remove_catalogue(LANGUAGE)


def plan() -> ImportPlan:
    table = parse_file(ROWS.encode())
    rows = MappedRows(table.rows, guess_columns(table.headings, {}, (), table), table.bad)
    return make_plan(rows, KNOWN, TeamPaths([(1, "South", None)]), TODAY)


@pytest.mark.usefixtures("brackets")
def test_what_one_administrator_previews_another_reads_in_their_language(session: Session, client: Client) -> None:
    administrator(session, client)
    page = upload(client, (HEAD + ANN + "nobody,X,,,,,,,\n").encode())
    client.post(page.location, client.get(page.location).fields())
    path = page.location.removesuffix("/columns")
    english = client.get(path)
    assert "“nobody” is not an e-mail address such as sam@example.org." in english.text
    assert "Earlier certificate of 1 May 2026 (An earlier training)." in english.text
    assert OPEN not in english.text
    other = make_person(session, "Rhian Price", "rhian@example.org", "administrator")
    session.execute(update(Person).where(Person.id == other.id).values(language=LANGUAGE))
    session.commit()
    sign_in(client, other)
    welsh = client.get(path)
    assert "⟦“nobody” is not an e-mail address such as sam@example.org.⟧" in welsh.text
    assert "⟦Earlier certificate of 1 Mai 2026 (⟦An earlier training⟧).⟧" in welsh.text
    assert "⟦refused⟧: 1" in welsh.text
    result = client.post(f"{path}/result", {}, 200).body.decode()
    assert "⟦Line⟧,⟦Person⟧" in result
    assert "⟦Refused⟧,⟦“nobody” is not" in result


@pytest.mark.usefixtures("brackets")
def test_a_preview_of_an_earlier_version_still_opens(session: Session, client: Client) -> None:
    administrator(session, client)
    page = upload(client, (HEAD + ANN).encode())
    client.post(page.location, client.get(page.location).fields())
    old = {
        "rows": [
            [2, "added", "Ann Lee (ann@example.org)", ["Team: 100% <b>North</b>."], "", "", "ann@example.org"],
            [3, "refused", "X", ["The name is missing."]],
        ],
        "new_teams": ["North"],
        "missing": [],
    }
    session.execute(update(PeopleImport).values(preview=json.dumps(old)))
    session.commit()
    path = page.location.removesuffix("/columns")
    shown = client.get(path)
    assert "Team: 100% <b>North</b>." in shown.text
    assert "The name is missing." in shown.text
    assert b"Team: 100% <b>North</b>." in client.post(f"{path}/result", {}, 200).body
    skipped = load_preview(skip_rows(json.dumps(old), [SkippedLine(2, lazy_gettext("Not applied."))]))
    assert [row.notes for row in skipped.rows] == [("Not applied.",), ("The name is missing.",)]
    with use_language(LANGUAGE):
        assert [str(row.notes[0]) for row in skipped.rows] == ["⟦Not applied.⟧", "The name is missing."]


@pytest.mark.usefixtures("brackets")
def test_the_fingerprint_and_what_is_stored_do_not_depend_on_the_language() -> None:
    english = plan()
    with use_language(LANGUAGE):
        welsh = plan()
        assert welsh.fingerprint == english.fingerprint
        assert dump_preview(welsh) == dump_preview(english)
        assert parse_and_pack(ROWS.encode()) == _in_english(ROWS)
    # An earlier version had plain texts as notes: a preview that it made can still be applied.
    plain = [replace(line, notes=tuple("".join(note) for note in line.notes)) for line in english.lines]
    assert replace(english, lines=tuple(plain)).fingerprint == english.fingerprint


def _in_english(rows: str) -> bytes:
    with use_language("en"):
        return parse_and_pack(rows.encode())


@pytest.mark.usefixtures("brackets")
def test_every_note_of_a_stored_preview_is_in_the_language_of_the_reader() -> None:
    made = plan()
    shown = load_preview(dump_preview(made))
    assert [row.notes for row in shown.rows] == [line.notes for line in made.lines]
    assert {"refused", "asked", "joined", "unchanged"} <= set(shown.counts)
    with use_language(LANGUAGE):
        notes = [str(note) for row in shown.rows for note in row.notes]
    assert len(notes) > 15
    for note in notes:
        assert note.startswith(OPEN), note
        assert note.endswith(CLOSE), note
    assert any("1 Mai 2026" in note for note in notes)


def test_messages_are_stored_once() -> None:
    rows = "Name,Email\n" + "".join(f"Ann Lee,ann{number}\n" for number in range(2000))
    table = parse_file(rows.encode())
    made = make_plan(MappedRows(table.rows, {"name": 0, "email": 1}), (), TeamPaths([]), TODAY)
    stored = dump_preview(made)
    assert stored.count("is not an e-mail address") == 1
    assert len(stored) < sum(
        len(f'[{line.number},"{line.kind}","{line.who}","{line.notes[0]}"]') for line in made.lines
    )


@pytest.mark.usefixtures("brackets")
def test_a_table_and_skipped_lines_keep_their_messages_and_those_of_earlier_versions_are_read() -> None:
    table = unpack_table(parse_and_pack(b"Name,,Email\nAnn,x,ann@example.org\nBo,x,bo@example.org,y,z\n"))
    assert table is not None
    assert table.headings == ("Name", "Column 2", "Email")
    lines = load_skipped(dump_skipped([SkippedLine(3, lazy_gettext("Skipped.")), SkippedLine(4, "50% old")]))
    with use_language(LANGUAGE):
        assert [str(heading) for heading in table.headings] == ["Name", "⟦Column 2⟧", "Email"]
        assert str(table.bad[0].reason).startswith("⟦The row has 5 cells")
        assert [str(line.reason) for line in lines] == ["⟦Skipped.⟧", "50% old"]
    assert load_skipped('[[2, "A team was closed."]]') == (SkippedLine(2, "A team was closed."),)


@pytest.mark.usefixtures("brackets")
def test_a_file_is_refused_in_the_language_of_the_reader(session: Session, client: Client) -> None:
    person = make_person(session, "Rhian Price", "rhian@example.org", "administrator")
    session.execute(update(Person).where(Person.id == person.id).values(language=LANGUAGE))
    session.commit()
    sign_in(client, person)
    assert "⟦The file is empty.⟧" in upload(client, b"", status=422).text
    assert session.execute(select(PeopleImport.id)).first() is None
