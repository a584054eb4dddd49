"""Parsing the fields of one row of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from email_validator import EmailNotValidError, validate_email

from course.content.schema import SETTINGS
from course.dates import add_months
from course.people.rules import MAX_JOB_ROLE_LENGTH, effective_sign_in_name, is_sign_in_name, normalise_email
from course.people_import.rules.date_formats import (
    END_OF_SHORT_CALENDAR,
    InvalidDayError,
    has_unclear_century,
    is_ambiguous_day,
    is_placeholder_day,
    read_last_day,
    read_list_day,
)
from course.people_import.rules.matching import ImportCertificate, RowData
from course.people_import.rules.values import (
    is_placeholder_address,
    is_placeholder_name,
    is_placeholder_word,
)
from course.text import normalise_line
from course.translation import error_text, lazy_join
from course.translation import lazy_gettext as _

ROLES = {"": None, "learner": None, "staff": None, "employee": None, "manager": "manager"}
PATHWAYS = {str(key).casefold(): str(key) for key in SETTINGS} | {
    words.casefold(): str(key) for key, words in SETTINGS.items()
}
FIRST_CERTIFICATE = date(1990, 1, 1)
_MONTHS_AHEAD = (
    24  # a first day later than this has a mistake in its year: the course would be due when nobody expects it
)
_ISSUER = _("An earlier training")
_EMPTY_CHECKS = {
    "name": is_placeholder_name,
    "first_name": is_placeholder_name,
    "last_name": is_placeholder_name,
}
_AS_TEXT = re.compile(r'="([^"]*)"')  # how a program tells Excel that a number is text
_ONE_ADDRESS = re.compile(r"(?<![^\s<>()\[\]#\"‘’“”,;:'])[\w.%+][\w.%+'-]*@[\w.-]+")
_DATE_LABELS = {
    "start": _("First day"),
    "leaving": _("Last day"),
    "completed": _("Earlier certificate"),
    "valid_until": _("Valid until"),
}


class RefusedRowError(ValueError):
    """The row is refused; the message says why."""


def tidy_row(cells: Sequence[str], columns: Mapping[str, int]) -> dict[str, str]:
    """The fields of a row with clean white space, and without commas around a full or last name; placeholders such as N/A
    become empty."""
    row = {name: normalise_line(cells[index]) if index < len(cells) else "" for name, index in columns.items()}
    row = {name: found[1] if (found := _AS_TEXT.fullmatch(text)) else text for name, text in row.items()}
    if "staff_number" in row:
        row["staff_number"] = row["staff_number"].lstrip("'’`")
    # Behind a first name a comma may say that it is the last one.
    row = {name: text.strip(" ,;") if name in ("name", "last_name") else text for name, text in row.items()}
    row = {
        name: ""
        if name not in ("email", *_DATE_LABELS) and _EMPTY_CHECKS.get(name, is_placeholder_word)(text)
        else text
        for name, text in row.items()
    }
    if "email" in row:
        address = _clean_address(row["email"])
        row["email"] = "" if is_placeholder_address(address, full_name(row)) else address
    return row


def _clean_address(typed: str) -> str:
    """An address without what a mail program or a spreadsheet writes around it: “Ann Lee <ann@example.org>;”, and
    “ann@example.org#mailto:ann@example.org#”, as Access writes it."""
    there = _ONE_ADDRESS.findall(typed)
    rest = _ONE_ADDRESS.sub("", typed)
    if len({one.casefold() for one in there}) == 1 and re.fullmatch(r"(?:[^\w@]|mailto:|smtp:)*", rest, re.IGNORECASE):
        return str(there[0]).rstrip(".")
    found = re.fullmatch(r"[^<>@]*<([^<>\s]+)>", typed.rstrip(" ;,."))
    return re.sub(r"^mailto:", "", found[1] if found else typed.rstrip(" ;,."), flags=re.IGNORECASE)


def full_name(row: Mapping[str, str]) -> str:
    """The full name in a row, from one column or from first and last name."""
    return row.get("name") or " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))


