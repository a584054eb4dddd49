"""Values of a list as spreadsheets, payroll systems and people write them: days, numbers, addresses and cells without
anything in them."""

from __future__ import annotations

from datetime import date

import pytest

from course.people_import.rules.columns import guess_columns
from course.people_import.rules.date_formats import InvalidDayError, read_last_day, read_list_day
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.team_paths import TeamPaths

BEGAN = date(2020, 1, 1)
KNOWN = (
    KnownPerson(1, "Cara Voss", "cara@example.org", "00583", start=BEGAN),
    KnownPerson(2, "Liam O’Neill", "liam@example.org", "123", start=BEGAN),
    KnownPerson(4, "Jane Smith", "jane1@example.org", "S1", start=BEGAN),
    KnownPerson(5, "Jane Smith", "jane2@example.org", "S2", start=BEGAN),
    KnownPerson(3, "Fiona Griffith-Hill", "fiona@example.org", "F3", start=BEGAN),
)


def plan(text: str, decisions: dict[str, str] | None = None) -> list[ImportLine]:
    table = parse_file(text.encode())
    columns = guess_columns(table.headings, {}, (), table)
    rows = MappedRows(table.rows, columns, table.bad)
    return list(make_plan(rows, KNOWN, TeamPaths([]), date(2026, 11, 30), decisions).lines)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1af o Fedi 2026", date(2026, 9, 1)), ("2il Hydref 2026", date(2026, 10, 2)), ("1 o Fai 2026", date(2026, 5, 1)),
        ("3ydd Mawrth 2026", date(2026, 3, 3)), ("31ain Rhagfyr 2026", date(2026, 12, 31)), ("1 of May 2026", date(2026, 5, 1)),
        ("01SEP2026", date(2026, 9, 1)), ("01‑09‑2026", date(2026, 9, 1)), ("01–09–2026", date(2026, 9, 1)),
        ("'01/09/2026", date(2026, 9, 1)), ("2026-09-01-07:00", date(2026, 9, 1)), ("2026-09-01Z", date(2026, 9, 1)),
        ("Tue Sep 01 2026 00:00:00 GMT+0100 (British Summer Time)", date(2026, 9, 1)),
        # The nought of Excel, of Access, of SQL Server, of directories and of a Mac.
        ("1900-01-00", None), ("00-Jan-00", None), ("0-Jan-1900", None), ("00:00:00", None), ("12:00:00 AM", None),
        ("01/01/1753", None), ("01/01/1601", None), ("1904-01-01", None),
    ],
)  # fmt: skip
def test_a_plain_day_is_taken_and_a_nought_is_none(text: str, day: date | None) -> None:
    assert read_list_day(text, "First day") == day


@pytest.mark.parametrize(
    "text", ["00/01/2026", "0 Jan 2026", "01SEX2026", "09:30", "31/06/2026", "Sep-26", "31/12/4712"]
)
def test_what_is_no_plain_day_is_not_guessed(text: str) -> None:
    with pytest.raises(InvalidDayError):
        read_list_day(text, "First day")


@pytest.mark.parametrize(
    "text",
    ["31/12/9999", "99991231", "31 December 9999", "31/12/4712", "31-DEC-4712", "2999-12-31", "01/01/3000", "Ongoing", "present",
     "Permanent", "No end date", "Open-ended"],
)  # fmt: skip
def test_the_end_of_the_calendar_and_words_for_it_are_no_last_day(text: str) -> None:
    assert read_last_day(text, "Last day") is None


@pytest.mark.parametrize("text", ["31/12/2029", "30/11/3000", "31/12/3026", "next year"])
def test_a_last_day_is_never_left_out_for_its_year_alone(text: str) -> None:
    try:
        assert read_last_day(text, "Last day") == date(2029, 12, 31)
    except InvalidDayError:
        assert text != "31/12/2029"


CENTURY, YEAR = "can be read in two ways. Write it with four digits", "cannot be right"


