"""OneRoster files of both versions: staff are imported, pupils and their families never, and it is said how many were left out."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from course.people_import.rules.columns import guess_columns
from course.people_import.rules.matching import KnownPerson
from course.people_import.rules.parsing import parse_and_pack, parse_file
from course.people_import.rules.planning import ImportPlan, MappedRows, make_plan
from course.people_import.rules.preview import dump_preview, load_preview
from course.people_import.rules.table import Table, UnreadableError
from course.people_import.rules.team_paths import TeamPaths

TODAY = date(2026, 11, 29)
FIRST = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
)
FIRST += "identifier,email,sms,phone,agentSourcedIds,grades,password\n"
SECOND = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,"
SECOND += "phone,agentSourcedIds,grades,password,userMasterIdentifier,primaryOrgSourcedId,pronouns\n"
KNOWN = (KnownPerson(1, "Ida Holm", "ida@example.org", "S1", start=date(2020, 1, 1)),)


def user(
    name: str, role: str = "teacher", status: str = "active", modified: str = "2026-11-20T09:30:00.000Z", *,
    enabled: str = "true", email: str | None = None, number: str = "",
) -> str:  # fmt: skip
    """A row of users.csv in version 1.1."""
    mail = f"{name.lower()}@example.org" if email is None else email
    return f"u-{name},{status},{modified},{enabled},o1,{role},{name.lower()}.h,,{name},Holm,,{number},{mail},,0123,,07,geheim\n"


def second(name: str, status: str = "active", org: str = "o1") -> str:
    """A row of users.csv in version 1.2, which has no role."""
    moment = "2026-11-20T09:30:00.000Z"
    return f"u-{name},{status},{moment},true,{name.lower()}.h,,{name},Holm,,,{name.lower()}@example.org,,,,,geheim,,{org},she\n"


def zipped(**files: str) -> bytes:
    """A ZIP of CSV files, in a folder of its own as some systems write it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"export/{name}.csv", "\ufeff" + text)
    return made.getvalue()


def planned(table: Table) -> ImportPlan:
    columns = guess_columns(table.headings, {}, (), table)
    rows = MappedRows(table.rows, columns, table.bad, table.notes)
    return make_plan(rows, KNOWN, TeamPaths([(1, "Riverside School", None)]), TODAY)


def did(table: Table) -> list[tuple[str, str]]:
    """What each row does to whom."""
    return [(line.kind, line.who.partition(" ")[0]) for line in planned(table).lines]


@pytest.mark.parametrize(
    ("role", "imported"),
    [
        ("teacher", True),
        ("aide", True),
        ("administrator", True),
        ("siteAdministrator", True),
        ("PROCTOR", True),
        ('"teacher,parent"', True),
        ('"guardian, teacher"', True),
        ("student", False),
        ("Student", False),
        ('"student,aide"', False),
        ("guardian", False),
        ("parent", False),
        ("relative", False),
        ("", False),
        ("ext:governor", False),
    ],
)
def test_only_people_who_are_known_to_be_staff_are_imported(role: str, imported: bool) -> None:
    table = parse_file((FIRST + user("Ann", role) + user("Ida", "teacher", number="S1")).encode())
    assert [who for kind, who in did(table) if kind == "added"] == (["Ann"] if imported else [])
    assert len(table.notes) == (0 if imported else 1)


@pytest.mark.parametrize(
    ("status", "modified", "enabled", "kind", "words"),
    [
        ("active", "", "true", "unchanged", ""),
        ("", "", "", "unchanged", ""),
        ("tobedeleted", "2026-11-20T09:30:00.000Z", "true", "left", "Last day: 20 November 2026."),
        ("ToBeDeleted", "2026-11-20", "false", "left", "Last day: 20 November 2026."),
        ("tobedeleted", "", "true", "refused", "dateLastModified does not say since which day"),
        ("tobedeleted", "yesterday", "true", "refused", "dateLastModified does not say since which day"),
    ],
)
def test_who_is_to_be_deleted_is_a_leaver(status: str, modified: str, enabled: str, kind: str, words: str) -> None:
    text = FIRST + user("Ida", "teacher", status, modified, enabled=enabled, number="S1") + user("Bo")
    first, _bo = planned(parse_file(text.encode())).lines
    if kind == "unchanged":
        assert (first.kind, first.changes) == ("changed", frozenset({"correct"})), "their job role"
    else:
        assert first.kind == kind
        assert words in " ".join(first.notes)


