"""The staff in OneRoster files, which school systems export: users.csv alone, or the ZIP with roles.csv and orgs.csv beside it.

Such a file is full of pupils and their families. Whoever is not known to be staff is left out when the file is read, before
anything is stored, and so is every column that is not needed. Version 1.1: https://www.imsglobal.org/oneroster-v11-final-csv-tables,
version 1.2: https://www.imsglobal.org/spec/oneroster/v1p2.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath

from course.people_import.rules.headings import normalise_heading
from course.people_import.rules.table import BadRow, Table, UnreadableError
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext

_MARKS = frozenset({"sourcedid", "givenname", "familyname"})  # the columns by which a users.csv is known
# The roles of people who work in a school, of both versions, and those of everybody else.
_STAFF = frozenset(
    {"administrator", "aide", "counselor", "districtadministrator", "principal", "proctor", "siteadministrator",
     "systemadministrator", "teacher"}
)  # fmt: skip
_NEVER = frozenset({"student", "guardian", "parent", "relative"})
_CHILD = "student"
_LEFT = "tobedeleted"
_FILES: tuple[str, ...] = ("users.csv", "roles.csv", "orgs.csv")
_MAX_BYTES = 60_000_000  # of one file in a ZIP, unpacked
_MAX_NAMED = 3
# What reading a damaged ZIP raises. A password, and a compression that Python does not know, are a RuntimeError. UnreadableError
# is a ValueError, and is none of these.
_DAMAGE = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError)
# What is kept, under these headings, which are read again in English: the fields of OneRoster, and what is made of several.
_SIGN_IN_NAME, _LAST_DAY, _TEAM = "Sign-in name", "Last day", "Team"  # not translated: read again
_HEADINGS = ("sourcedId", "givenName", "familyName", "identifier", "email", _SIGN_IN_NAME, "role", _LAST_DAY)


@dataclass(frozen=True)
class _Rosters:
    """What the files beside a users.csv say: the roles of each user, the organisation of each user, and the names of the
    organisations. None for a file that is not there."""

    roles: Mapping[str, Sequence[str]] | None = None
    user_orgs: Mapping[str, str] = field(default_factory=dict)
    org_names: Mapping[str, str] | None = None


def read_roster(data: bytes, parse: Callable[[bytes], Table]) -> Table | None:
    """The staff in a ZIP of OneRoster files; None if it is another ZIP, such as an Excel workbook. `parse` reads a CSV file.
    Raises UnreadableError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (*_DAMAGE, ValueError):
        return None  # what is wrong with a workbook says whoever reads it
    with archive:
        infos = {PurePosixPath(info.filename).name.lower(): info for info in archive.infolist()}
        if "xl/workbook.xml" in archive.namelist() or "users.csv" not in infos:
            return None
        try:
            files = {name: _unpack(archive, infos[name]) for name in _FILES if name in infos}
        except _DAMAGE as error:
            raise UnreadableError(_("This ZIP file is damaged or has a password. Export it again.")) from error
    return staff_of_roster(parse(files["users.csv"]), _rosters(files))


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise UnreadableError(_("The file %(name)s in this ZIP is too large.", name=info.filename))
    return data


def _rosters(files: Mapping[str, bytes]) -> _Rosters:
    roles: dict[str, list[str]] | None = None
    user_orgs: dict[str, str] = {}
    if "roles.csv" in files:
        given = [row for row in _rows(files["roles.csv"]) if row.get("usersourcedid") and row.get("role")]
        roles, ended = {}, dict[str, list[str]]()
        for row in given:
            is_over = row.get("status", "").casefold() == _LEFT
            (ended if is_over else roles).setdefault(row["usersourcedid"], []).append(row["role"])
            if row.get("orgsourcedid") and not is_over:
                is_first = row.get("roletype", "").casefold() == "primary" or row["usersourcedid"] not in user_orgs
                user_orgs |= {row["usersourcedid"]: row["orgsourcedid"]} if is_first else {}
        # Of somebody who leaves the roles end as well; what they were is known by them.
        roles = ended | roles
    names: dict[str, str] | None = None
    if "orgs.csv" in files:
        orgs = [row for row in _rows(files["orgs.csv"]) if row.get("status", "").casefold() != _LEFT]
        names = {row["sourcedid"]: row["name"] for row in orgs if row.get("sourcedid") and row.get("name")}
    return _Rosters(roles, user_orgs, names)


