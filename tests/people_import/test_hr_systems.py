"""Lists of people of one kind with those that have gone wrong: headings of HR systems, notes above the list, names that
are written worse than here, one family at one address, and workbooks with merged cells and formulas."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from course.people_import.rules.character_damage import decoding_damage
from course.people_import.rules.columns import guess_columns
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.name_matching import is_reordered, is_worse_spelling, name_likeness
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.table import UnreadableError
from course.people_import.rules.team_paths import TeamPaths

BEGAN = date(2020, 1, 1)
KNOWN = (
    KnownPerson(1, "Mary Jones", "mary@example.org", "M1", start=BEGAN),
    KnownPerson(2, "María José García", "mj@example.org", None, start=BEGAN),
    KnownPerson(3, "Cara Voss", "cara@example.org", "00583", start=BEGAN),
    KnownPerson(4, "Ida Holm", "ida.holm@example.org", "L5", left=date(2026, 3, 1), start=BEGAN),
)
HEAD = "Staff number,First name,Last name,E-mail\n"


def lines(text: str) -> list[ImportLine]:
    table = parse_file(text.encode())
    columns = guess_columns(table.headings, {}, (), table)
    return list(make_plan(MappedRows(table.rows, columns, table.bad), KNOWN, TeamPaths([]), date(2026, 11, 28)).lines)


@pytest.mark.parametrize(
    ("row", "kind", "question", "words"),
    [
        # Two people of one family: the last name alone says nothing.
        (",Pete,Jones,mary@example.org", "asked", "name", "Is it the same person?"),
        (",P,Jones,mary@example.org", "asked", "name", "Is it the same person?"),
        ("P9,Pete,Jones,mary@example.org", "refused", "", "staff number M1, Mary Jones"),
        ("M1,Pete,Jones,pete@example.org", "asked", "name", "the name and address in this row are different"),
        ("583,Di,Voss,di@example.org", "asked", "zeros", "This may be Cara Voss"),
        # Somebody who left has this name, and is here again with another number and another address, or is another person.
        ("L9,Ida,Holm,new@example.org", "asked", "twin", "Ida Holm (ida.holm@example.org) left on 1 March 2026."),
        # A new last name, an initial, a middle name.
        (",Mary,Brown,mary@example.org", "changed", "", "Mary Jones → Mary Brown"),
        (",M,Jones,mary@example.org", "changed", "", "Mary Jones → M Jones"),
        (",Mary Ann,Jones,mary@example.org", "changed", "", "Mary Jones → Mary Ann Jones"),
        # What is written worse than here changes nothing, and what is exchanged is asked about.
        ("M1,MARY,JONES,mary@example.org", "unchanged", "", "The name stays as it is here: Mary Jones."),
        ("M1,Mrs Mary,Jones,mary@example.org", "unchanged", "", "The name stays"),
        (",Maria Jose,Garcia,mj@example.org", "unchanged", "", "stays as it is here: María José García."),
        ("M1,Jones,Mary,mary@example.org", "asked", "order", "in another order"),
        ("M1,\u00a0Mary\u00a0,Jones \u200b,\u00a0Mary@example.org\u00a0", "unchanged", "", ""),
        # Numbers that are none, and look-alikes in them.
        ("1.23E+05,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ("417.0,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ("10-Nov,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ("Mar-04,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ("10/11/2025,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ("2025-11-10,Ida,Beck,ida@example.org", "asked", "changed-number", "a spreadsheet"),
        ('"12,345",Ida,Beck,ida@example.org', "asked", "changed-number", "a spreadsheet"),
        ('"00,583",Cara,Voss,cara@example.org', "asked", "zeros", "00,583 may be the same"),
        ("10-11,Ida,Beck,ida@example.org", "added", "", ""),
        ("MAR-0417,Ida,Beck,ida@example.org", "added", "", ""),
        ("12E3,Ida,Beck,ida@example.org", "added", "", ""),
        ("\u04251,Ida,Beck,ida@example.org", "asked", "alike", "Cyrillic"),
        ("'00583,Cara,Voss,cara@example.org", "unchanged", "", ""),
        ('"=""00583""",Cara,Voss,cara@example.org', "unchanged", "", ""),
        # Names as they would be on a certificate.
        ("Z1,Ida,BECK,ida@example.org", "asked", "spelling", "“Ida BECK” would be corrected to “Ida Beck”"),
        ("Z1,ida,beck,ida@example.org", "asked", "spelling", "“ida beck” would be corrected to “Ida Beck”"),
        ("Z1,Ida,Beck III,ida@example.org", "added", "", ""),
        ("Z1,Ida,Beck (on leave),ida@example.org", "asked", "sign", "has a “(” in it"),
        ("Z1,Ida,Beck - Agency,ida@example.org", "asked", "sign", "has a “-” in it"),
        ("Z1,Ida,Beck*,ida@example.org", "asked", "sign", "“*”"),
        ("Z1,Ida,Beck-Hill,ida@example.org", "added", "", ""),
        ("Z1,Ida Beck,Ida Beck,ida@example.org", "asked", "repeated", "repeats something"),
        ("Z1,Ida Beck,Beck,ida@example.org", "asked", "repeated", "repeats something"),
        ("Z1,Ali,Ali,ali@example.org", "added", "", ""),
        # Addresses with what programs write around them.
        ("M1,Mary,Jones,mailto:mary@example.org", "unchanged", "", ""),
        ("M1,Mary,Jones,Mary Jones <mary@example.org>;", "unchanged", "", ""),
        ("M1,Mary,Jones,mary@example.org; m@home.example", "refused", "", "not an e-mail address"),
    ],
)
def test_one_word_in_common_makes_nobody_another_and_a_worse_spelling_changes_nothing(
    row: str, kind: str, question: str, words: str
) -> None:
    (line,) = lines(f"{HEAD}{row}\n")
    assert (line.kind, line.question.kind if line.question else "") == (kind, question), line
    assert words in " ".join(line.notes)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Jane Smith", "Pete Smith", "family"), ("Jane Smith", "J Smith", "like"), ("P. Smith", "Jane Smith", "family"),
        ("Dr Jane Smith", "Pete Smith", "family"), ("Robert James Hall", "James Hall", "like"),
        ("Mary Jones", "Brown Mary", "like"), ("Kath Moss", "Katherine Moss", "like"), ("Smith", "Jane Smith", "like"),
    ],
)  # fmt: skip
def test_a_last_name_in_common_is_a_family(one: str, other: str, expected: str) -> None:
    assert name_likeness(one, other) == name_likeness(other, one) == expected