def test_what_was_left_out_is_counted_and_nothing_of_it_is_stored() -> None:
    pupils = "".join(user(f"Pupil{letter}", "student") for letter in "abc")
    others = user("Gus", "guardian") + user("Off", enabled="false") + user("Ext", "ext:bus") + 'u-Broken,"a"b,student\n'
    text = (FIRST + pupils + others + user("Ann")).encode()
    table = parse_file(text)
    assert list(map(str, table.notes)) == [
        "4 pupils, guardians and other people who are not staff were left out.",
        "1 account that is turned off was left out.",
        "1 person was left out whose role is not one of staff: ext:bus.",
    ]
    assert [one.cells for one in table.bad] == [()], "it may be about a pupil"
    assert table.headings == (
        "sourcedId",
        "givenName",
        "familyName",
        "identifier",
        "email",
        "Sign-in name",
        "role",
        "Last day",
    )
    for word in ("Pupil", "Gus", "geheim", "0123", "Broken"):
        assert word not in repr(table), word
    assert parse_and_pack(text)
    preview = load_preview(dump_preview(planned(table)))
    assert list(map(str, preview.notes)) == list(map(str, table.notes)), "the preview says so too"


@pytest.mark.parametrize(
    ("email", "number", "column", "value"),
    [
        (None, "N7", "email", "ann@example.org"),
        (None, "N7", "staff_number", "N7"),
        ("", "N7", "sign_in_name", ""),
        ("", "", "sign_in_name", "ann.h"),
        (None, "", "job_role", "Teacher"),
        (None, "", "first_name", "Ann"),
        (None, "", "last_name", "Holm"),
        (None, "", "leaving", ""),
    ],
)
def test_the_names_of_its_columns_are_known(email: str | None, number: str, column: str, value: str) -> None:
    table = parse_file((FIRST + user("Ann", email=email, number=number) + user("Bo", number="N8")).encode())
    place = guess_columns(table.headings, {}, (), table)[column]
    assert table.rows[0][1][place] == value


def test_a_zip_says_who_is_staff_and_where_they_work() -> None:
    roles = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n"
    for number, (name, role, status) in enumerate(
        [("Ann", "teacher", "active"), ("Bo", "student", "active"), ("Ida", "principal", "tobedeleted"),
         ("Cy", "guardian", "active"), ("Di", "teacher", "active"), ("Di", "student", "tobedeleted")]
    ):  # fmt: skip
        roles += f"r{number},{status},,u-{name},primary,{role},,,o2,\n"
    orgs = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
    orgs += (
        "o1,active,,Riverside School,school,,\no2,active,,Hill School,school,,\no3,tobedeleted,,Old School,school,,\n"
    )
    users = SECOND + second("Ann") + second("Bo") + second("Cy") + second("Di", org="") + second("Zed")
    users += second("Ida", "tobedeleted", "o3")
    table = parse_file(zipped(users=users, roles=roles, orgs=orgs, enrollments="sourcedId\n", manifest="x,y\n"))
    team = table.headings.index("Team")
    assert {cells[1]: cells[team] for _, cells in table.rows} == {
        "Ann": "Riverside School",
        "Di": "Hill School",
        "Ida": "",
    }
    assert did(table) == [("added", "Ann"), ("added", "Di"), ("left", "Ida")]
    assert [str(note)[:9] for note in table.notes] == ["3 pupils,"]
    first = FIRST + user("Ann")
    assert parse_file(zipped(users=first)).rows == parse_file(first.encode()).rows


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ((SECOND + second("Ann")).encode(), "Upload the whole ZIP, in which roles.csv says it."),
        (zipped(users=SECOND + second("Ann")), "Upload the whole ZIP, in which roles.csv says it."),
        ((FIRST + user("Bo", "student")).encode(), "1 pupil, guardian or other person who is not staff was left out."),
        (zipped(other="a,b\n1,2\n"), "This Excel workbook cannot be read: it is another kind of file."),
        (zipped(users=FIRST + user("Ann"))[:-30], "This Excel workbook cannot be read: it is damaged."),
        (zipped(users=FIRST + user("Ann")).replace(b"u-Ann", b"u-Bob"), "This ZIP file is damaged or has a password."),
    ],
)
def test_a_roster_without_staff_or_that_does_not_say_who_is_staff_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        parse_file(data)
    assert words in str(refused.value)


def test_other_lists_are_read_as_before() -> None:
    text = "Id,Role,First name,Last name,Email\n1,student,Ann,Lee,ann@example.org\n"
    assert parse_file(text.encode()).headings == ("Id", "Role", "First name", "Last name", "Email")
