"""What one row of a list says, read field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from email_validator import EmailNotValidError, validate_email

from course.content.schema import SETTINGS
from course.dates import months_later
from course.people.rules import plain_email
from course.people_import.rules.date_formats import either_way, list_day, no_day, read_end
from course.people_import.rules.matching import Certificate, Wanted
from course.people_import.rules.values import is_nothing, no_name, no_number
from course.text import tidy

ROLES = {"": None, "learner": None, "staff": None, "employee": None, "manager": "manager"}
PATHWAYS = {str(key).casefold(): str(key) for key in SETTINGS} | {
    words.casefold(): str(key) for key, words in SETTINGS.items()
}
FIRST_CERTIFICATE = date(1990, 1, 1)
_ISSUER = "An earlier training"
_NOTHING = {"staff_number": no_number, "name": no_name, "first_name": no_name, "last_name": no_name}
_AS_TEXT = re.compile(r'="([^"]*)"')  # how a program tells Excel that a number is text
_DAYS = {"start": "First day", "leaving": "Last day", "completed": "Earlier certificate", "valid_until": "Valid until"}


class WrongError(ValueError):
    """Why a row is refused."""


def row_of(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    """The fields of a row, tidied; what only stands in the place of a value is empty."""
    row = {name: tidy(cells[index]) if index < len(cells) else "" for name, index in columns.items()}
    row = {name: found[1] if (found := _AS_TEXT.fullmatch(text)) else text for name, text in row.items()}
    if "staff_number" in row:
        row["staff_number"] = row["staff_number"].lstrip("'’`")
    if "email" in row:
        row["email"] = _address(row["email"])
    return {
        name: "" if name not in _DAYS and _NOTHING.get(name, is_nothing)(text) else text for name, text in row.items()
    }


def _address(typed: str) -> str:
    """An address without what a mail program or a spreadsheet writes around it: “Ann Lee <ann@example.org>;”."""
    found = re.fullmatch(r"[^<>@]*<([^<>\s]+)>", typed.rstrip(" ;,."))
    return re.sub(r"^mailto:", "", found[1] if found else typed.rstrip(" ;,."), flags=re.IGNORECASE)


def full_name(row: Mapping[str, str]) -> str:
    """The name that a row gives, from one column or from two."""
    return row.get("name") or " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))


def who(row: Mapping[str, str]) -> str:
    """How a row is called in the preview."""
    name, email = full_name(row)[:200], row.get("email", "")[:254]
    return f"{name} ({email})" if email and name else name or email or "–"


def read_row(row: Mapping[str, str], today: date, month_first: Mapping[str, str]) -> Wanted:
    """What a row says. `month_first` gives for a column of days one that has the month first: there, days that can be read
    in two ways are refused. Raises WrongError or NotADayError with the first thing that is wrong."""
    name, number = full_name(row), row.get("staff_number", "")
    wanted = Wanted(email=_email(row["email"]), name=name or None, staff_number=number or None)
    if len(name) > 200:
        raise WrongError("The name is longer than 200 characters.")
    if len(number) > 50:
        raise WrongError("The staff number is longer than 50 characters.")
    wanted.teams = _teams(row.get("team", ""))
    wanted.manager = _manager(row.get("role", ""))
    wanted.managed = wanted.teams if wanted.manager else ()
    if row.get("pathway"):
        wanted.pathway = PATHWAYS.get(row["pathway"].casefold())
        if wanted.pathway is None:
            raise WrongError(f"There is no pathway “{row['pathway']}”. There are: {', '.join(SETTINGS.values())}.")
    for field, example in month_first.items():
        if either_way(row.get(field, "")):
            raise WrongError(
                f"{_DAYS[field]}: “{row[field]}” can be read in two ways, because “{example}” in this column has the month "
                "first. Write the month as a word, such as 1 Sep 2026."
            )
    wanted.start = list_day(row.get("start", ""), _DAYS["start"])
    wanted.leaving = read_end(row.get("leaving", ""), _DAYS["leaving"])
    if wanted.start and wanted.leaving and wanted.leaving < wanted.start:
        raise WrongError("The last day is before the first one.")
    certificate = _certificate(row, today)
    wanted.certificates = (certificate,) if certificate else ()
    wanted.remarks = tuple(
        f"{label}: “{row[field]}” is no day, so none is taken."
        for field, label in _DAYS.items()
        if row.get(field) and no_day(row[field]) and any(sign.isalnum() for sign in row[field])
    )
    return wanted


def _email(typed: str) -> str:
    if not typed:
        raise WrongError("The e-mail address is missing.")
    if len(typed) > 254:
        raise WrongError("The e-mail address is longer than 254 characters.")
    try:
        validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise WrongError(f"“{typed}” is not an e-mail address to which mail can be sent.") from None
    return plain_email(typed)


def _teams(typed: str) -> tuple[tuple[str, ...], ...]:
    if not typed:
        return ()
    path = tuple(filter(None, (part.strip() for part in typed.split(">"))))
    if not path or any(len(part) > 200 for part in path):
        raise WrongError("The name of the team is empty, or longer than 200 characters.")
    return (path,)


def _manager(typed: str) -> bool:
    words = typed.casefold()
    if words in ("administrator", "admin"):
        raise WrongError(
            "A list makes nobody an administrator. Leave the role empty, and give it on the person’s page."
        )
    if words not in ROLES:
        raise WrongError(f"There is no role “{typed}”: write learner or manager, or leave it empty.")
    return ROLES[words] == "manager"


def _certificate(row: Mapping[str, str], today: date) -> Certificate | None:
    day = list_day(row.get("completed", ""), _DAYS["completed"])
    until = list_day(row.get("valid_until", ""), _DAYS["valid_until"])
    if day is None:
        if until is not None or row.get("issuer"):
            raise WrongError("The earlier certificate has no day on which it was completed.")
        return None
    if day < FIRST_CERTIFICATE or (until is not None and until > months_later(today, 120)):
        raise WrongError("The earlier certificate has a day before 1990, or one more than ten years from now.")
    if day > today:
        raise WrongError("The earlier certificate was completed on a day that is still to come.")
    if until is not None and until <= day:
        raise WrongError("The earlier certificate does not end after the day on which it was completed.")
    if len(row.get("issuer", "")) > 200:
        raise WrongError("The issuer is longer than 200 characters.")
    return Certificate(day, until, row.get("issuer") or _ISSUER)
