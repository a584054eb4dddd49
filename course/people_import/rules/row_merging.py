"""Several rows about one person: two posts, or a history of training. Their order in the list changes nothing."""

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

_MAX_LINES_NAMED = 5  # lines that a message names


@dataclass(frozen=True)
class ParsedRow:
    """A row that was read: its line, how it is called, and what it wants; or why it is refused. `email`, `number` and
    `name` are what it calls the person, as far as that can be read."""

    number: int
    who: str
    email: str
    staff_number: str | None
    name: str | None
    wanted: RowData | None
    fault: str = ""


@dataclass(frozen=True)
class PersonRows:
    """Rows about one person, and what they want together."""

    rows: tuple[ParsedRow, ...]
    wanted: RowData

    @property
    def number(self) -> int:
        return self.rows[0].number


class ConflictingRowsError(ValueError):
    """Rows about one person, or with one address or number, cannot all be right."""


def first_address(cells: Iterable[str]) -> str:
    """The first cell of a row that looks like an e-mail address: whom a row is about that could not be read."""
    return next((normalise_email(cell) for cell in cells if cell.count("@") == 1 and " " not in cell), "")


def group_rows(rows: Sequence[ParsedRow], today: date) -> tuple[list[PersonRows], list[ParsedRow]]:
    """The rows put together by person, in an order that does not depend on theirs; and the rows that are refused, those
    among them that contradict each other."""
    refused = [row for row in rows if row.wanted is None]
    good = [row for row in rows if row.wanted is not None]
    faults = _contradictions(good)
    faults |= _rows_beside_refused(good, refused, faults)
    found: list[PersonRows] = []
    by_email: dict[str, list[ParsedRow]] = defaultdict(list)
    for row in good:
        if row.number not in faults:
            by_email[row.email].append(row)
    for email in sorted(by_email):
        mine = sorted(by_email[email], key=lambda row: row.number)
        try:
            found.append(PersonRows(tuple(mine), _merge_rows([row.wanted for row in mine if row.wanted], today)))
        except ConflictingRowsError as error:
            faults |= {row.number: f"Line {_other_lines(mine, row)} is about the same person. {error}" for row in mine}
    refused += [replace(row, wanted=None, fault=faults[row.number]) for row in good if row.number in faults]
    return found, refused


def _contradictions(rows: Sequence[ParsedRow]) -> dict[int, str]:
    """Rows that share an address or a staff number, and cannot be about one person: what is wrong, by line."""
    faults: dict[int, str] = {}
    for shared, words in (("email", "The address {}"), ("staff_number", "The staff number {}")):
        together: dict[str, list[ParsedRow]] = defaultdict(list)
        for row in rows:
            if key := getattr(row, shared):
                together[key].append(row)
        for key, some in together.items():
            why = _conflict_reason(some)
            if why:
                for row in some:
                    said = f"{words.format(key)} is also in line {_other_lines(some, row)}, with {why}."
                    faults.setdefault(row.number, f"{said} {_ADVICE[shared]}")
    return faults


_ADVICE = {
    "email": "Each person needs an address of their own, and one name and number in all their rows.",
    "staff_number": "If it is no number of one person, leave the cell empty.",
}


def _conflict_reason(rows: Sequence[ParsedRow]) -> str:
    """In what rows differ that should be about one person; empty if they can be."""
    names = [row.name for row in rows if row.name]
    if any(name_likeness(names[0], name) != "same" for name in names[1:]):
        return "another name"
    if len({row.staff_number for row in rows if row.staff_number}) > 1:
        return "another staff number"
    return ""


def _rows_beside_refused(
    rows: Sequence[ParsedRow], refused: Collection[ParsedRow], faults: dict[int, str]
) -> dict[int, str]:
    """The rows about somebody who is in a row that is refused: half of what a list says of a person, such as that one of
    two posts has ended, could mean something else."""
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
    """The lines of the other rows, the first few of them."""
    found = list(islice((str(row.number) for row in rows if row is not but), _MAX_LINES_NAMED + 1))
    return ", ".join(found[:_MAX_LINES_NAMED]) + (" and more" if len(found) > _MAX_LINES_NAMED else "")


def _merge_rows(rows: Sequence[RowData], today: date) -> RowData:
    """What the rows about one person want together. Raises DifferError where they contradict each other."""
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
    """Each path once, whatever its case, in an order of its own."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in sorted(paths):
        found.setdefault(tuple(comparison_key(name) for name in path), path)
    return tuple(found[key] for key in sorted(found))
