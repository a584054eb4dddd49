"""Merging several rows about one person: two posts, or a history of training. The order of the rows does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from course.people.rules import normalise_email
from course.people_import.rules.matching import RowData
from course.people_import.rules.name_matching import name_likeness
from course.text import comparison_key

_MAX_LINES_NAMED = 5  # at most so many line numbers stand in a message


@dataclass(frozen=True)
class ParsedRow:
    """A parsed row: its line, its label and its values, or the reason (`fault`) why it is refused. `email`, `staff_number` and
    `name` are the identifiers in the row, as far as they can be read."""

    number: int
    who: str
    email: str
    staff_number: str | None
    name: str | None
    row_data: RowData | None
    fault: str = ""


@dataclass(frozen=True)
class PersonRows:
    """The rows about one person, and their merged values."""

    rows: tuple[ParsedRow, ...]
    row_data: RowData

    @property
    def number(self) -> int:
        return self.rows[0].number


class ConflictingRowsError(ValueError):
    """Rows about one person, or with one address or staff number, contradict each other."""


def first_address(cells: Iterable[str]) -> str:
    """The first cell that looks like an e-mail address, which identifies the person of a row that cannot be parsed; empty
    without one."""
    return next((normalise_email(cell) for cell in cells if cell.count("@") == 1 and " " not in cell), "")


def group_rows(rows: Sequence[ParsedRow], today: date) -> tuple[list[PersonRows], list[ParsedRow]]:
    """Group the rows by person, in an order that does not depend on that of the rows. Returns the groups and the refused rows,
    including rows that contradict each other."""
    refused = [row for row in rows if row.row_data is None]
    good = [row for row in rows if row.row_data is not None]
    faults = _contradictions(good)
    faults |= _rows_beside_refused(good, refused, faults)
    found: list[PersonRows] = []
    by_email: dict[str, list[ParsedRow]] = defaultdict(list)
    for row in good:
        if row.number not in faults:
            by_email[row.email].append(row)
    for email in sorted(by_email):
        group = sorted(by_email[email], key=lambda row: row.number)
        try:
            found.append(PersonRows(tuple(group), _merge_rows([row.row_data for row in group if row.row_data], today)))
        except ConflictingRowsError as error:
            faults |= {
                row.number: f"Line {_other_lines(group, row)} is about the same person. {error}" for row in group
            }
    refused += [replace(row, row_data=None, fault=faults[row.number]) for row in good if row.number in faults]
    return found, refused


def _contradictions(rows: Sequence[ParsedRow]) -> dict[int, str]:
    """The faults, by line, of rows that share an address or a staff number but cannot be about one person."""
    faults: dict[int, str] = {}
    for identifier, words in (("email", "The address {}"), ("staff_number", "The staff number {}")):
        together: dict[str, list[ParsedRow]] = defaultdict(list)
        for row in rows:
            if key := getattr(row, identifier):
                together[key].append(row)
        for key, sharing in together.items():
            why = _conflict_reason(sharing)
            if why:
                for row in sharing:
                    fault = f"{words.format(key)} is also in line {_other_lines(sharing, row)}, with {why}."
                    faults.setdefault(row.number, f"{fault} {_ADVICE[identifier]}")
    return faults


_ADVICE = {
    "email": "Each person needs an address of their own, and one name and number in all their rows.",
    "staff_number": "If it is no number of one person, leave the cell empty.",
}


def _conflict_reason(rows: Sequence[ParsedRow]) -> str:
    """The difference between rows that rules out that they are about one person; empty if there is none."""
    names = [row.name for row in rows if row.name]
    if any(name_likeness(names[0], name) != "same" for name in names[1:]):
        return "another name"
    if len({row.staff_number for row in rows if row.staff_number}) > 1:
        return "another staff number"
    return ""


def _rows_beside_refused(
    rows: Sequence[ParsedRow], refused: Collection[ParsedRow], faults: dict[int, str]
) -> dict[int, str]:
    """The faults, by line, of rows about a person of whom another row is refused. Some of the rows of a person can mean something
    else than all of them, such as that the only post has ended."""
    emails = {row.email: row.number for row in refused if row.email}
    numbers = {row.staff_number: row for row in refused if row.staff_number}
    found = {}
    for row in rows:
        line = emails.get(row.email)
        other = numbers.get(row.staff_number) if row.staff_number else None
        if line is None and other is not None and name_likeness(row.name, other.name) != "other":
            line = other.number
        if line is not None and row.number not in faults:
            found[row.number] = f"Line {line} is about the same person and is refused, so this one is left out as well."
    return found


def _other_lines(rows: Sequence[ParsedRow], but: ParsedRow) -> str:
    """The line numbers of the other rows in words, at most _MAX_LINES_NAMED of them."""
    found = list(islice((str(row.number) for row in rows if row is not but), _MAX_LINES_NAMED + 1))
    return ", ".join(found[:_MAX_LINES_NAMED]) + (" and more" if len(found) > _MAX_LINES_NAMED else "")


def _merge_rows(rows: Sequence[RowData], today: date) -> RowData:
    """Merge the values of the rows about one person. Raises ConflictingRowsError if they contradict each other."""
    if len(rows) == 1:
        return rows[0]
    open_rows = [row for row in rows if row.leaving is None or row.leaving > today] or list(rows)
    ended = len(open_rows) < len(rows)
    starts = [row.start for row in open_rows if row.start]
    leavings = [row.leaving for row in open_rows]
    names = sorted(row.name for row in rows if row.name)
    if len({row.pathway for row in open_rows if row.pathway}) > 1:
        raise ConflictingRowsError("They give different pathways.")
    certificates = sorted({one for row in rows for one in row.certificates}, key=lambda one: (one.day, one.issuer))
    if len({one.day for one in certificates}) < len(certificates):
        raise ConflictingRowsError("They give different certificates of one day.")
    remarks = dict.fromkeys(remark for row in rows for remark in row.remarks)
    if ended:
        remarks["A post that has ended is left out, because another one goes on."] = None
    return RowData(
        email=rows[0].email,
        name=names[0] if names else None,
        staff_number=next((row.staff_number for row in rows if row.staff_number), None),
        teams=_unique_paths(path for row in open_rows for path in row.teams),
        managed=_unique_paths(path for row in open_rows for path in row.managed),
        manager=any(row.manager for row in open_rows),
        pathway=next((row.pathway for row in open_rows if row.pathway), None),
        start=min(starts) if starts else None,
        leaving=None if None in leavings else max(day for day in leavings if day),
        certificates=tuple(certificates),
        remarks=tuple(sorted(remarks)),
    )


def _unique_paths(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Each path once without regard to case, sorted."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in sorted(paths):
        found.setdefault(tuple(comparison_key(name) for name in path), path)
    return tuple(found[key] for key in sorted(found))