def row_label(row: Mapping[str, str]) -> str:
    """The label of a row in the preview: name and address; without an address the sign-in name or staff number."""
    name, email = full_name(row)[:200], row.get("email", "")[:254]
    email = email or row.get("sign_in_name", "")[:50] or row.get("staff_number", "")[:50]
    return f"{name} ({email})" if email and name else name or email or "–"


@dataclass(frozen=True)
class _Reading:
    """A row that is being parsed, and its values so far."""

    row: Mapping[str, str]
    row_data: RowData
    today: date
    month_first: Mapping[str, str]

    def day(self, field: str, read: Callable[[str, str], date | None] = read_list_day) -> date | None:
        """The day in a field. Raises RefusedRowError or InvalidDayError."""
        text = self.row.get(field, "")
        if field in self.month_first and is_ambiguous_day(text):
            raise RefusedRowError(
                _(
                    "%(label)s: “%(day)s” can be read in two ways, because “%(example)s” in this column has the month first. "
                    "Write the month as a word, such as 1 Sep 2026.",
                    label=_DATE_LABELS[field],
                    day=text,
                    example=self.month_first[field],
                )
            )
        return read(text, _DATE_LABELS[field])

    def last_day(self, field: str, first: date | None) -> date | None:
        """The last day in a field; None for the end of a calendar, also of one with two digits for a year if the first day is
        later. Raises RefusedRowError or InvalidDayError."""
        day, text = self.day(field, read_last_day), self.row.get(field, "")
        if day is None or not has_unclear_century(text):
            return day
        if first is not None and day == date(*END_OF_SHORT_CALENDAR) < first:
            return None
        raise RefusedRowError(
            _(
                "%(label)s: the year of “%(day)s” can be read in two ways. Write it with four digits, such as 2026.",
                label=_DATE_LABELS[field],
                day=text,
            )
        )


def read_row(row: Mapping[str, str], today: date, month_first: Mapping[str, str]) -> RowData:
    """Parse a row. `month_first` holds, for each date column with such a date, an example with the month first: in that column
    dates that can be read in two ways are refused. Raises RefusedRowError with all that is wrong with the row."""
    reading, faults = _Reading(row, RowData(), today, month_first), []
    for read in _READERS:
        try:
            read(reading)
        except (RefusedRowError, InvalidDayError) as error:
            faults.append(error_text(error))
    if faults:
        raise RefusedRowError(lazy_join(faults))
    return reading.row_data


def _read_identity(reading: _Reading) -> None:
    row, row_data = reading.row, reading.row_data
    number, sign_in_name = row.get("staff_number", ""), row.get("sign_in_name", "")
    email = _read_email(row.get("email", ""))
    if not email and not number and not sign_in_name:
        raise RefusedRowError(
            _("The e-mail address is missing. Without one, a row needs a staff number or a sign-in name.")
        )
    row_data.email, row_data.staff_number, row_data.sign_in_name = email, number or None, sign_in_name or None
    if len(number) > 50:
        raise RefusedRowError(_("The staff number is longer than 50 characters."))
    _check_sign_in_name(effective_sign_in_name(email, sign_in_name, number))


def _read_name(reading: _Reading) -> None:
    name = full_name(reading.row)
    if len(name) > 200:
        raise RefusedRowError(_("The name is longer than 200 characters."))
    reading.row_data.name = name or None


def _read_job_role(reading: _Reading) -> None:
    role = reading.row.get("job_role", "")
    if len(role) > MAX_JOB_ROLE_LENGTH:
        raise RefusedRowError(_("The job role is longer than 100 characters."))
    reading.row_data.job_role = role or None


def _read_team(reading: _Reading) -> None:
    reading.row_data.teams = _read_teams(reading.row.get("team", ""))


def _read_role(reading: _Reading) -> None:
    row_data = reading.row_data
    row_data.manager = _read_manager(reading.row.get("role", ""))
    row_data.managed = row_data.teams if row_data.manager else ()


def _read_pathway(reading: _Reading) -> None:
    typed = reading.row.get("pathway", "")
    reading.row_data.pathway = PATHWAYS.get(typed.casefold())
    if typed and reading.row_data.pathway is None:
        raise RefusedRowError(
            _(
                "There is no pathway “%(pathway)s”. There are: %(pathways)s.",
                pathway=typed,
                pathways=lazy_join(list(SETTINGS.values()), ", "),
            )
        )


