"""Lists as HR systems and spreadsheets write them: damaged, in other languages, as workbooks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date

import pytest
from openpyxl import Workbook

from course.people_import.rules.character_damage import decoding_damage, lookalike_character
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.date_formats import month_first_example, read_day, read_list_day
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.name_matching import name_likeness
from course.people_import.rules.parsing import parse_and_pack, parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.preview import dump_preview, load_preview
from course.people_import.rules.table import UnreadableError, unpack_table
from course.people_import.rules.team_paths import TeamPaths
from course.people_import.rules.values import is_placeholder, is_placeholder_name, is_placeholder_word, number_key

TODAY = date(2026, 11, 28)
CARA = KnownPerson(1, "Cara Voss", "cara@example.org", "00583", start=date(2020, 1, 1), teams=frozenset({1}))
AGENT = KnownPerson(2, "Cy Moran", "cy@example.org", "SUPPLY", start=date(2020, 1, 1))
GONE = KnownPerson(3, "Ida Holm", "ida@example.org", "77", left=date(2025, 3, 1), start=date(2018, 1, 1))
KNOWN = (CARA, AGENT, GONE)


def lines(text: str, decisions: Mapping[str, str] | None = None) -> list[ImportLine]:
    """What a list would do, with its columns guessed; `decisions` by kind of question."""
    table, decisions = parse_file(text.encode()), decisions or {}
    columns = guess_columns(table.headings, {}, (), table)
    made: dict[str, str] = {}
    for _ in range(4):
        found = make_plan(
            MappedRows(table.rows, columns, table.bad, (), table.headings),
            KNOWN,
            TeamPaths([(1, "Café", None)]),
            TODAY,
            made,
        )
        made |= {line.key: decisions[line.question.kind] for line in found.lines
                 if line.question and line.question.kind in decisions}  # fmt: skip
    return list(found.lines)


HEAD = "Staff number,First name,Last name,E-mail,Team\n"


@pytest.mark.parametrize(
    ("rows", "kinds", "words"),
    [
        # One identifier against the name and the other one.
        ("SUPPLY,Di,Beck,di@example.org,\n", ["refused"], "SUPPLY is that of Cy Moran (cy@example.org)"),
        ("583,Di,Beck,di@example.org,\n", ["added"], ""),
        ("N/A,El,Gray,el@example.org,\n#N/A,Fi,Dunn,fi@example.org,#REF!\n", ["added", "added"], ""),
        ("TEMP,El,Gray,el@example.org,\nTEMP,Fi,Dunn,fi@example.org,\n", ["refused", "refused"], "with another name"),
        (",El,Gray,office@example.org,\n,Fi,Dunn,office@example.org,\n", ["refused", "refused"], "with another name"),
        (",Fi,Dunn,cara@example.org,\n", ["asked"], "Is it the same person?"),
        # Numbers that a spreadsheet has changed.
        ("583,Cara,Voss,cara@example.org,\n", ["asked"], "583 may be the same"),
        ("583,Cara,Voss,cara.new@example.org,\n", ["asked"], "This may be Cara Voss"),
        ("583.0,Cara,Voss,cara@example.org,\n", ["asked"], "583.0 may be the same"),
        ("5.83E+02,Cara,Voss,cara@example.org,\n", ["asked"], "may be the same"),
        # A new payroll system, a new mail system, somebody who is back with another address.
        ("PX-9,Cara,Voss,cara@example.org,\n", ["asked"], "the list says PX-9"),
        (",Cara,Voss,c.voss@elsewhere.example,\n", ["asked"], "with a new address"),
        (",Ida,Holm,ida.holm@example.org,\n", ["asked"], "who has left"),
        # A name that differs in accents and order is the same one.
        ("00583,Cara,Voß,cara@example.org,Cafe\u0301\n", ["changed"], "Name: Cara Voss → Cara Voß."),
        # Two posts, and a row that could not be read beside one that could.
        ("A1,Ana,Lund,ana@example.org,Kitchen\nA1,Ana,Lund,ana@example.org,Club\n", ["added", "joined"], "Team: Club"),
        ("A1,Ana,Lund,ana@example.org,North,x\nA1,Ana,Lund,ana@example.org,Club\n", ["refused", "refused"], "6 cells"),
        ("A1,Ana,Lund,ana@example.org,Kitchen\nA2,Ana,Lund,ana@example.org,Club\n", ["refused", "refused"],
         "with another staff number"),
        # What makes no sense.
        ("A1,JosÃ©,NÃºÃ±ez,j@example.org,\n", ["asked"], "It may be “José Núñez”"),
        ("A1,S\u0430m,Lee,j@example.org,\n", ["asked"], "not a Latin letter"),
        ("A1,ＡＮＮ,Lee,j@example.org,\n", ["asked"], "not an ordinary letter"),
        ("A1,,Madonna,j@example.org,\n", ["asked"], "is one word"),
        ("A1,ANN,LEE,j@example.org,\n", ["asked"], "would be corrected to “Ann Lee”"),
        ("A1,\"Lee,\",Ann,j@example.org,\n", ["asked"], "would be corrected to “Ann Lee”"),
        ("A1,MARSH,Zebulon,j@example.org,\n", ["asked"], "“MARSH” is in capitals"),
        ("A1,\"Lee,\",\"Jr, Ann\",j@example.org,\n", ["asked"], "has a comma"),
        ("A1,(1),(2),j@example.org,\n", ["asked"], "has no letter"),
        ("A1,Ann,Lee,j@example.org,N\u043erth\n", ["asked"], "not a Latin letter"),
        ("A1,Cara,Voss,other@example.org,\n", ["asked"], "is already here"),
        ("A1,Jo,Bay,j@example.org,\nA2,Jo,Bay,k@example.org,\n", ["asked", "asked"], "adds 2 people of this name"),
        ("A1,علی\u200cرضا,محمدی,ali@example.org,\n", ["added"], ""),
        ("A1,Ann\u00ad,\ufeffLee\u200b,ann@example.org,\n", ["added"], ""),
    ],
)  # fmt: skip
def test_damaged_values_are_asked_about_or_refused_and_never_guessed(rows: str, kinds: list[str], words: str) -> None:
    found = lines(HEAD + rows)
    assert [line.kind for line in found] == kinds, found
    assert words in found[0].notes[0] if words else True
    assert all(not line.changes for line in found if line.kind in ("asked", "refused"))


@pytest.mark.parametrize(
    ("row", "decisions", "kind", "number", "email"),
    [
        ("583,Cara,Voss,cara@example.org", {"zeros": "same"}, "unchanged", "00583", "cara@example.org"),
        ("583,Cara,Voss,new@example.org", {"zeros": "same"}, "changed", "00583", "new@example.org"),
        ("583,Cara,Voss,new@example.org", {"zeros": "other", "twin": "right"}, "added", "583", "new@example.org"),
        ("583,Cara,Voss,cara@example.org", {"zeros": "other"}, "refused", None, ""),
        ("583,Cara,Voss,cara@example.org", {"zeros": "leave"}, "unchanged", None, ""),
        ("PX-9,Cara,Voss,cara@example.org", {"number": "same"}, "changed", "PX-9", "cara@example.org"),
        (",Fi,Dunn,cara@example.org", {"name": "same"}, "changed", None, "cara@example.org"),
        (",Fi,Dunn,cara@example.org", {"name": "other"}, "refused", None, ""),
        (",Cara,Voss,new@example.org", {"address": "same"}, "changed", None, "new@example.org"),
        (",Cara,Voss,new@example.org", {"address": "other", "twin": "right"}, "added", None, "new@example.org"),
        ("A1,ANN,LEE,a@example.org", {"spelling": "right"}, "added", "A1", "a@example.org"),
        ("A1,ANN,LEE,a@example.org", {"spelling": "correct"}, "added", "A1", "a@example.org"),
        ("A1,ANN,LEE,a@example.org", {"spelling": "leave"}, "unchanged", None, ""),
    ],
)
def test_a_decision_is_carried_out(
    row: str, decisions: dict[str, str], kind: str, number: str | None, email: str
) -> None:
    (line,) = lines(f"{HEAD}{row},\n", decisions)
    assert (line.kind, line.row_data.staff_number, line.row_data.email) == (kind, number, email), line


def test_one_press_decides_about_all_rows_of_a_kind_and_no_others() -> None:
    rows = "".join(f"PX-{n},Pat{'abc'[n]},Lee,p{n}@example.org,\n" for n in range(3)) + "A9,ANN,LEE,ann@example.org,\n"
    known = tuple(KnownPerson(n + 1, f"Pat{'abc'[n]} Lee", f"p{n}@example.org", f"OLD{n}") for n in range(3))
    table = parse_file((HEAD + rows).encode())
    made = make_plan(MappedRows(table.rows, guess_columns(table.headings, {}, (), table)), known, TeamPaths([]), TODAY)
    whole = load_preview(dump_preview(made))
    assert {kind: len(some) for kind, some in whole.asked().items()} == {"number": 3, "spelling": 1}
    assert set(whole.answered("number", "same").values()) == {"same"}
    assert len(whole.answered("number", "same")) == 3
    assert whole.answered(whole.asked()["number"][0].key, "leave").keys() == {"2:number:1"}
    assert whole.answered("number", "right") == whole.answered("nothing", "same") == {}


@pytest.mark.parametrize(
    ("data", "names", "bad"),
    [
        ("Name;E-mail\nZoë;z@x.org\nSiân;s@x.org\n".encode() + b"O\x92Hara;o@x.org\n", ["Zoë", "Siân"], "0x92"),
        ("Name;E-mail\nZoë;z@x.org\nO’Hara;o@x.org\n".encode("cp1252"), ["Zoë", "O’Hara"], ""),
        (b"\xef\xbb\xbfName;E-mail\nZo\xc3\xab;z@x.org\nZo\xeb;y@x.org\n", ["Zoë"], "0xEB"),
        (b"Name;E-mail\nAnn;a@x.org\nB\x81o;b@x.org\n", ["Ann"], "0x81"),
        (b"Name,E-mail\nAnn,a@x.org\nSal, BSc,s@x.org\nBo,b@x.org\n", ["Ann", "Bo"], "3 cells"),
        (b"Name,E-mail,\nAnn,a@x.org,\nSal, BSc,s@x.org\nBo,b@x.org,\n", ["Ann", "Bo"], "3 cells"),
        (b'Name,E-mail\nAnn,a@x.org\n"Sal,s@x.org\nBo,b@x.org\n', ["Ann", "Bo"], "quotation mark"),
        (b'Name,E-mail\nAnn,a@x.org\n"Sal" B,s@x.org\nBo,b@x.org\n', ["Ann", "Bo"], "quotation mark"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_and_changes_no_other(data: bytes, names: list[str], bad: str) -> None:
    found = parse_file(data)
    assert [cells[0] for _, cells in found.rows] == names
    assert [bad in row.reason for row in found.bad] == ([True] if bad else [])
    assert unpack_table(parse_and_pack(data)) == found


@pytest.mark.parametrize(
    ("headings", "row", "expected"),
    [
        ("Employee #|First Name|Last Name|Email Address (Work)|Date Joined|Date of Leaving|School / Site",
         "17|Ann|Lee|a@x.org|01/02/2020||North", "staff_number first_name last_name email start leaving team"),
        ("Known As|Forename(s)|Surname|E-Mail|Department Name|Date Completed",
         "|Ann|Lee|a@x.org|North|01/02/2020", "- first_name last_name email team completed"),
        ("Vorname|Nachname|E-Mail-Adresse|Eintrittsdatum|Personalnummer|Kostenstelle",
         "Ann|Lee|a@x.org|01.02.2020|17|Küche", "first_name last_name email start staff_number team"),
        ("Name|Vorname|E-Mail|Abteilung", "Lee|Ann|a@x.org|Küche", "last_name first_name email team"),
        ("Enw cyntaf|Cyfenw|E-bost|Dyddiad dechrau|Tîm", "Ann|Lee|a@x.org|1 Medi 2020|North",
         "first_name last_name email start team"),
        ("Employee|Login|Left|Start", "Ann Lee|a@x.org|No|Yes", "name email - -"),
        ("Employee|Name|Email|Manager email", "17|Ann Lee|a@x.org|boss@x.org", "staff_number name email -"),
        ("Name|Email (Personal)|Email (Work)", "Ann Lee|a@home.org|a@x.org", "name - email"),
        ("Email|Full name|Site", "North|Ann Lee|a@x.org", "- name email"),
        ("Payroll No.|Name|E-mail|Completed", "17|Ann Lee|a@x.org|Yes", "staff_number name email -"),
    ],
)  # fmt: skip
def test_a_column_is_guessed_by_its_heading_and_by_what_stands_in_it(headings: str, row: str, expected: str) -> None:
    rows = [row, row.replace("a@", "b@").replace("17", "18"), row.replace("a@", "c@").replace("17", "19")]
    table = parse_file("\n".join([headings, *rows]).encode())
    found = {index: field for field, index in guess_columns(table.headings, {}, (), table).items()}
    assert " ".join(found.get(index, "-") for index in range(len(headings.split("|")))) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("01-Sep-26", date(2026, 9, 1)), ("1.9.26", date(2026, 9, 1)), ("1/9/98", date(1998, 9, 1)),
        ("2026-09-01T00:00:00.000Z", date(2026, 9, 1)), ("1 Medi 2026", date(2026, 9, 1)), ("1. März 2026", date(2026, 3, 1)),
        ("12 Tachwedd 2025", date(2025, 11, 12)), ("Sept 1 2026", date(2026, 9, 1)), ("September 1st, 2026", date(2026, 9, 1)),
        ("1er août 2026", date(2026, 8, 1)), ("2026-Sep-01", date(2026, 9, 1)), ("1st of May 2026", date(2026, 5, 1)),
        ("00/00/0000", None), ("01/01/1900", None), ("TBC", None), ("0001-01-01", None), ("#N/A", None), ("0", None),
    ],
)  # fmt: skip
def test_days_are_read_as_hr_systems_write_them(text: str, day: date | None) -> None:
    assert read_list_day(text, "First day") == day


def test_where_a_column_has_the_month_first_nothing_is_guessed() -> None:
    column = ["09/25/2026", "03/04/2026", "5.4.2026", "1 May 2026"]
    assert month_first_example(column) == "09/25/2026"
    assert month_first_example(["25/09/2026", "31/12/2026"]) is None
    rows = "".join(f"Pat{'abcd'[n]} Lee,p{n}@example.org,{day}\n" for n, day in enumerate(column))
    kinds = [line.kind for line in lines("Name,Email,Start date\n" + rows)]
    assert kinds == ["refused", "refused", "added", "added"]
    assert read_day("03/04/2026", "First day") == date(2026, 4, 3)


@pytest.mark.parametrize("heading", ["Start date (MM/DD/YYYY)", "Start date [m/d/yy]", "Start date: mm-dd-yyyy"])
def test_a_heading_can_say_that_the_month_comes_first(heading: str) -> None:
    rows = "Pat Lee,p@example.org,09/10/2026\nBo Fox,b@example.org,09/09/2026\nCy Ray,c@example.org,1 May 2026\n"
    found = lines(f"Name,Email,{heading}\n{rows}")
    assert [line.kind for line in found] == ["refused", "added", "added"]
    assert "can be read in two ways" in found[0].notes[0]
    (line,) = lines("Name,Email,Start date (dd/mm/yyyy)\nPat Lee,p@example.org,09/10/2026\n")
    assert line.row_data.start == date(2026, 10, 9)


def test_a_placeholder_for_a_day_is_named_in_the_notes() -> None:
    (line,) = lines("Name,Email,Start date\nPat Lee,pat@example.org,00/00/0000\n")
    assert line.notes == ("First day: “00/00/0000” is not a day, so it is ignored.",)


@pytest.mark.parametrize(
    ("text", "nothing"),
    [("N/A", True), ("#N/A", True), ("#REF!", True), ("-", True), ("none", True), ("TBC", True), ("", True),
     ("North", False), ("A-1", False)],
)  # fmt: skip
def test_placeholders_count_as_empty(text: str, nothing: bool) -> None:
    assert is_placeholder(text) == nothing


def test_null_is_a_name_and_nought_is_no_number() -> None:
    assert [is_placeholder_name(name) for name in ("Null", "Na", "None", "#REF!", "-")] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert [is_placeholder_word(text) for text in ("0", "000", "0.0", "AGENCY", "00417")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert {number_key(text) for text in ("00417", "417", "417.0", "4.17E+02", "０４１７")} == {"417"}


@pytest.mark.parametrize("text", ["Jos? Lee", "Jos\ufffd", "O&#39;Hara", "£ucja", "JosŽ", "Ã‰mile"])
def test_letters_that_were_read_wrongly_are_seen(text: str) -> None:
    assert decoding_damage(text)


@pytest.mark.parametrize(
    "text", ["São João", "JOÃO", "Zoë Åkesson", "Łucja Zając", "Зоя Иванова", "王小明 (Jason)", "O’Hara"]
)
def test_names_of_all_countries_are_names(text: str) -> None:
    assert decoding_damage(text) is None
    assert lookalike_character(text) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Ann Lee", "Lee, Ann", "same"), ("Zoë Voß", "ZOE VOSS", "same"), ("Mr Ann Lee", "Ann Lee", "same"),
        ("Ann Lee", "Ann Hill", "like"), ("Katherine Lee", "Kath Moss", "like"), ("Jonathan Ray", "Jonathon Fox", "like"),
        ("Ann Lee", "Bo Fox", "other"), ("Cy Alpha", "Di Beta", "other"), ("Ann Lee", None, "unsaid"),
    ],
)  # fmt: skip
def test_the_likeness_of_two_names(one: str, other: str | None, expected: str) -> None:
    assert name_likeness(one, other) == expected


def workbook(*sheets: list[list[object]]) -> bytes:
    book = Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_as_excel_shows_it() -> None:
    book = Workbook()
    hidden, sheet = book.active, book.create_sheet("Staff")
    assert hidden is not None
    hidden.append(["Email", "Name"])
    hidden.append(["x@example.org", "Nobody"])
    hidden.sheet_state = "hidden"
    for row in (["Staff list, November"], ["No.", "Name", "Email", "Start"],
                [583, "Cara  Voss", "cara@example.org", date(2026, 9, 1)], [584.0, "Bo Lee", "bo@example.org", 46266],
                [], [None, "Ida Holm", "ida@example.org", "TBC"]):  # fmt: skip
        sheet.append(row)
    sheet["A3"].number_format = "00000"
    file = io.BytesIO()
    book.save(file)
    found = parse_file(file.getvalue())
    assert found.headings == ("No.", "Name", "Email", "Start")
    assert found.rows == (
        (3, ("00583", "Cara Voss", "cara@example.org", "2026-09-01")),
        (4, ("584", "Bo Lee", "bo@example.org", "46266")),
        (6, ("", "Ida Holm", "ida@example.org", "TBC")),
    )


@pytest.mark.parametrize(
    "notes", [[["Notes"]], [["How to", "fill this in"], ["Column", "Meaning"], ["Name", "the name"]]]
)
def test_of_several_sheets_the_first_with_a_list_is_read_and_named(notes: list[list[object]]) -> None:
    found = parse_file(workbook(notes, [["Email", "Name"], ["a@example.org", "Ann Lee"]]))
    assert [cells for _, cells in found.rows] == [("a@example.org", "Ann Lee")]
    assert "the first of 2" in found.notes[0]


def test_a_damaged_or_too_large_workbook_is_refused_in_words() -> None:
    whole = workbook([["Email", "Name"], ["a@example.org", "Ann Lee"]])
    bomb, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as parts, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for name in parts.namelist():
            file.writestr(name, parts.read(name))
        file.writestr("xl/media/big.bin", b"0" * 50_000_000)
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("word/document.xml", "<x/>")
    for data, words in (
        (bomb.getvalue(), "too large"),
        (other.getvalue(), "another kind of file"),
        (whole[: len(whole) // 2], "damaged"),
        (b"\xd0\xcf\x11\xe0" + whole, "password"),
        (workbook([[f"c{n}" for n in range(300)], ["x"] * 300]), "300 columns"),
        (b",".join(b"c%d" % n for n in range(40_000)) + b"\n" + b"x," * 39_999 + b"x\n", "40,000 columns"),
    ):
        with pytest.raises(UnreadableError, match=words):
            parse_file(data)


def test_an_entity_in_a_workbook_is_never_opened() -> None:
    whole, made = workbook([["Email", "Name"], ["a@example.org", "Ann Lee"]]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as parts, zipfile.ZipFile(made, "w") as file:
        for name in parts.namelist():
            data = parts.read(name)
            if name.endswith("sheet1.xml"):
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + data.partition(b"?>")[2]
            file.writestr(name, data)
    with pytest.raises(UnreadableError, match="damaged"):
        parse_file(made.getvalue())
