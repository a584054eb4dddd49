"""Parsing of files, mapping of columns, and plans of rows."""

from __future__ import annotations

from datetime import date

import pytest

from course.people_import.rules.columns import guess_columns, mapping_error
from course.people_import.rules.date_formats import InvalidDayError, read_day, read_last_day
from course.people_import.rules.matching import ImportCertificate, KnownPerson
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import ImportLine, MappedRows, make_plan
from course.people_import.rules.preview import dump_preview, load_preview
from course.people_import.rules.table import UnreadableError
from course.people_import.rules.team_paths import AmbiguousTeamError, TeamPaths

TODAY = date(2026, 11, 22)
LIST = "E-mail;Name;Team\nann@example.org;Ann Lée;North\n"


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode(),
        LIST.encode("utf-8-sig"),
        LIST.encode("cp1252"),
        LIST.encode("utf-16"),
        LIST.encode("utf-16-le"),
        LIST.encode("utf-16-be"),
        b"\xfe\xff" + LIST.encode("utf-16-be"),
        LIST.replace(";", ",").encode(),
        LIST.replace(";", "\t").encode(),
        LIST.replace(";", "|").encode(),
        LIST.replace(";", "^").encode(),
        LIST.replace(";", "~").encode(),
        ("sep=^\n" + LIST.replace(";", "^")).encode(),
        LIST.replace("\n", "\r\n").encode(),
        LIST.replace("\n", "\r").encode(),
        ("sep=;\r\n" + LIST).encode(),
        ("\n\n" + LIST + ";;\n\n").encode(),
        ("Staff as at 23 November 2026\n\n" + LIST).encode(),
        ("Staff, all sites;;\n;;\nPrinted 23/11/2026;;\n" + LIST).encode(),
    ],
)  # fmt: skip
def test_a_list_is_read_whatever_program_wrote_it(data: bytes) -> None:
    found = parse_file(data)
    assert found.headings == ("E-mail", "Name", "Team")
    assert [cells for _, cells in found.rows] == [("ann@example.org", "Ann Lée", "North")]


def test_quoted_lines_and_separators_stay_in_their_cell_and_lines_keep_their_number() -> None:
    found = parse_file(b'Email,Name,Note\na@example.org,"Lee, Ann","two\nlines"\n\nb@example.org,"Bo ""B"" Lee",x\n')
    assert found.rows == (
        (2, ("a@example.org", "Lee, Ann", "two lines")),
        (5, ("b@example.org", 'Bo "B" Lee', "x")),
    )


def test_a_comma_in_every_name_does_not_pass_for_the_separator() -> None:
    found = parse_file(b"Email;Name\na@example.org;Lee, Ann\nb@example.org;Lee, Bo\n")
    assert found.headings == ("Email", "Name")
    below_title = parse_file(b"School;North\nEmail;Name;Team\na@example.org;Lee, Ann;A\nb@example.org;Lee, Bo;A\n")
    assert below_title.rows == ((3, ("a@example.org", "Lee, Ann", "A")), (4, ("b@example.org", "Lee, Bo", "A")))


def test_headings_that_are_empty_or_twice_can_be_told_apart() -> None:
    assert parse_file(b"Date,,Date,\n1,2,3,4\n").headings == ("Date", "Column 2", "Date (2)", "Column 4")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"Email,Name\n", "only one line"),
        (b" <html><table>\n<tr><td>Name</td></tr>", "web page"),
        (b"PK\x03\x04 and so on", "Excel workbook"),
        (b"Email,Name\n\x00\x01\x02", "not a text file"),
        (b"PK\x03\x04 and so on", "damaged"),
        (b'"Email,Name\na@example.org,Ann\n', "Line 1: A quotation mark is missing"),
        (b",".join(b"c%d" % number for number in range(201)) + b"\nx,y\n", "201 columns"),
    ],
)
def test_an_unreadable_file_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        parse_file(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("12/02/2027", date(2027, 2, 12)),
        ("12.02.2027", date(2027, 2, 12)),
        ("1-2-2027", date(2027, 2, 1)),
        ("12 Feb 2027", date(2027, 2, 12)),
        ("12-February-2027", date(2027, 2, 12)),
        ("2027-02-12", date(2027, 2, 12)),
        ("2027-02-12T00:00:00", date(2027, 2, 12)),
        ("12/02/2027 00:00", date(2027, 2, 12)),
        ("12/2/2027 0:00", date(2027, 2, 12)),
        ("12/02/2027 09:30:05", date(2027, 2, 12)),
        ("12/02/2027, 9:30 PM", date(2027, 2, 12)),
        ("2027-02-12T23:35:10.123+01:00", date(2027, 2, 12)),
        ("2027/02/12", date(2027, 2, 12)),
        ("20270212", date(2027, 2, 12)),
        ("1st February 2027", date(2027, 2, 1)),
        ("Friday, 12 February 2027", date(2027, 2, 12)),
        ("-", None),
        ("N/A", None),
        ("29/02/2028", date(2028, 2, 29)),
    ],
)
def test_days_are_read_the_day_first(text: str, expected: date | None) -> None:
    assert read_day(text, "First day") == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("46065", "Excel counts days"),
        ("46065.5", "Excel counts days"),
        ("02/28/2027", "The day comes first"),
        ("29/02/2027", "no such day"),
        ("20271302", "no such day"),
        ("12021999", "cannot be right"),
        ("31/12/9999", "cannot be right"),
        ("12/02/0227", "cannot be right"),
        ("soon", "not a day"),
        ("12 Foo 2027", "no such day"),
    ],
)
def test_what_is_no_day_says_why_and_in_which_column(text: str, words: str) -> None:
    with pytest.raises(InvalidDayError, match=rf"First day: .*{words}|First day: {words}"):
        read_day(text, "First day")


