"""The members of a course at a platform (LTI-NRPS 2.0), and the list of people that they become."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from course.lti.rules.accounts import LinkedMember

MEMBERS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MAX_PAGES, MAX_MEMBERS = 40, 2000
MAX_SECONDS = 25.0
_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
_SUBROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
# Of a course: those who teach, and those who learn. Roles at the platform as a whole, such as its administrators, are none.
_TEACHES = frozenset({"Instructor", "TeachingAssistant", "ContentDeveloper", "Administrator", "Manager"})
_LEARNS = frozenset({"Learner", "Member", "Mentor"})
_LINK = re.compile(r'<([^<>\s]{1,2000})>\s*((?:;\s*[a-zA-Z*]+\s*=\s*(?:"[^"]*"|[^\s",;]+)\s*)*)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next)(?=\s|;|$)', re.IGNORECASE)

MemberRole = Literal["learner", "instructor", "other"]
# What becomes of the members with a role: nothing, members of the team, or its managers.
Treatment = Literal["leave", "member", "manager"]


@dataclass(frozen=True)
class PlatformMember:
    """Somebody who is in a course at a platform now."""

    subject: str
    name: str
    email: str
    role: MemberRole


@dataclass(frozen=True)
class MemberChoice:
    """The table of roles: in which team (its path, "Trust > School") whoever learns and whoever teaches there belongs, and what
    becomes of each."""

    team: str
    learners: Treatment
    instructors: Treatment

    def treatment(self, role: MemberRole) -> Treatment:
        """What becomes of somebody with this role."""
        if role == "other":
            return "leave"
        return self.learners if role == "learner" else self.instructors


def member_role(roles: Iterable[object]) -> MemberRole:
    """The role of somebody in a course: who teaches there is an instructor, also if they learn there as well."""
    names = set[str]()
    for one in roles:
        if not isinstance(one, str):
            continue
        if one.startswith(_ROLE):
            names.add(one.removeprefix(_ROLE))
        elif one.startswith(_SUBROLE):
            names.add(one.removeprefix(_SUBROLE).partition("#")[0])
        elif ":" not in one:  # the short form
            names.add(one.rpartition("/")[2])
    if names & _TEACHES:
        return "instructor"
    return "learner" if names & _LEARNS else "other"


def read_members(container: Mapping[str, Any]) -> list[PlatformMember]:
    """The members on one page who are in the course now. Raises ValueError if it is no such page."""
    rows = container.get("members")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("no list of members")
    return [
        PlatformMember(_text(row, "user_id"), _name(row), _text(row, "email"), member_role(_roles(row)))
        for row in rows
        if row.get("status", "Active") == "Active"
    ]


def _roles(row: Mapping[str, Any]) -> list[object]:
    found = row.get("roles")
    return found if isinstance(found, list) else []


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _name(row: Mapping[str, Any]) -> str:
    return _text(row, "name") or f"{_text(row, 'given_name')} {_text(row, 'family_name')}".strip()


def next_page(header: str, address: str) -> str | None:
    """The address of the next page, which the header Link names; None if this is the last one. Raises ValueError for one at
    another server: the token is for this one."""
    for target, parameters in _LINK.findall(header[:8000]):
        if not _NEXT.search(parameters):
            continue
        found = str(urljoin(address, target))
        if urlsplit(found)[:2] != urlsplit(address)[:2]:
            raise ValueError("the next page is at another server")
        return found
    return None


@dataclass(frozen=True)
class MemberList:
    """A list of people for the import, and how many members are not in it: because of their role, or without an address."""

    csv: bytes
    listed: int
    left_out: int
    without_address: int


def people_list(
    members: Sequence[PlatformMember], choice: MemberChoice, linked: Mapping[str, LinkedMember] | None = None
) -> MemberList:
    """The list that the table of roles makes of the members, for course/people_import. Somebody whose account is linked is listed
    as they are called in this course, so that nobody is added twice; `linked` are these, by their subject."""
    rows: list[tuple[str, ...]] = []
    left_out = without_address = 0
    for one in members:
        treatment = choice.treatment(one.role)
        person = (linked or {}).get(one.subject) or LinkedMember(one.name, one.email, "")
        if treatment == "leave":
            left_out += 1
        elif not person.name or not (person.email or person.sign_in_name):
            without_address += 1
        else:
            sign_in_name = "" if person.email else person.sign_in_name
            role = "manager" if treatment == "manager" else "learner"
            rows.append((person.name, person.email, choice.team, role, sign_in_name))
    headings = ("Name", "Email", "Team", "Course role", "Sign-in name")  # not translated: the import knows them
    width = len(headings) if any(row[-1] for row in rows) else len(headings) - 1
    text = io.StringIO()
    csv.writer(text).writerows(row[:width] for row in (headings, *rows))
    return MemberList(text.getvalue().encode(), len(rows), left_out, without_address)