def _read_first_day(reading: _Reading) -> None:
    start = reading.day("start")
    if start is not None and start > add_months(reading.today, _MONTHS_AHEAD):
        raise RefusedRowError(
            _(
                "%(label)s: the year of “%(typed)s” cannot be right.",
                label=_DATE_LABELS["start"],
                typed=reading.row["start"],
            )
        )
    reading.row_data.start = start


def _read_leaving(reading: _Reading) -> None:
    row_data = reading.row_data
    row_data.leaving = reading.last_day("leaving", row_data.start)
    if row_data.start and row_data.leaving and row_data.leaving < row_data.start:
        raise RefusedRowError(_("The last day is before the first day."))


def _read_certificates(reading: _Reading) -> None:
    certificate = _read_certificate(reading)
    reading.row_data.certificates = (certificate,) if certificate else ()


def _read_remarks(reading: _Reading) -> None:
    row = reading.row
    reading.row_data.remarks = tuple(
        _("%(label)s: “%(day)s” is not a day, so it is ignored.", label=label, day=row[field])
        for field, label in _DATE_LABELS.items()
        if row.get(field) and is_placeholder_day(row[field]) and any(sign.isalnum() for sign in row[field])
    )


# Each may refuse a row for a reason of its own, so that everything that is wrong with a row is said at once.
_READERS: tuple[Callable[[_Reading], None], ...] = (
    _read_identity,
    _read_name,
    _read_job_role,
    _read_team,
    _read_role,
    _read_pathway,
    _read_first_day,
    _read_leaving,
    _read_certificates,
    _read_remarks,
)


def _check_sign_in_name(name: str | None) -> None:
    """Raises RefusedRowError if nobody can sign in with this name."""
    if name is not None and not is_sign_in_name(name):
        raise RefusedRowError(
            _(
                "“%(name)s” cannot be a sign-in name. It has 2 to 50 letters, digits, spaces, dots and hyphens, and no @.",
                name=name,
            )
        )


def _read_email(typed: str) -> str:
    """The address; empty for a person without one."""
    if not typed:
        return ""
    if len(typed) > 254:
        raise RefusedRowError(_("The e-mail address is longer than 254 characters."))
    try:
        validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise RefusedRowError(_("“%(typed)s” is not an e-mail address such as sam@example.org.", typed=typed)) from None
    return normalise_email(typed)


def _read_teams(typed: str) -> tuple[tuple[str, ...], ...]:
    if not typed:
        return ()
    path = tuple(filter(None, (part.strip() for part in typed.split(">"))))
    if not path or any(len(part) > 200 for part in path):
        raise RefusedRowError(_("The name of the team is empty, or longer than 200 characters."))
    return (path,)


def _read_manager(typed: str) -> bool:
    words = typed.casefold()
    if words in ("administrator", "admin"):
        raise RefusedRowError(
            _("A list cannot make anyone an administrator. Leave the role empty and give it on the person’s page.")
        )
    if words not in ROLES:
        raise RefusedRowError(
            _("There is no role “%(typed)s”: write learner or manager, or leave it empty.", typed=typed)
        )
    return ROLES[words] == "manager"


def _read_certificate(reading: _Reading) -> ImportCertificate | None:
    row, today = reading.row, reading.today
    day = reading.day("completed")
    until = reading.last_day("valid_until", day)
    if day is None:
        if until is not None or row.get("issuer"):
            raise RefusedRowError(_("The earlier certificate has no completion day."))
        return None
    if day < FIRST_CERTIFICATE or (until is not None and until > add_months(today, 120)):
        raise RefusedRowError(_("The earlier certificate has a day before 1990, or one more than ten years from now."))
    if day > today:
        raise RefusedRowError(_("The earlier certificate has a completion day in the future."))
    if until is not None and until <= day:
        raise RefusedRowError(_("The earlier certificate must end after the day it was completed."))
    if len(row.get("issuer", "")) > 200:
        raise RefusedRowError(_("The issuer is longer than 200 characters."))
    return ImportCertificate(day, until, row.get("issuer") or _ISSUER)