@pytest.mark.parametrize("text", ["31/12/9999", "31.12.9999", "9999-12-31", "99991231", "9999-12-31T00:00:00", "-"])
def test_the_last_day_of_somebody_who_stays_is_none(text: str) -> None:
    assert read_last_day(text, "Last day") is None
    assert read_last_day("12/02/2027", "Last day") == date(2027, 2, 12)


def test_columns_are_guessed_from_their_headings() -> None:
    headings = ["Employee ID", "First Name", "Surname", "Work e-mail", "Department", "Start Date", "Role"]
    assert guess_columns(headings, {}) == {
        "staff_number": 0, "first_name": 1, "last_name": 2, "email": 3, "team": 4, "start": 5, "job_role": 6,
    }  # fmt: skip


def test_the_mapping_of_an_earlier_list_comes_before_known_headings() -> None:
    assert guess_columns(["Email", "Private e-mail", "Name"], {"email": "Private e-mail"})["email"] == 1
    assert guess_columns(["Email", "Name"], {"email": "Gone"})["email"] == 0


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"name": 0}, "email"),
        ({"email": 0}, "name"),
        ({"email": 0, "first_name": 1}, "name"),
        ({"email": 0, "name": 1, "issuer": 2}, "completed"),
        ({"email": 0, "name": 0}, "name"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused(columns: dict[str, int], field: str) -> None:
    found = mapping_error(columns)
    assert found is not None
    assert found[0] == field


def test_a_choice_of_columns_that_can_be_is_accepted() -> None:
    assert mapping_error({"email": 0, "first_name": 1, "last_name": 2}) is None


TEAMS = [(1, "Trust", None), (2, "North", 1), (3, "House 3", 2), (4, "South", 1), (5, "House 3", 4), (6, "Kitchen", 4)]


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        (("Trust", "North"), None, 2),
        (("north", "HOUSE 3"), None, 3),
        (("North", "House 3"), 1, 3),
        (("Kitchen",), None, 6),
        (("House 3",), 4, 5),
        (("North", "House 4"), 1, ("Trust", "North", "House 4")),
        (("West",), 1, ("Trust", "West")),
        (("West", "House 1"), None, ("West", "House 1")),
    ],
)  # fmt: skip
def test_a_path_leads_to_a_team_or_to_a_new_one(
    path: tuple[str, ...], base: int | None, expected: int | tuple[str, ...]
) -> None:
    assert TeamPaths(TEAMS, base).find(path) == expected


def test_a_name_that_several_teams_have_is_refused() -> None:
    with pytest.raises(AmbiguousTeamError, match="Trust > North > House 3"):
        TeamPaths(TEAMS).find(("House 3",))


def test_new_teams_come_once_and_each_after_the_one_above_it() -> None:
    team_paths = TeamPaths(TEAMS, 1)
    for path in (("West", "House 1"), ("west", "house 1"), ("West",), ("West", "House 2")):
        team_paths.find(path)
    assert team_paths.new == [("Trust", "West"), ("Trust", "West", "House 1"), ("Trust", "West", "House 2")]


SAM = KnownPerson(1, "Sam Okafor", "sam@example.org", "S1", teams=frozenset({2}), start=date(2020, 1, 1))
GONE = KnownPerson(2, "Kim Else", "kim@example.org", left=date(2026, 3, 1), start=date(2020, 1, 1))
BOSS = KnownPerson(3, "Alex Morgan", "alex@example.org", administrator=True, start=date(2020, 1, 1))