@pytest.mark.parametrize(
    ("start", "last", "kind", "words"),
    [
        # 31/12/99 is the end of a calendar for somebody who started later; else nobody knows, and nobody is left out.
        ("01/09/2020", "31/12/99", "added", ""), ("01/09/20", "31-Dec-99", "added", ""), ("", "31/12/99", "refused", CENTURY),
        ("", "31.12.99", "refused", CENTURY), ("01/09/1995", "31/12/99", "refused", CENTURY), ("", "31/08/62", "refused", CENTURY),
        ("", "31/12/50", "refused", CENTURY), ("01/09/2020", "31/12/50", "refused", CENTURY),
        ("", "31/12/1999", "unchanged", "Has already left"), ("", "31/08/98", "unchanged", "Has already left"),
        ("", "31/08/25", "unchanged", "Has already left"), ("", "31/12/49", "added", "more than a year away"),
        ("01/09/2020", "31/12/9999", "added", ""), ("", "00/00/0000", "added", ""), ("", "01/01/1900", "added", ""),
        # A first day decades ahead would put off the course until then.
        ("01/09/2062", "", "refused", YEAR), ("31/12/49", "", "refused", YEAR), ("31/12/9999", "", "refused", YEAR),
        ("01/09/28", "", "added", ""), ("01/09/62", "", "added", "1962"),
    ],
)  # fmt: skip
def test_a_year_that_can_be_one_of_two_centuries_is_not_guessed(start: str, last: str, kind: str, words: str) -> None:
    line, other = plan(
        f"Name,Email,Start date,Leaving date\nAnn Lee,ann@example.org,{start},{last}\nBo Fox,bo@example.org,01/09/2020,31/08/2027\n"
    )
    assert (line.kind, other.kind) == (kind, "added"), line.notes
    assert words in " ".join(line.notes)


@pytest.mark.parametrize("until", ["31/12/9999", "31/12/4712", "31/12/99", "Never", "00/00/0000"])
def test_a_certificate_without_an_end_is_taken_as_one_that_says_no_end(until: str) -> None:
    head = "Name,Email,Completed on,Valid until\n"
    line, _ = plan(f"{head}Ann Lee,ann@example.org,01/09/2026,{until}\nBo Fox,bo@example.org,01/09/2026,01/09/2027\n")
    assert (line.kind, [one.valid_until for one in line.row_data.certificates]) == ("added", [None]), line.notes


@pytest.mark.parametrize(
    "number", ["5.83E+02", "583.0", "00583.00", "00 583", "00\u00a0583", "00-583", "583", "０0583"]
)
def test_whoever_says_that_a_changed_number_is_the_same_keeps_the_number_as_it_was(number: str) -> None:
    for email in ("cara@example.org", "cara.new@example.org"):
        row = f'Staff number,Name,Email\n"{number}",Cara Voss,{email}\n'
        (line,) = plan(row)
        assert line.question is not None
        assert line.question.kind == "zeros"
        (line,) = plan(row, {line.key: "same"})
        assert line.question is None, line.notes
        assert line.row_data.staff_number == "00583"


def test_zeros_that_were_lost_here_come_back_by_the_list() -> None:
    (line,) = plan("Staff number,Name,Email\n00123,Liam O’Neill,liam@example.org\n", {"2:zeros:2": "same"})
    assert line.row_data.staff_number == "00123"


@pytest.mark.parametrize(
    "cell",
    ["noemail@example.org", "no.email@example.org", "none@none.com", "NONE@None.co.uk", "x@x.com", "n/a", "no-reply@example.org",
     "tbc@tbc.org.uk", "unknown@unknown.com", "test@test.com", "none@none", "-"],
)  # fmt: skip
def test_an_address_that_nobody_has_is_none(cell: str) -> None:
    """A mail to one goes to strangers: none.com belongs to somebody."""
    with_number, without = plan(
        f"Staff number,Name,Email\nK1,Ann Lee,{cell}\n,Bo Fox,{cell}\nK3,Cy Day,cy@example.org\n"
    )[:2]
    assert (with_number.kind, with_number.row_data.email) == ("added", "")
    assert "No e-mail address" in " ".join(with_number.notes)
    assert (without.kind, "The e-mail address is missing." in " ".join(without.notes)) == ("refused", True)