@pytest.mark.parametrize(
    ("new", "old", "worse"),
    [
        ("ANN LEE", "Ann Lee", True), ("ann lee", "Ann Lee", True), ("Ann Lee", "ANN LEE", False),
        ("Lee, Ann", "Ann Lee", True), ("Zoe Lee", "Zoë Lee", True), ("Zoë Lee", "Zoe Lee", False),
        ("Ann ONeill", "Ann O’Neill", True), ("Ann O’Neill", "Ann ONeill", False), ("Dr Ann Lee", "Ann Lee", True),
        ("Ann LEE", "Ann Lee", True), ("Ann Lee", "Ann LEE", False), ("Ann Lee", "Dr Ann Lee", False),
        ("Ann Hill", "Ann Lee", False), ("Ann Lee", "Ann Lee", False),
    ],
)  # fmt: skip
def test_a_name_is_written_worse_where_it_lacks_what_the_other_has(new: str, old: str, worse: bool) -> None:
    assert is_worse_spelling(new, old) == worse


def test_names_are_turned_round_where_the_words_are_the_same() -> None:
    assert [is_reordered(new, "Ann Lee") for new in ("Lee Ann", "Dr Lee Ann", "Ann Lee", "Ann Hill")] == [
        True, True, False, False
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("headings", "row", "expected"),
    [
        ("Staff Code|Legal Forename|Preferred Forename|Legal Surname|Work Email|Home Email|Start Date",
         "K1|Ann||Cole|a@x.org|h@y.org|01/09/2020", "staff_number first_name - last_name email - start"),
        ("Staff ID|Title|Forename|Chosen Surname|Email|Date of Arrival", "1|Mrs|Ann|Cole|a@x.org|01/09/2020",
         "staff_number - first_name last_name email start"),
        ("Personal reference|Surname|Forename|Org unit name|Position start date|Contact email",
         "1|Cole|Ann|Care|01/09/2020|a@x.org", "staff_number last_name first_name team - email"),
        ("Employee ID|Worker|Legal Name - First Name|Legal Name - Last Name|Email - Primary Work",
         "1|Ann Cole (On Leave)|Ann|Cole|a@x.org", "staff_number - first_name last_name email"),
        ("Person Number|Display Name|First Name|Last Name|Work E-mail|Legal Employer Hire Date",
         "1|Cole, Ann|Ann|Cole|a@x.org|2020-09-01", "staff_number - first_name last_name email start"),
        ("Employee Number|Employee|Preferred Name|Work Email", "1|Cole, Ann|Annie|a@x.org", "staff_number name - email"),
        ("Name|Known as|Email", "Ann Cole||a@x.org", "name - email"),
        ("Employee ID|Legal First Name|Legal Last Name|Preferred Name|Primary Work Email|Hire Date",
         "1|Ann|Cole|Annie Cole|a@x.org|2020-09-01-07:00", "staff_number first_name last_name - email start"),
        ("Preferred First Name|Preferred Last Name|Legal First Name|Legal Last Name|Work Email", "Annie|Fox|Ann|Cole|a@x.org",
         "first_name last_name - - email"),
        ("SURNAME|FORENAME1|FORENAME2|KNOWN AS|POSITION NAME|EMAIL ADDRESS", "Cole|Ann|May||Carer|a@x.org",
         "last_name first_name - - job_role email"),
        ("Establishment|Payroll No|Payroll Name|Date Appointed|C2k Email", "North|K1|Cole, Ann|01/09/2020|a@x.org",
         "team staff_number name start email"),
        ("Vorname|Nachname|E-Mail|Einstellungsdatum|Vertragsende", "Ann|Cole|a@x.org|01.09.2020|31.08.2027",
         "first_name last_name email start leaving"),
        ("Name|Email|Start|Started|Left", "Ann Cole|a@x.org|Y|01/09/2020|N", "name email - start -"),
        # What is called alike and is something else.
        ("Name|Email|Contact number|Probation end date|DBS expiry date|Line manager name",
         "Ann Cole|a@x.org|01632960101|01/09/2020|01/09/2027|Bo Fox", "name email - - - -"),
        ("Name|Reports to|Login", "Ann Cole|boss-of-a@x.org|a@x.org", "name - email"),
        ("Headteacher email|Name|Staff number|School", "h-a@x.org|Ann Cole|K1|North", "- name staff_number team"),
        ("Mentor e-mail|HR contact email|E-bost pennaeth|Name|Staff number", "m-a@x.org|i-a@x.org|p-a@x.org|Ann Cole|K1",
         "- - - name staff_number"),
        ("Name|No.|Email", "Ann Cole|07700 900123|a@x.org", "name - email"),
        ("Name|Email|FTE|Number", "Ann Cole|a@x.org|60%|0.6", "name email - -"),
        ("Name|No.|Email", "Ann Cole|00417|a@x.org", "name staff_number email"),
        ("Name|Email|Home|Work", "Ann Cole|a@x.org|01632 960101|+44 1632 960102", "name email - -"),
        ("Name|Email|Expiry date|Provider", "Ann Cole|a@x.org|01/09/2027|An Agency", "name email - -"),
        ("Date of birth|Name|Email|Dyddiad geni|Geburtsdatum", "01/09/1980|Ann Cole|a@x.org|01/09/1980|01.09.1980",
         "- name email - -"),
        # A day on which a contract ends beside the day on which somebody leaves.
        ("Name|Email|Contract end date|Leaving Date", "Ann Cole|a@x.org|31/08/2027|", "name email - leaving"),
        ("Name|Email|Fixed term to|End of contract", "Ann Cole|a@x.org|31/08/2027|31/08/2027", "name email - leaving"),
        # Names in one column and in two.
        ("Name|Surname|E-mail", "Ann|Cole|a@x.org", "first_name last_name email"),
        ("Initials|Name|Surname|E-mail", "A|Ann Cole|Cole|a@x.org", "- name last_name email"),
        ("First|Last|Email", "Ann|Cole|a@x.org", "first_name last_name email"),
        ("Surname, Forename|Email|Start date (dd/mm/yyyy)", "Cole, Ann|a@x.org|01/09/2020", "name email start"),
        ("Nachname/Vorname|E-Mail|Eintritt", "Cole, Ann|a@x.org|01.09.2020", "name email start"),
        ("Last name First name|E-Mail", "Cole Ann|a@x.org", "- email"),
        ("Preferred Name|Legal Name|E-mail", "Annie|Ann Cole|a@x.org", "- name email"),
        ("Known as|Name|E-mail", "Annie|Ann Cole|a@x.org", "- name email"),
        ("Worker|Email - Work|Cost Center - Name|Line Manager: Name|Hire Date", "Ann Cole|a@x.org|North|Bo Fox|01/09/2020",
         "name email team - start"),
        ("Team / Name|Manager - First name|Manager - Surname|Employee / Name|E-mail", "North|Bo|Fox|Ann Cole|a@x.org",
         "team - - name email"),
        # More of Welsh, of SAP, of directories, and of people who type.
        ("givenName|sn|mail", "Ann|Cole|a@x.org", "first_name last_name email"),
        ("Name of staff member|E-mail|Pay Ref|HIRE_DT|TERMINATION_DT", "Ann Cole|a@x.org|K1|01/09/2020|",
         "name email staff_number start leaving"),
        ("Vor- und Nachname|E-Mail|Einsatzort", "Ann Cole|a@x.org|North", "name email team"),
        ("Enw cyntaf|Enw olaf|E-bost gwaith|Dyddiad cychwyn|Dyddiad gorffen cyflogaeth",
         "Ann|Cole|a@x.org|01/09/2020|", "first_name last_name email start leaving"),
        ("Pers.No.|Person|E-Mail|Entry|Leaving", "17|Ann Cole|a@x.org|01.09.2020|31.12.9999",
         "staff_number name email start leaving"),
        ("Employee's number|NAME:|E-MAIL:|START OF EMPLOYMENT|EXIT DATE", "K1|Ann Cole|a@x.org|01/09/2020|",
         "staff_number name email start leaving"),
    ],
)  # fmt: skip
def test_headings_of_hr_systems_are_known(headings: str, row: str, expected: str) -> None:
    rows = [row.replace("a@", f"{letter}@") for letter in "abc"]
    table = parse_file("\n".join([headings, *rows]).replace("|", "\t").encode())
    found = {index: field for field, index in guess_columns(table.headings, {}, (), table).items()}
    assert " ".join(found.get(index, "-") for index in range(len(headings.split("|")))) == expected