def plan_lines(*rows: str, known: tuple[KnownPerson, ...] = (SAM, GONE, BOSS)) -> list[ImportLine]:
    """What rows such as 'email=…; name=…' would do."""
    names = (
        "email",
        "name",
        "staff_number",
        "team",
        "role",
        "pathway",
        "start",
        "leaving",
        "completed",
        "valid_until",
        "issuer",
    )
    cells = []
    for number, row in enumerate(rows, 2):
        said = dict(part.strip().split("=", 1) for part in row.split(";") if part.strip())
        cells.append((number, [said.get(name, "") for name in names]))
    columns = {name: index for index, name in enumerate(names)}
    return list(make_plan(MappedRows(cells, columns), known, TeamPaths(TEAMS), TODAY).lines)


GUARDED = [
    (KnownPerson(4, "Alex Morgan", "alex@example.org", "S4", start=date(2020, 1, 1), administrator=True), "refused"),
    (KnownPerson(4, "Alex Morgan", "alex@example.org", "S4", start=date(2020, 1, 1), auditor=True), "refused"),
    (KnownPerson(4, "Alex Morgan", "alex@example.org", "S4", start=date(2020, 1, 1)), "changed"),
]


@pytest.mark.parametrize(("person", "kind"), GUARDED)
def test_no_list_changes_the_address_of_somebody_who_may_see_more_than_hr(person: KnownPerson, kind: str) -> None:
    (line,) = plan_lines("email=mine@example.org; name=Alex Morgan; staff_number=S4", known=(person,))
    assert line.kind == kind
    (same,) = plan_lines("email=alex@example.org; name=Alex Morgan; staff_number=S4; pathway=clubs", known=(person,))
    assert same.kind == "changed"
    (leaving,) = plan_lines("email=alex@example.org; name=Alex Morgan; leaving=2026-03-01", known=(person,))
    assert (leaving.kind == "refused") == (kind == "refused")


ROWS = [
    ("email=new@example.org; name=Ann Lee; team=Trust > North", "added", "Team: Trust > North."),
    ("email=new@example.org; name=Ann Lee; team=West; role=Manager", "added", "Manager of: West."),
    ("email=new@example.org; name=Ann Lee; pathway=Early years", "added", "Pathway: Early years."),
    ("email=new@example.org; name=Ann Lee; start=1/2/27", "added", "First day: 1 February 2027."),
    ("email=new@example.org; name=Ann Lee; completed=1/5/2026; issuer=Elsewhere", "added", "of 1 May 2026 (Elsewhere)"),
    ("email=new@example.org; name=Ann Lee; leaving=1/5/2026", "unchanged", "Has already left"),
    (
        "email=new@example.org; name=Ann Lee; leaving=1/5/2027",
        "added",
        "Last day: 1 May 2027. Until then nothing changes",
    ),
    ("email=new@example.org", "refused", "The name is missing."),
    ("email=new@example.org; name=Ann Lee; role=manager", "refused", "A manager needs a team."),
    ("email=new@example.org; name=Ann Lee; role=Teacher", "refused", "no role “Teacher”"),
    ("email=new@example.org; name=Ann Lee; role=Administrator", "refused", "cannot make anyone an administrator"),
    ("email=new@example.org; name=Ann Lee; team=House 3", "refused", "several teams"),
    ("email=new@example.org; name=Ann Lee; pathway=Plumbing", "refused", "no pathway “Plumbing”"),
    ("email=new@example.org; name=Ann Lee; start=46065", "refused", "First day: 46065"),
    ("email=new@example.org; name=Ann Lee; start=2/5/2026; leaving=1/5/2026", "refused", "before the first day"),
    ("email=new@example.org; name=Ann Lee; completed=1/5/2027", "refused", "in the future"),
    ("email=new@example.org; name=Ann Lee; completed=1/5/2026; valid_until=1/4/2026", "refused", "must end after"),
    ("email=new@example.org; name=Ann Lee; valid_until=1/4/2027", "refused", "no completion day"),
    ("email=new@example.org; name=Ann Lee; completed=1/5/1989", "refused", "before 1990"),
    ("email=new@example.org; name=Ann Lee; completed=1/5/2026; valid_until=1/5/2037", "refused", "more than ten years"),
    ("email=nobody; name=Ann Lee", "refused", "“nobody” is not an e-mail address"),
    ("name=Ann Lee", "refused", "The e-mail address is missing."),
    ("email=SAM@example.org; name=Sam Okafor; staff_number=S1; team=North", "unchanged", ""),
    ("email=sam@example.org", "unchanged", ""),
    ("email=sam@example.org; name=Sam Lee", "changed", "Name: Sam Okafor → Sam Lee."),
    ("email=new@example.org; staff_number=S1", "changed", "Address: sam@example.org → new@example.org."),
    ("email=sam@example.org; team=Kitchen", "changed", "Team: Trust > North → Trust > South > Kitchen."),
    ("email=sam@example.org; staff_number=S2", "refused", "belongs to staff number S1, Sam Okafor"),
    ("email=kim@example.org; staff_number=S1", "refused", "belongs to Sam Okafor (sam@example.org), but"),
    ("email=alex@example.org; staff_number=A1", "changed", "Staff number: none → A1."),
    ("email=sam@example.org; leaving=1/5/2026", "left", "Last day: 1 May 2026."),
    ("email=sam@example.org; leaving=1/5/2026; team=West", "left", "Last day: 1 May 2026."),
    ("email=sam@example.org; leaving=22/11/2026", "left", "Last day: 22 November 2026."),
    ("email=sam@example.org; leaving=23/11/2026", "changed", "Until then nothing changes"),
    ("email=sam@example.org; leaving=23/11/2029", "unchanged", "more than a year away"),
    ("email=sam@example.org; leaving=1/5/2019", "refused", "before 1 January 2020"),
    ("email=alex@example.org; leaving=1/5/2026", "refused", "is an administrator"),
    ("email=kim@example.org; leaving=1/3/2026", "unchanged", "Left on 1 March 2026."),
    ("email=kim@example.org", "refused", "give a later first day"),
    ("email=kim@example.org; start=1/9/2020", "refused", "give a later first day"),
    ("email=kim@example.org; start=1/9/2026; team=Kitchen", "back", "Back from 1 September 2026 on."),
    ("email=kim@example.org; start=1/9/2027", "unchanged", "Left on 1 March 2026."),
]


