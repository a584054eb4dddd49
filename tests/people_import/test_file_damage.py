"""Files with odd bytes and odd lines: what they say is read where it is plain, and no row changes another one."""

from __future__ import annotations

import pytest

from course.people_import.rules.character_damage import decoding_damage, show_wrong_decoding
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.table import Table, UnreadableError

HEAD = "Staff number,First name,Last name,E-mail,Team\n"
ANN, BO, CY = (
    f"{n}1,{name},Lée,{name.lower()}@example.org,North\n" for n, name in zip("ABC", ("Ann", "Bo", "Cy"), strict=True)
)


def fields(table: Table) -> set[str]:
    return set(guess_columns(table.headings, {}, (), table))


ALL = {"staff_number", "first_name", "last_name", "email", "team"}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" * 2 + (HEAD + ANN).encode(),
        ("ï»¿" + HEAD + ANN).encode(),
        ("\ufeffï»¿" + HEAD + ANN).encode(),
        ("sep=,\n\ufeff" + HEAD + ANN).encode(),
        (HEAD + ANN).encode() + b"\x1a",
        (HEAD + ANN).encode() + b"\0" * 40,
        (HEAD + ANN).encode().replace(b"Staff ", b"Staff\xa0"),
        (HEAD + ANN).encode().replace(b"E-mail", b"Staff\x92s e-mail"),
        b"Staff list\n" + (HEAD + ANN).encode().replace(b"First name", b"Pr\xe9nom"),
        b"Staff li\xe9st\n\n" + (HEAD + ANN).encode().replace(b"Staff ", b"Staff\xa0"),
    ],
)  # fmt: skip
def test_odd_bytes_around_and_in_the_headings_lose_no_column(data: bytes) -> None:
    table = parse_file(data)
    assert fields(table) == ALL, table.headings
    assert [cells[1] for _, cells in table.rows] == ["Ann"]
    assert not table.bad
    assert "\ufeff" not in "".join(table.headings)


def test_a_byte_that_is_nothing_refuses_its_row_and_no_other() -> None:
    table = parse_file((HEAD + ANN + BO + CY).encode().replace(b"Bo,", b"B\0o,"))
    assert [cells[1] for _, cells in table.rows] == ["Ann", "Cy"]
    assert ["0x00" in row.reason for row in table.bad] == [True]


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0", b"Email,Name\n\0\1\2", b"a\0b\0c\0\0d\n"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_file(data)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize(
    "letter", [chr(code) for code in (*range(0xC0, 0x180), 0x2019, 0x2018, 0x2013, 0x1EF9) if code not in (0xD7, 0xF7)]
)
def test_every_letter_that_was_read_wrongly_is_asked_about(letter: str, encoding: str) -> None:
    """Also those whose wrong reading has a control character or a space in it: “Álvaro”, “O’Neill”, “Tomàs”."""
    for word in (f"{letter}lvaro", f"Tom{letter}s", f"Ton{letter}"):
        wrong = "".join(
            bytes([byte]).decode(encoding) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
            for byte in word.encode()
        )
        table = parse_file(f"Name,Email\nAnn Lee,a@example.org\n{wrong} Lee,b@example.org\n".encode())
        ((_, (name, _email)),) = table.rows[1:]
        assert decoding_damage(name), (word, name)


@pytest.mark.parametrize("text", ["José\xa0Núñez", "Ann\xa0Lee", "NATÁLIA\xa0SÁ", "Zoë", "Łucja", "山田", "O’Neill"])
def test_plain_letters_and_spaces_stay(text: str) -> None:
    assert show_wrong_decoding(text) == text


def told(text: str) -> tuple[list[str], list[int]]:
    """Who is in a list, by first name, and the lines that cannot be read."""
    table = parse_file(text.encode())
    assert fields(table) == ALL, table.headings
    return [cells[1] for _, cells in table.rows], [row.line for row in table.bad]


QUOTED = [f'"{line.strip()}"\n' for line in (HEAD, ANN, BO, CY)]