@pytest.mark.parametrize(
    ("name", "email"), [("Jo None", "none@example.org"), ("Null Pointer", "null@example.org"), ("Ann Lee", "test@example.org"),
                        ("Na Li", "na@na.example.org"), ("Ann Lee", "a.lee@example.org")],
)  # fmt: skip
def test_an_address_that_somebody_may_have_is_one(name: str, email: str) -> None:
    (line,) = plan(f"Name,Email\n{name},{email}\n")
    assert (line.kind, line.row_data.email) == ("added", email)


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("office@example.org", "a mailbox that several people read"), ("north.office@example.org", "several people read"),
        ("SchoolOffice2@example.org", "several people read"), ("admin@example.org", "several people read"),
        ("reception-north@example.org", "several people read"), ("head@example.org", "several people read"),
        ("swyddfa@example.org", "several people read"), ("all.staff@example.org", "several people read"),
        ("ann@gmial.com", "Is it “ann@gmail.com”?"), ("ann@gmail.con", "Is it “ann@gmail.com”?"),
        ("ann@north.example.co.k", "Is it “ann@north.example.co.uk”?"), ("ann@hotmial.co.uk", "“ann@hotmail.co.uk”?"),
        ("ann_lee_home.example#EXT#@north.onmicrosoft.com", "Is it “ann_lee@home.example”?"),
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_one_persons_is_asked_about_once(email: str, words: str) -> None:
    (line,) = plan(f"Name,Email\nAnn Lee,{email}\n")
    assert (line.kind, line.question.kind if line.question else "") == ("asked", "address-doubt")
    assert words in line.notes[0]
    (line,) = plan(f"Staff number,Name,Email\n00583,Cara Voss,{email}\n", {"2:address:1": "same"})
    assert line.kind == "asked", line
    (line,) = plan(f"Name,Email\nAnn Lee,{email}\n", {"2:address-doubt:": "right"})
    assert (line.kind, line.row_data.email) == ("added", email.lower())
    known = KnownPerson(9, "Ann Lee", email.lower(), start=BEGAN)
    table = parse_file(f"Name,Email\nAnn Lee,{email}\n".encode())
    rows = MappedRows(table.rows, {"name": 0, "email": 1})
    (line,) = make_plan(rows, (known,), TeamPaths([]), date(2026, 11, 30)).lines
    assert line.kind == "unchanged"


@pytest.mark.parametrize(
    ("name", "email"),
    [("Ann Head", "head@example.org"), ("Ann Lee", "ann.admin@example.org"), ("Jo Staff", "jo.staff@example.org"),
     ("Info Okoro", "info@example.org"), ("Ann Lee", "officer@example.org"), ("Ann Lee", "alee@office.example.org"),
     ("Ann Lee", "ann@gmail.com"), ("Ann Lee", "a@outlook.com"), ("Ann Lee", "ann.lee@contact.example")],
)  # fmt: skip
def test_the_address_of_one_person_is_taken(name: str, email: str) -> None:
    (line,) = plan(f"Name,Email\n{name},{email}\n")
    assert (line.kind, line.row_data.email) == ("added", email), line.notes


@pytest.mark.parametrize(
    ("cell", "email"),
    [
        ("'ann@example.org'", "ann@example.org"), ("ann@example.org#mailto:ann@example.org#", "ann@example.org"),
        ("ann@example.org<mailto:Ann@example.org>", "ann@example.org"), ("SMTP:ann@example.org", "ann@example.org"),
        ("[ann@example.org](mailto:ann@example.org)", "ann@example.org"), ("o'neill@example.org", "o'neill@example.org"),
        ("Ann Lee <ann@example.org>", "ann@example.org"),
        ("ann@example.org; ann@home.example", None), ("ann@example.org (work)", None), ("ann .lee@example.org", None),
        ("o’neill@example.org", None), ("ann@example.org?subject=Hello", None),
    ],
)  # fmt: skip
def test_what_programs_write_around_an_address_is_left_out_and_nothing_else(cell: str, email: str | None) -> None:
    first, _ = plan(f"Name,Email\nAnn Lee,{cell}\nBo Fox,bo@example.org\n")
    assert (first.kind, first.row_data.email) == (("added", email) if email else ("refused", ""))


