"""Mapping of columns to fields: by heading and by content."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from course.people_import.rules.date_formats import is_placeholder_day, looks_like_day
from course.people_import.rules.headings import (
    KNOWN_AS_HEADING,
    KNOWN_HEADINGS,
    OTHER_PERSON_HEADING,
    PRIVATE_HEADING,
    SURNAME_FIRST_HEADINGS,
    heading_variants,
    is_name_of_other,
    normalise_heading,
    strip_qualifiers,
)
from course.people_import.rules.leaver_flags import is_leaver_word
from course.people_import.rules.table import Table
from course.people_import.rules.values import is_placeholder
from course.translation import lazy_gettext as _

# The fields that a list may hold about a person, with their labels.
FIELDS = {
    "email": _("E-mail address"),
    "name": _("Full name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "staff_number": _("Staff number"),
    "sign_in_name": _("Sign-in name, for people without an e-mail address"),
    "team": _("Team (such as North > House 3)"),
    "role": _("Role in the course (learner or manager)"),
    "job_role": _("Job role (as your organisation calls it)"),
    "pathway": _("Pathway"),
    "start": _("First day"),
    "leaving": _("Last day"),
    "completed": _("Earlier certificate: completed on"),
    "valid_until": _("Earlier certificate: valid until"),
    "issuer": _("Earlier certificate: issued by"),
}
DATE_FIELDS = ("start", "leaving", "completed", "valid_until")
_SAMPLE_ROWS = 500  # rows that are looked at
_YES_OR_NO = frozenset({"y", "n", "yes", "no", "true", "false", "ja", "nein", "ie", "na", "oes", "nac oes", "1", "0"})
COURSE_ROLE_WORDS = frozenset({"learner", "staff", "employee", "manager", "administrator", "admin", "hr", "auditor"})
_CODE = re.compile(r"[\w./#-]+")
_TELEPHONE = re.compile(r"(?=(?:\D*\d){9})[+(0][\d ()./-]+")
# What stands under “No.” or “Number” and is a telephone, or a part of a full post.
_NO_NUMBER = re.compile(r"\+\d[\d ()-]{8,}|0\d{2,4}[ )][\d ()-]{5,}|07\d{9}|[01][.,]\d{1,4}|\d{1,3}(?:[.,]\d+)? ?%")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")


def _is_code(cell: str) -> bool:
    digits, letters = sum(map(str.isdigit, cell)), sum(map(str.isalpha, cell))
    return 0 < digits >= letters and bool(_CODE.fullmatch(cell))


@dataclass(frozen=True)
class _ColumnContent:
    """The content of a column without placeholders such as N/A."""

    cells: tuple[str, ...]
    rows: int

    def share(self, fits: object) -> float:
        """Of the cells that hold something, the part that fits; 0 if none holds anything."""
        return sum(map(fits, self.cells)) / len(self.cells) if self.cells else 0.0  # type: ignore[call-overload]

    @cached_property
    def filled(self) -> float:
        return len(self.cells) / self.rows if self.rows else 0.0

    @cached_property
    def addresses(self) -> float:
        return self.share(lambda cell: bool(_ADDRESS.fullmatch(cell)))

    @cached_property
    def days(self) -> float:
        return self.share(lambda cell: looks_like_day(cell) or is_placeholder_day(cell))

    @cached_property
    def yes_or_no(self) -> float:
        return self.share(lambda cell: cell.casefold() in _YES_OR_NO)

    @cached_property
    def codes(self) -> float:
        """The part that is one piece with at least as many digits as letters, as numbers of people are."""
        return self.share(_is_code)

    @cached_property
    def different(self) -> float:
        return len(set(self.cells)) / len(self.cells) if self.cells else 0.0

    def fits(self, field: str) -> bool:
        """Whether the content can be that of the field; an empty column fits any field."""
        if not self.cells:
            return True
        if field == "email":
            return self.share(lambda cell: "@" in cell) >= 0.5
        if self.addresses >= 0.5 or (field in DATE_FIELDS and self.yes_or_no == 1):
            return False
        if field == "leaving" and self.days > 0:
            # A row in which a word stands is refused: better than to leave out the column, and invite those with a day.
            return (
                self.share(lambda cell: looks_like_day(cell) or is_placeholder_day(cell) or is_leaver_word(cell)) >= 0.5
            )
        if field in DATE_FIELDS:
            return self.days >= 0.5
        if self.days >= 0.5 and field != "staff_number":
            return False
        if field == "team" and self.share(lambda cell: bool(_TELEPHONE.fullmatch(cell))) >= 0.5:
            return False
        if field == "name":
            return self.codes < 0.5 and self.yes_or_no < 0.5
        if field in ("first_name", "last_name"):
            return self.share(str.isdigit) < 0.5 and self.yes_or_no < 0.5
        if field == "staff_number":
            return (
                self.share(
                    lambda cell: (" " in cell and not any(map(str.isdigit, cell))) or bool(_NO_NUMBER.fullmatch(cell))
                )
                < 0.5
            )
        if field == "job_role":
            # Words of the course’s own roles alone are not what anyone calls a job.
            own = self.share(lambda cell: cell.casefold() in COURSE_ROLE_WORDS)
            return own < 1 and self.codes < 0.5 and self.yes_or_no < 0.5
        return field in ("role", "pathway") or self.yes_or_no < 0.5


def guess_columns(
    headings: Sequence[str],
    remembered: Mapping[str, str],
    unused: Collection[str] = (),
    table: Table | None = None,
) -> dict[str, int]:
    """For each field the column that holds it: the one it was last time (`remembered` gives its heading), else one
    with a usual name in which stands what the field holds. No column is used twice, and none that was left out last
    time (`unused`), whatever its name: the list of tonight must not move people by a column that somebody has said
    holds something else."""
    found: dict[str, int] = {}
    known = [normalise_heading(heading) for heading in headings]
    left_out = {index for index, heading in enumerate(headings) if heading in unused}
    content = [_column_content(table, index) for index in range(len(headings))]

    for field, heading in remembered.items():
        for index, name in enumerate(known):
            if field not in found and name == normalise_heading(heading) and index not in {*found.values(), *left_out}:
                found[field] = index
    free = [index for index in range(len(headings)) if index not in left_out]
    for field in KNOWN_HEADINGS:
        if field not in found:
            fitting = [index for index in free if index not in found.values() and content[index].fits(field)]
            best = _best_column(field, fitting, headings, content)
            if best is not None:
                found[field] = best
    _guess_address(found, free, headings, content)
    if not remembered:
        _guess_names(found, headings, content, table)
    if "completed" not in found:  # what ends is no certificate then, but a contract or a permit
        found = {field: index for field, index in found.items() if field not in ("valid_until", "issuer")}
    return found


def _column_content(table: Table | None, index: int) -> _ColumnContent:
    if table is None:
        return _ColumnContent((), 0)
    cells = [cell for _, cell in zip(range(_SAMPLE_ROWS), table.column(index), strict=False)]
    return _ColumnContent(tuple(cell for cell in cells if not is_placeholder(cell)), len(cells))


def _best_column(field: str, columns: list[int], headings: Sequence[str], content: list[_ColumnContent]) -> int | None:
    """Of these columns the one whose heading is the most usual for the field; one that is hardly filled comes last."""
    ranked = []
    for index in columns:
        ranks = [
            KNOWN_HEADINGS[field].index(name)
            for name in heading_variants(headings[index])
            if name in KNOWN_HEADINGS[field]
        ]
        whole = normalise_heading(headings[index])
        if field in ("first_name", "last_name") and whole in KNOWN_HEADINGS["name"]:
            ranks = []  # “Surname/Forename”
        if field in ("first_name", "last_name", "name") and is_name_of_other(headings[index]):
            ranks = []  # “Cost centre - Name”
        if whole in SURNAME_FIRST_HEADINGS and content[index].share(lambda cell: "," in cell) < 0.5:
            ranks = []
        plainer = strip_qualifiers(headings[index])
        if not ranks and field != "staff_number" and plainer in KNOWN_HEADINGS[field]:
            ranks = [len(KNOWN_HEADINGS[field]) + KNOWN_HEADINGS[field].index(plainer)]
        if ranks and not (field == "email" and OTHER_PERSON_HEADING.search(normalise_heading(headings[index]))):
            full = max((content[one].filled for one in columns), default=0)
            # Beside a first name of everybody, what some are called is none. Few people leave, and contracts end for many.
            part = {"first_name": 0.9, "leaving": 0}.get(field, 0.5)
            hollow = content[index].filled < full * part
            ranked.append((hollow, bool(PRIVATE_HEADING.search(normalise_heading(headings[index]))), min(ranks), index))
    return min(ranked)[-1] if ranked else None


def _guess_address(
    found: dict[str, int], free: list[int], headings: Sequence[str], content: list[_ColumnContent]
) -> None:
    """A column of e-mail addresses, nearly all of them different, is that of the address, whatever it is called; unless
    it is called by somebody else, such as their manager."""
    if "email" in found:
        return
    columns = [index for index in free if index not in found.values() and content[index].addresses >= 0.8]
    columns = [index for index in columns if content[index].different >= 0.8]
    columns = [index for index in columns if not OTHER_PERSON_HEADING.search(normalise_heading(headings[index]))]
    if columns:
        found["email"] = min(
            columns, key=lambda index: (bool(PRIVATE_HEADING.search(normalise_heading(headings[index]))), index)
        )


def _guess_names(
    found: dict[str, int], headings: Sequence[str], content: list[_ColumnContent], table: Table | None
) -> None:
    """Where the first and the last name have columns of their own, those are taken: they tell which is which. A column
    “Name” beside one of first names holds the last names, if the first names do not stand in it; and the other way round."""
    if {"first_name", "last_name"} <= found.keys():
        _take_other_than_whole_name(found, headings, content, table)
        if all(content[found[one]].cells for one in ("first_name", "last_name")) or table is None:
            found.pop("name", None)
        return
    if table is None or "name" not in found or not {"first_name", "last_name"} & found.keys():
        return
    if "first_name" not in found:
        if not _stands_inside(found["last_name"], found["name"], table):
            found["first_name"] = found.pop("name")
        return
    called = KNOWN_AS_HEADING.search(normalise_heading(headings[found["first_name"]]))
    if (
        content[found["first_name"]].filled < content[found["name"]].filled / 2
        or content[found["name"]].share(lambda cell: "," in cell) >= 0.5
        or (called and content[found["name"]].share(lambda cell: " " in cell) >= 0.5)
    ):
        found.pop("first_name")  # what some are called, such as Annie, beside their full name
        return
    if not _stands_inside(found["first_name"], found["name"], table):
        found["last_name"] = found.pop("name")


def _take_other_than_whole_name(
    found: dict[str, int], headings: Sequence[str], content: list[_ColumnContent], table: Table | None
) -> None:
    """Of a column “Preferred name” in which the last name stands as well take no first name, if there is another column."""
    first = found["first_name"]
    is_called = KNOWN_AS_HEADING.search(normalise_heading(headings[first]))
    if table is None or not is_called or not _stands_inside(found["last_name"], first, table):
        return
    free = set(range(len(headings))) - set(found.values())
    other = _best_column("first_name", [one for one in free if content[one].fits("first_name")], headings, content)
    if other is not None:
        found["first_name"] = other


def _stands_inside(part: int, whole: int, table: Table) -> bool:
    """Whether what stands in one column is mostly a part of what stands in another one."""
    pairs = list(zip(table.column(part), table.column(whole), strict=True))[:_SAMPLE_ROWS]
    return sum(one.casefold() in other.casefold() for one, other in pairs if one and other) >= len(pairs) / 2


def mapping_error(columns: Mapping[str, int]) -> tuple[str, str] | None:
    """What is wrong with a choice of columns: the field, and what is wrong; None if nothing is."""
    if not {"email", "staff_number", "sign_in_name"} & set(columns):
        return "email", _(
            "Choose the column of the e-mail address: people sign in with it. Without one, choose that of the staff number "
            "or of a sign-in name."
        )
    if "name" not in columns and not {"first_name", "last_name"} <= set(columns):
        return "name", _("Choose the column of the full name, or those of the first and the last name.")
    if "completed" not in columns and ({"valid_until", "issuer"} & set(columns)):
        return "completed", _("Also choose the day when the earlier certificate was completed.")
    twice = [field for field, index in columns.items() if list(columns.values()).count(index) > 1]
    if twice:
        return twice[-1], _("This column is chosen twice.")
    return None