@pytest.mark.parametrize(
    ("text", "people", "bad"),
    [
        # A quotation mark that would swallow the lines below it, wherever its partner is.
        (HEAD + ANN + BO.replace("North", '"North') + CY.replace("North", 'North"'), ["Ann"], [3, 4]),
        (HEAD + BO.replace("Bo", '"Bo') + CY.replace("Cy", 'Cy"') + ANN, ["Ann"], [2, 3]),
        (HEAD + ANN + BO.replace("Bo", '"Bo') + CY.replace("North", 'North"'), ["Ann"], [3, 4]),
        (HEAD + BO.replace("North", '"North') + ANN + CY.replace("North", 'North"'), ["Ann"], [2, 4]),
        (HEAD + ANN + BO.replace("Lée", 'Lée"'), ["Ann"], [3]),
        (HEAD + ANN.replace("North", 'Room 5" wide') + BO.replace("North", 'The "North"'), ["Ann", "Bo"], []),
        # A line break in a cell, with quotation marks and without.
        (HEAD + ANN + BO.replace("North", '"North\nHouse 3"') + CY, ["Ann", "Bo", "Cy"], []),
        (HEAD + ANN + BO.replace("Lée", "Lé\ne") + CY, ["Ann", "Cy"], [3, 4]),
        (HEAD + ANN + BO.replace("Bo", "B\no") + CY, ["Ann", "Cy"], [3, 4]),
        # Rows that are short, as where the last cells are empty.
        (HEAD + ANN + "B1,Bo,Lée,bo@example.org\nC1,Cy,Lée\n", ["Ann", "Bo", "Cy"], []),
        # Headings above each page, and rows that a spreadsheet has put into one cell each.
        (HEAD + ANN + HEAD + BO + HEAD + CY, ["Ann", "Bo", "Cy"], []),
        ("".join(QUOTED), ["Ann", "Bo", "Cy"], []),
        (HEAD + "".join(QUOTED[1:]), ["Ann", "Bo", "Cy"], []),
        ('"Staff list, North, 2026"\n' + "".join(QUOTED), ["Ann", "Bo", "Cy"], []),
        (HEAD + '"A1,""Ann"",Lée,ann@example.org,""North, East"""\n', ["Ann"], []),
        # Separators of two kinds, and spaces before quotation marks.
        (HEAD.replace(",", ";") + ANN + BO, ["Ann", "Bo"], []),
        (HEAD + (ANN + BO).replace(",", ";"), ["Ann", "Bo"], []),
        (HEAD.replace(",", ", ") + 'A1, "Ann", "Lée, Jr", ann@example.org, "North"\n', ["Ann"], []),
    ],
)
def test_a_line_is_read_as_it_was_meant_or_refused_by_itself(text: str, people: list[str], bad: list[int]) -> None:
    assert told(text) == (people, bad)


def test_a_repeated_heading_is_nobody_also_where_nobody_has_an_address() -> None:
    table = parse_file(b"Staff number,Name\n1,Ann Lee\nStaff number,Name\n2,Bo Fox\n")
    assert [cells for _, cells in table.rows] == [("1", "Ann Lee"), ("2", "Bo Fox")]


def test_commas_in_the_cells_of_a_list_with_semicolons_change_nothing() -> None:
    table = parse_file(b"Name;Note;E-mail\nLee, Ann;a, b, c;a@example.org\nFox, Bo;d, e;b@example.org\n")
    assert table.headings == ("Name", "Note", "E-mail")
    assert len(table.rows) == 2


S, T, B = ";", "\t", "|"


@pytest.mark.parametrize(
    ("text", "people", "bad"),
    [
        # Headings and rows with another separator each, with quotation marks and without, also where only one row follows.
        (HEAD.replace(",", T) + ANN + BO, ["Ann", "Bo"], []),
        (HEAD.replace(",", T) + ANN, ["Ann"], []),
        (HEAD.replace(",", B) + ANN, ["Ann"], []),
        (HEAD + ANN.replace(",", S), ["Ann"], []),
        (HEAD.replace(",", S) + ANN, ["Ann"], []),
        (HEAD + (ANN + BO).replace(",", T), ["Ann", "Bo"], []),
        ('"' + HEAD.strip().replace(",", '";"') + '"\n' + "".join(f'"{line.strip().replace(",", chr(34) + "," + chr(34))}"\n'
                                                                  for line in (ANN, BO)), ["Ann", "Bo"], []),
        ('"' + HEAD.strip().replace(",", '","') + '"\n' + "".join(f'"{line.strip().replace(",", chr(34) + ";" + chr(34))}"\n'
                                                                  for line in (ANN, BO)), ["Ann", "Bo"], []),
        # Rows that were added from elsewhere below the others.
        (HEAD + ANN + BO.replace(",", S) + CY.replace(",", T), ["Ann", "Bo", "Cy"], []),
        (HEAD.replace(",", S) + ANN.replace(",", S) + BO + CY.replace(",", S), ["Ann", "Bo", "Cy"], []),
        # Commas in a cell of a row with semicolons are no separators.
        ((HEAD + ANN + BO).replace(",", S) + CY.replace(",", S).replace("North", "North, East, West, A, B"),
         ["Ann", "Bo", "Cy"], []),
        ((HEAD + ANN + BO + CY).replace(",", S) + "North, East, West, South, Mid;\n", ["Ann", "Bo", "Cy", ""], []),
    ],
)  # fmt: skip
def test_rows_with_another_separator_than_the_rest_are_read(text: str, people: list[str], bad: list[int]) -> None:
    found, lines = told(text)
    assert ([name if name in ("Ann", "Bo", "Cy") else "" for name in found], lines) == (people, bad)