@pytest.mark.parametrize(
    "cell",
    ["0", "0.0", "00/01/1900", "#N/V", "#WERT!", "Err:502", "N\\A", "<null>", "[null]", "(none)", "not provided", "…", "~",
     "#ERROR!", "Dim ar gael"],
)  # fmt: skip
def test_a_cell_in_which_nothing_stands_opens_no_team(cell: str) -> None:
    rows = "".join(f"K{n},Pat L{'aeiou'[n]}y,p{n}@example.org,North,Carer\n" for n in range(5))
    line = plan(f"Staff number,Name,Email,Team,Job title\n{rows}{cell},Ann Lee,ann@example.org,{cell},{cell}\n")[-1]
    assert line.kind == "added"
    assert (line.row_data.staff_number, line.row_data.teams, line.row_data.job_role) == (None, (), None)
    assert plan("Name,Email,Team\nAnn Lee,ann@example.org,Room 0\n")[0].row_data.teams == (("Room 0",),)


@pytest.mark.parametrize(
    ("name", "kind", "question"),
    [
        ("Ann & Bo Lee", "asked", "sign"), ("Zo%C3%AB Lee", "asked", "sign"), ('"Ann Lee"', "asked", "sign"),
        ("'Ann Lee'", "asked", "sign"), ("“Ann Lee”", "asked", "sign"), ("‘Ann Lee’", "asked", "sign"),
        ("Ann 'Annie' Lee", "asked", "sign"), ("Ann “Annie” Lee", "asked", "sign"), ("Ann ‘Annie’ Lee", "asked", "sign"),
        ("«Ann Lee»", "asked", "sign"), ("Ann Lee née Fox", "asked", "sign"), ("Ann Lee nee Fox", "asked", "sign"),
        ("Ann Lee formerly Fox", "asked", "sign"), ("Ann and Bo Lee", "asked", "sign"), ("Lee;Ann May", "asked", "sign"),
        ("Ann Lee aka Annie Fox", "asked", "sign"), ("Lee，Ann May", "asked", "sign"), ("Ann Lee 2", "asked", "sign"),
        ("Vacant Post", "asked", "sign"), ("Night Vacancy", "asked", "sign"), ("Tbc Carer", "asked", "sign"),
        ("Test User", "asked", "sign"), ("Supply Teacher", "asked", "sign"), ("New Starter", "asked", "sign"),
        ("A N Other", "asked", "sign"), ("No first name Suryadi", "asked", "sign"), ("ZZ Nell Ash", "asked", "sign"),
        # The greeting would be “Hello Mrs Lee” or “Hello Dr Lee”, and the certificate bear no first name.
        ("Mrs Lee", "asked", "sign"), ("Dr. Lee", "asked", "sign"), ("Rev'd Lee", "asked", "sign"),
        ("Lee, Prof", "asked", "spelling"),
        ("- Lee", "asked", "sign"), ("Ann .", "asked", "sign"), ("Ann Lee TA", "asked", "sign"), ("Unknown Lee", "asked", "sign"),
        ("Ann Lee,", "added", ""), ("Dr Ann Lee", "added", ""), ("Major Singh", "added", ""), ("Prince Boateng", "added", ""),
        ("Dean Lee", "added", ""), ("Ann Ta", "added", ""), ("Drew Lee", "added", ""), ("Ann St. Lee", "added", ""),
        ("Anna Test", "added", ""), ("Sam Teacher", "added", ""), ("Bo Starter", "added", ""), ("Zz’ana Lee", "added", ""),
        ("Ann Nee", "added", ""), ("Née Fox", "added", ""), ("Ann O’Neill-D’Arcy", "added", ""), ("Rory Mc’Andrew", "added", ""),
        ("Ann d’Or l’Île", "added", ""), ("Fa’asavalu Ma’afu", "added", ""), ("’t Hooft Ann", "added", ""),
        ("Ann Kāneʻohe Kaʻahumanu", "added", ""), ("Ann Lee II", "added", ""), ("Andy Land Anderson", "added", ""),
        ("Ann ?", "added", ""), ("Ann O", "added", ""), ("Null Null", "added", ""), ("D’Arcy-Smith Ann", "added", ""),
    ],
)  # fmt: skip
def test_a_sign_that_names_do_not_have_is_asked_about(name: str, kind: str, question: str) -> None:
    cell = name.replace('"', '""')
    (line,) = plan(f'Name,Email\n"{cell}",ann@example.org\n')
    assert (line.kind, line.question.kind if line.question else "") == (kind, question)