@pytest.mark.parametrize(
    "above",
    [
        "",
        "Staff list\n",
        "Report:,Staff list\nDate:,01/09/2026\n",
        "Prepared by,HR,Training\n\n",
        "Team,North\nPage,1\n",
    ],
)
def test_the_headings_are_found_below_notes(above: str) -> None:
    found = parse_file(f"{above}Staff number,Name,E-mail\n1,Bo Lee,bo@example.org\n2,Cy Fox,cy@example.org\n".encode())
    assert found.headings == ("Staff number", "Name", "E-mail")
    assert len(found.rows) == 2


@pytest.mark.parametrize(
    ("row", "is_person"),
    [
        ("Page 1 of 3,,", False), ("Total,,2", False), ("Total staff: 2,,", False), ("*** End of report ***,,", False),
        ("Total FTE,,1.8", False), ("Sum,,1.8", False), ("2 staff,,", False), ("Number of staff: 2,,", False),
        ("Total: 2 employees,,", False), ("Average,0.9,", False), ("2 Staff Road,,", True), ("Sum,Ann Lee,", True),
        ("(2 rows affected)", False), ("Report generated on 30/11/2026 by HR,,", False), ("Count: 2", False),
        ("STAFF NUMBER,NAME,E-MAIL", False), ("Staff number,Name,E-mail,", False), ("Seite 1 von 3", False),
        # Somebody without an address, a heading of a part, and a person of that name are not left out unseen.
        ("Jo Page,,", True), ("House 3,,", True), ("Total,Jo Page,jo@example.org", True), ("2,Jo Page,", True),
    ],
)  # fmt: skip
def test_headings_and_footers_of_pages_between_people_are_left_out(row: str, is_person: bool) -> None:
    found = parse_file(
        f"Staff number,Name,E-mail\nK1,Bo Lee,bo@example.org\n{row}\nK2,Cy Fox,cy@example.org\n".encode()
    )
    assert (len(found.rows), found.bad) == (2 + is_person, ())