def _rows(data: bytes) -> Iterator[dict[str, str]]:
    """The rows of a CSV file as OneRoster prescribes it: UTF-8, with commas. Keys are normalised headings."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace")))
    try:
        headings = [normalise_heading(cell) for cell in next(reader, [])]
        for cells in reader:
            yield dict(zip(headings, (cell.strip() for cell in cells), strict=False))
    except csv.Error as error:
        raise UnreadableError(_("A file in this ZIP cannot be read. Export it again.")) from error


def staff_of_roster(table: Table, rosters: _Rosters | None = None) -> Table:
    """The table with staff only and with the columns that are needed, if it is a users.csv of OneRoster; else as it is. Its
    notes say how many people were left out. Raises UnreadableError if it does not say who is staff, or nobody is."""
    places = {normalise_heading(heading): place for place, heading in enumerate(table.headings)}
    if not places.keys() >= _MARKS:
        return table
    rosters = rosters or _Rosters()
    role_column = next((name for name in ("role", "roles") if name in places), None)
    if role_column is None and rosters.roles is None:
        raise UnreadableError(
            _(
                "This users.csv of OneRoster does not say who is staff, and pupils are never imported. Upload the whole ZIP, "
                "in which roles.csv says it."
            )
        )
    rows: list[tuple[int, tuple[str, ...]]] = []
    bad = [replace(one, cells=()) for one in table.bad]  # it may be about a pupil
    left_out = Counter[str]()
    for line, cells in table.rows:
        user = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
        own = re.split(r"[,;|]", user.get(role_column or "", ""))
        given = [*own, *(rosters.roles or {}).get(user["sourcedid"], ())]
        roles = [role.strip() for role in given if role.strip()]
        reason = _left_out(user, roles)
        if reason:
            left_out[reason] += 1
            continue
        try:
            rows.append((line, _staff_row(user, roles, rosters)))
        except UnreadableError as error:
            bad.append(BadRow(line, (user.get("email", ""),), error.args[0]))
    notes = (*table.notes, *_notes(left_out))
    if not rows and not bad:
        raise UnreadableError(notes[-1] if notes else _("No one in this file is staff."))
    headings = (*_HEADINGS, _TEAM) if rosters.org_names is not None else _HEADINGS
    return Table(headings, tuple(rows), tuple(sorted(bad, key=lambda one: one.line)), notes)


def _left_out(user: Mapping[str, str], roles: Sequence[str]) -> str:
    """Why somebody is left out: "never", "off", or the role that is not known; empty for staff."""
    kinds = [role.casefold() for role in roles]
    if not _STAFF.intersection(kinds) or _CHILD in kinds:
        strange = [role for role in roles if role.casefold() not in _STAFF | _NEVER]
        return "never" if _NEVER.intersection(kinds) or not roles else f"role {strange[0]}"
    is_off = user.get("enableduser", "").casefold() in ("false", "0", "no")
    return "off" if is_off and user.get("status", "").casefold() != _LEFT else ""


def _staff_row(user: Mapping[str, str], roles: Sequence[str], rosters: _Rosters) -> tuple[str, ...]:
    """The cells below _HEADINGS, and the team if organisations are known. Raises UnreadableError."""
    username, number = user.get("username", ""), user.get("identifier", "")
    email = user.get("email", "") or (username if "@" in username else "")
    role = next(role for role in roles if role.casefold() in _STAFF)
    row = (
        user["sourcedid"], user["givenname"], user["familyname"], number, email,
        "" if email or number else username, _role_words(role), _last_day(user),
    )  # fmt: skip
    if rosters.org_names is None:
        return row
    given = (
        user.get("primaryorgsourcedid") or user.get("orgsourcedids", "") or rosters.user_orgs.get(user["sourcedid"], "")
    )
    names = [rosters.org_names[org] for org in map(str.strip, given.split(",")) if org in rosters.org_names]
    return (*row, names[0].replace(">", "–") if names else "")


def _role_words(role: str) -> str:
    """A role as words: siteAdministrator is Site administrator."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", role).capitalize()


def _last_day(user: Mapping[str, str]) -> str:
    """The last day of somebody who is to be deleted: the day since when the record says so; empty for others."""
    if user.get("status", "").casefold() != _LEFT:
        return ""
    try:
        return date.fromisoformat(user.get("datelastmodified", "")[:10]).isoformat()
    except ValueError:
        words = _("The status is “tobedeleted”, but dateLastModified does not say since which day.")
        raise UnreadableError(words) from None


def _notes(left_out: Mapping[str, int]) -> Iterator[str]:
    """How many people were left out, and why."""
    if number := left_out.get("never", 0):
        yield lazy_ngettext(
            "%(num)s pupil, guardian or other person who is not staff was left out.",
            "%(num)s pupils, guardians and other people who are not staff were left out.", number,
        )  # fmt: skip
    if number := left_out.get("off", 0):
        yield lazy_ngettext(
            "%(num)s account that is turned off was left out.",
            "%(num)s accounts that are turned off were left out.",
            number,
        )
    strange = {reason.removeprefix("role "): count for reason, count in left_out.items() if reason.startswith("role ")}
    if strange:
        yield lazy_ngettext(
            "%(num)s person was left out whose role is not one of staff: %(roles)s.",
            "%(num)s people were left out whose roles are not ones of staff: %(roles)s.",
            sum(strange.values()), roles=", ".join(sorted(strange)[:_MAX_NAMED]),
        )  # fmt: skip