@pytest.mark.parametrize(
    ("first", "last", "name", "question"),
    [
        ("Ann", "Lee,", "Ann Lee", ""), ("FNU", "Lee", "Lee", "one-word"),
        ("Ann", "LNU", "Ann", "one-word"), ("Dr", "Lee", "Dr Lee", "sign"), ("Ann", "Lnu", "Ann Lnu", ""),
    ],
)  # fmt: skip
def test_first_and_last_name_keep_their_places_without_what_stands_around_them(
    first: str, last: str, name: str, question: str
) -> None:
    line, _ = plan(f'First name,Last name,Email\n"{first}","{last}",ann@example.org\nBo,Fox,bo@example.org\n')
    assert (line.row_data.name, line.question.kind if line.question else "") == (name, question)


@pytest.mark.parametrize(
    ("number", "name", "email", "kind"),
    [
        ("123", "Liam O'Neill", "liam@example.org", "unchanged"), ("123", "Liam O`Neill", "liam@example.org", "unchanged"),
        ("123", "Liam O´Neill", "liam@example.org", "unchanged"), ("123", "Liam OʼNeill", "liam@example.org", "unchanged"),
        ("F3", "Fiona Griffith‐Hill", "fiona@example.org", "unchanged"),
        ("F3", "Fiona Griffith–Hill", "fiona@example.org", "unchanged"),
        ("F3", "Fiona Griﬃth-Hill", "fiona@example.org", "unchanged"),
        ("F3", "Fiona Gríffith-Hill", "fiona@example.org", "changed"),
    ],
)  # fmt: skip
def test_another_kind_of_apostrophe_hyphen_or_ligature_changes_no_name(
    number: str, name: str, email: str, kind: str
) -> None:
    (line,) = plan(f"Staff number,Name,Email\n{number},{name},{email}\n")
    assert line.kind == kind, line.notes


def test_two_people_of_one_name_who_exchange_numbers_are_told_apart() -> None:
    lines = plan("Staff number,Name,Email\nS1,Jane Smith,jane2@example.org\nS2,Jane Smith,jane1@example.org\n")
    assert [line.kind for line in lines] == ["refused", "refused"]
    assert (
        "belongs to Jane Smith (jane1@example.org), but the address to Jane Smith (jane2@example.org)"
        in lines[0].notes[0]
    )


def test_a_column_of_days_as_a_spreadsheet_counts_them_is_seen_and_its_rows_say_so() -> None:
    (line,) = plan("Name,Email,Start date\nAnn Lee,ann@example.org,46266.375\n")
    assert (line.kind, "1 September 2026" in " ".join(line.notes)) == ("refused", True)


def test_a_year_alone_is_not_called_a_number_by_which_a_spreadsheet_counts() -> None:
    with pytest.raises(InvalidDayError, match="“2020” is not a day"):
        read_list_day("2020", "First day")


def test_everything_that_is_wrong_with_a_row_is_said_at_once() -> None:
    head = "Name,Email,Course role,Pathway,Start date,Leaving date,Completed on\n"
    row = "Ann Lee,ann.example@,boss,nowhere,31/02/2026,soon,01/05/2027\n"
    (line, other) = plan(head + row + "Bo Fox,bo@example.org,,,01/09/2026,01/09/2027,\n")
    assert (line.kind, other.kind) == ("refused", "added")
    for words in ("“ann.example@” is not an e-mail", "no role “boss”", "no pathway “nowhere”", "no such day as “31/02/2026”",
                  "Last day: “soon” is not a day", "completion day in the future"):  # fmt: skip
        assert words in line.notes[0]


@pytest.mark.parametrize(
    "names",
    [("ZOË LEE", "Zoë Lee"), ("Zoe Lee", "Zoë Lee"), ("Lee, Zoë", "Zoë Lee"), ("Zoë Lee", "zoë lee", "ZOE LEE")],
)
def test_of_several_spellings_in_the_rows_of_one_person_the_best_is_taken(names: tuple[str, ...]) -> None:
    rows = [f'Z1,"{name}",zoe@example.org\n' for name in names]
    for some in (rows, rows[::-1]):
        lines = plan("Staff number,Name,Email\n" + "".join(some))
        assert (lines[0].kind, lines[0].row_data.name) == ("added", "Zoë Lee")
        assert {line.kind for line in lines[1:]} == {"joined"}