def test_a_list_without_headings_loses_nobody_it_is_refused() -> None:
    with pytest.raises(UnreadableError, match="Line 1 has a person"):
        parse_file(b"Bo Lee,bo@example.org,North\nCy Fox,cy@example.org,North\n")


@pytest.mark.parametrize("name", ["Zoë Lee", "Ana Núñez", "José Lee", "Liam O’Neill", "Jürgen Groß"])
def test_a_list_of_an_old_mac_is_asked_about(name: str) -> None:
    table = parse_file(f"Name,Email\n{name},a@example.org\n".encode("mac-roman"))
    found = make_plan(MappedRows(table.rows, {"name": 0, "email": 1}), (), TeamPaths([]), date(2026, 11, 28)).lines
    assert [line.kind for line in found] == ["asked"], found


@pytest.mark.parametrize("name", ["Ann Smith–Jones", "Liam O‘Neill", "Núria Col·lell", "Ana de la Ó", "IÑAKI NÚÑEZ"])
def test_signs_that_names_have_are_none_of_a_mac(name: str) -> None:
    assert decoding_damage(name) is None


def workbook(fill: Callable[[Any], None]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    fill(book.active)
    book.save(file)
    return file.getvalue()


def test_a_cell_that_is_merged_over_several_people_is_about_all_of_them() -> None:
    def fill(sheet: Any) -> None:
        for row in (["Name", "Email", "Team"], ["Bo Lee", "bo@example.org", "North"], ["Cy Fox", "cy@example.org", None],
                    [], ["Di Ray", "di@example.org", None], ["Ed Roe", "ed@example.org", None]):  # fmt: skip
            sheet.append(row)
        sheet.merge_cells("C2:C5")

    found = parse_file(workbook(fill))
    assert [cells[0] + (" " + cells[2] if len(cells) > 2 else "") for _, cells in found.rows] == [
        "Bo Lee North", "Cy Fox North", "Di Ray North", "Ed Roe"
    ]  # fmt: skip


def test_a_formula_that_was_never_worked_out_is_said_and_not_taken_for_nothing() -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Name", "Email", "Last day"])
        sheet.append(["Bo Lee", "bo@example.org", "=DATE(2026,9,1)"])

    with pytest.raises(UnreadableError, match="The cell C2 has a formula that has not been worked out"):
        parse_file(workbook(fill))


@pytest.mark.parametrize(
    ("shape", "seen"),
    [("00000", "00417"), ('"E"00000', "E00417"), ("000-000", "000-417"), ("0", "417"), ("00", "417"), ("00000;-00000", "00417"),
     ("General", "417"), ("0.00", "417"), ('0" people"', "417 people"), ("\\K0000", "K0417"), ("#,##0", "417")],
)  # fmt: skip
def test_a_number_is_read_in_the_format_in_which_it_is_seen(shape: str, seen: str) -> None:
    def fill(sheet: Any) -> None:
        sheet.append(["Number", "Email"])
        sheet.append([417, "bo@example.org"])
        sheet["A2"].number_format = shape

    assert parse_file(workbook(fill)).rows[0][1][0] == seen


def test_a_certificate_that_ends_on_the_day_of_its_completion_is_refused_and_stops_no_list() -> None:
    head = "Name,Email,Completed,Expires\n"
    rows = "Ida Beck,ida@example.org,01/05/2026,01/05/2026\nBo Fox,bo@example.org,01/05/2026,02/05/2026\n"
    first, second = lines(head + rows)
    assert (first.kind, second.kind) == ("refused", "added")
    assert "must end after the day" in first.notes[0]