@pytest.mark.parametrize(("row", "kind", "words"), ROWS)
def test_what_a_row_would_do(row: str, kind: str, words: str) -> None:
    (line,) = plan_lines(row)
    assert line.kind == kind, line.notes
    assert words in " ".join(line.notes)


def test_no_team_is_added_for_somebody_who_leaves() -> None:
    made = make_plan(
        MappedRows([(2, ["sam@example.org", "West", "1/5/2026"])], {"email": 0, "team": 1, "leaving": 2}),
        [SAM],
        TeamPaths(TEAMS),
        TODAY,
    )
    assert made.new_teams == ()


def test_people_missing_from_the_list_are_named_unless_they_have_left() -> None:
    made = make_plan(MappedRows([(2, ["sam@example.org"])], {"email": 0}), [SAM, GONE, BOSS], TeamPaths([]), TODAY)
    assert made.missing == (BOSS,)


def test_an_earlier_certificate_is_recorded_once() -> None:
    row = "email=sam@example.org; completed=1/5/2026; valid_until=1/5/2027; issuer=Elsewhere"
    (line,) = plan_lines(row)
    assert line.row_data.certificate == ImportCertificate(date(2026, 5, 1), date(2027, 5, 1), "Elsewhere")
    assert line.kind == "changed"
    knows = KnownPerson(1, "Sam Okafor", "sam@example.org", certificates=frozenset({date(2026, 5, 1)}))
    assert plan_lines(row, known=(knows,))[0].kind == "unchanged"


def test_the_fingerprint_changes_with_the_plan() -> None:
    rows = [(2, ["sam@example.org", "Sam Lee"])]
    columns = {"email": 0, "name": 1}
    first = make_plan(MappedRows(rows, columns), [SAM], TeamPaths([]), TODAY)
    assert make_plan(MappedRows(rows, columns), [SAM], TeamPaths([]), TODAY).fingerprint == first.fingerprint
    assert make_plan(MappedRows(rows, columns), [], TeamPaths([]), TODAY).fingerprint != first.fingerprint


def test_a_preview_says_what_the_plan_says() -> None:
    made = make_plan(
        MappedRows([(2, ["sam@example.org", "Sam Lee"]), (3, ["x", "y"])], {"email": 0, "name": 1}),
        [SAM, BOSS],
        TeamPaths([]),
        TODAY,
    )
    found = load_preview(dump_preview(made))
    assert found.counts == {"refused": 1, "changed": 1}
    assert [row.number for row in found.of("")] == [3, 2]
    assert found.missing == ("Alex Morgan (alex@example.org)",)
    assert found.does_something
    assert len(list(found.table())) == 4
