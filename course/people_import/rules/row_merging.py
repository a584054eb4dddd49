"""Parsing the rows of a list, and merging those about one person: two posts, or a history of training. Order does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from course.people.rules import MAX_JOB_ROLE_LENGTH, normalise_email
from course.people_import.rules.columns import DATE_FIELDS
from course.people_import.rules.date_formats import month_first_example, month_first_in_heading
from course.people_import.rules.leaver_flags import says_left
from course.people_import.rules.matching import RowData
from course.people_import.rules.name_matching import is_worse_spelling, name_likeness
from course.people_import.rules.rows import RefusedRowError, full_name, read_row, row_label, tidy_row
from course.people_import.rules.table import BadRow
from course.text import comparison_key
from course.translation import error_text, lazy_join, lazy_ngettext
from course.translation import lazy_gettext as _

_NO_ADDRESS = " "  # no address begins with a space
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

    @property
    def sign_in_key(self) -> str:
        """The key of the sign-in name of the person, as far as the row gives one."""
        return self.row_data.sign_in_key if self.row_data else ""


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


def parse_rows(
    rows: Sequence[tuple[int, Sequence[str]]],
    columns: Mapping[str, int],
    bad: Sequence[BadRow],
    today: date,
    headings: Sequence[str] = (),
) -> list[ParsedRow]:
    """Parse the rows, including those that are refused."""
    examples: dict[str, str] = {}
    for day in DATE_FIELDS:
        if day in columns:
            cells_of_day = (cells[columns[day]] for _, cells in rows if columns[day] < len(cells))
            heading = headings[columns[day]] if columns[day] < len(headings) else ""
            example = month_first_in_heading(heading) or month_first_example(cells_of_day)
            examples |= {day: example} if example else {}
    parsed_rows = []
    for number, cells in rows:
        row = tidy_row(cells, columns)
        email, name = normalise_email(row.get("email", "")), full_name(row) or None
        one = ParsedRow(number, row_label(row), email, row.get("staff_number") or None, name, None)
        try:
            row_data = read_row(row, today, examples)
            row_data.has_left = row_data.leaving is None and says_left(cells, columns)
            parsed_rows.append(replace(one, row_data=row_data))
        except RefusedRowError as error:
            parsed_rows.append(replace(one, fault=error_text(error)))
    for broken in bad:
        email = first_address(broken.cells)
        called = " ".join(filter(None, broken.cells))[:200] or "–"
        parsed_rows.append(ParsedRow(broken.line, called, email, None, None, None, broken.reason))
    return parsed_rows


def group_rows(rows: Sequence[ParsedRow], today: date) -> tuple[list[PersonRows], list[ParsedRow]]:
    """Group the rows by person, in an order that does not depend on that of the rows. Returns the groups and the refused rows,
    including rows that contradict each other."""
    refused = [row for row in rows if row.row_data is None]
    good = [row for row in rows if row.row_data is not None]
    faults = _contradictions(good)
    faults |= _rows_beside_refused(good, refused, faults)
    found: list[PersonRows] = []
    together: dict[str, list[ParsedRow]] = defaultdict(list)
    emails = {row.staff_number: row.email for row in good if row.staff_number and row.email}
    for row in good:
        if row.number not in faults:
            together[_group_key(row, emails)].append(row)
    for key in sorted(together):
        group = sorted(together[key], key=lambda row: row.number)
        try:
            found.append(PersonRows(tuple(group), _merge_rows([row.row_data for row in group if row.row_data], today)))
        except ConflictingRowsError as error:
            faults |= {
                row.number: lazy_join([_same_person_text(*_other_lines(group, row)), error_text(error)])
                for row in group
            }
    refused += [replace(row, row_data=None, fault=faults[row.number]) for row in good if row.number in faults]
    return found, refused


def _group_key(row: ParsedRow, emails: Mapping[str, str]) -> str:
    """What the rows about one person have in common: the address, or the sign-in name of a person without one. `emails` are
    the addresses in other rows by staff number: one post of a person may have none."""
    return row.email or emails.get(row.staff_number or "", "") or f"{_NO_ADDRESS}{row.sign_in_key}"


def _contradictions(rows: Sequence[ParsedRow]) -> dict[int, str]:
    """The faults, by line, of rows that share an address or a staff number but cannot be about one person."""
    faults: dict[int, str] = {}
    for identifier in _ADVICE:
        together: dict[str, list[ParsedRow]] = defaultdict(list)
        for row in rows:
            if key := getattr(row, identifier):
                together[key].append(row)
        for key, sharing in together.items():
            if difference := _difference(sharing):
                for row in sharing:
                    fault = _shared_text(identifier, difference, key, *_other_lines(sharing, row))
                    faults.setdefault(row.number, lazy_join([fault, _ADVICE[identifier]]))
    return faults


_ADVICE = {
    "email": _("Each person needs their own address, and the same name and number in all their rows."),
    "sign_in_key": _("Each person without an address needs their own sign-in name."),
    "staff_number": _("If the number is not one person’s, leave the cell empty."),
}


def _shared_text(identifier: str, difference: str, key: str, lines: str, count: int) -> str:
    """The fault of a row whose address or staff number is also in `count` other rows."""
    if identifier == "staff_number":
        return lazy_ngettext(
            "The staff number %(number)s is also in line %(lines)s, with another name.",
            "The staff number %(number)s is also in lines %(lines)s, with another name.",
            count, number=key, lines=lines,
        )  # fmt: skip
    if identifier == "sign_in_key":
        return lazy_ngettext(
            "The sign-in name is also in line %(lines)s, for another person.",
            "The sign-in name is also in lines %(lines)s, for other people.",
            count, lines=lines,
        )  # fmt: skip
    if difference == "staff_number":
        return lazy_ngettext(
            "The address %(address)s is also in line %(lines)s, with another staff number.",
            "The address %(address)s is also in lines %(lines)s, with another staff number.",
            count, address=key, lines=lines,
        )  # fmt: skip
    return lazy_ngettext(
        "The address %(address)s is also in line %(lines)s, with another name.",
        "The address %(address)s is also in lines %(lines)s, with another name.",
        count, address=key, lines=lines,
    )  # fmt: skip


def _same_person_text(lines: str, count: int) -> str:
    return lazy_ngettext(
        "Line %(lines)s is about the same person.", "Lines %(lines)s are about the same person.", count, lines=lines
    )


def _difference(rows: Sequence[ParsedRow]) -> str:
    """The field in which rows differ that cannot be about one person; empty if there is none."""
    names = [row.name for row in rows if row.name]
    if any(name_likeness(names[0], name) != "same" for name in names[1:]):
        return "name"
    if len({row.staff_number for row in rows if row.staff_number}) > 1:
        return "staff_number"
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
            found[row.number] = _(
                "Line %(line)s is about the same person and is refused, so this one is left out as well.", line=line
            )
    return found


def _other_lines(rows: Sequence[ParsedRow], but: ParsedRow) -> tuple[str, int]:
    """The line numbers of the other rows in words, at most _MAX_LINES_NAMED of them, and how many other rows there are."""
    found = list(islice((str(row.number) for row in rows if row is not but), _MAX_LINES_NAMED + 1))
    named = ", ".join(found[:_MAX_LINES_NAMED])
    return (_("%(lines)s and more", lines=named) if len(found) > _MAX_LINES_NAMED else named), len(rows) - 1


def _merge_rows(rows: Sequence[RowData], today: date) -> RowData:
    """Merge the values of the rows about one person. Raises ConflictingRowsError if they contradict each other."""
    if len(rows) == 1:
        return rows[0]
    open_rows = [row for row in rows if not _is_ended(row, today)] or list(rows)
    ended = len(open_rows) < len(rows)
    starts = [row.start for row in open_rows if row.start]
    stays = any(row.leaving is None and not row.has_left for row in open_rows)
    last_day = None if stays else max((row.leaving for row in open_rows if row.leaving), default=None)
    names = sorted(row.name for row in rows if row.name)
    if len({row.pathway for row in open_rows if row.pathway}) > 1:
        raise ConflictingRowsError(_("They give different pathways."))
    certificates = sorted({one for row in rows for one in row.certificates}, key=lambda one: (one.day, one.issuer))
    if len({one.day for one in certificates}) < len(certificates):
        raise ConflictingRowsError(_("They give different certificates of one day."))
    remarks = dict.fromkeys(remark for row in rows for remark in row.remarks)
    if ended:
        remarks[_("A post that has ended is left out, because another one continues.")] = None
    return RowData(
        email=next((row.email for row in rows if row.email), ""),
        name=_best_spelling(names),
        staff_number=next((row.staff_number for row in rows if row.staff_number), None),
        sign_in_name=next((row.sign_in_name for row in rows if row.sign_in_name), None),
        job_role=_merged_job_role(open_rows),
        teams=_unique_paths(path for row in open_rows for path in row.teams),
        managed=_unique_paths(path for row in open_rows for path in row.managed),
        manager=any(row.manager for row in open_rows),
        pathway=next((row.pathway for row in open_rows if row.pathway), None),
        start=min(starts) if starts else None,
        leaving=last_day,
        has_left=last_day is None and not stays,
        certificates=tuple(certificates),
        remarks=tuple(sorted(remarks)),
    )


def _best_spelling(names: Sequence[str]) -> str | None:
    """Of the names in the rows of one person the first that no other one spells better: Zoë Lee, not ZOE LEE."""
    return next((name for name in names if not any(is_worse_spelling(name, other) for other in names)), None) or (
        names[0] if names else None
    )


def _is_ended(row: RowData, today: date) -> bool:
    return row.has_left if row.leaving is None else row.leaving <= today


def _merged_job_role(rows: Iterable[RowData]) -> str | None:
    """The job roles of somebody with several posts, each once, in an order that does not depend on that of the rows; of those
    that are longer together than a job role may be, the first ones."""
    merged = ""
    roles = {
        comparison_key(role): role for role in sorted((row.job_role for row in rows if row.job_role), reverse=True)
    }
    for role in sorted(roles.values()):
        longer = f"{merged}; {role}" if merged else role
        merged = longer if len(longer) <= MAX_JOB_ROLE_LENGTH else merged
    return merged or None


def _unique_paths(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Each path once without regard to case, sorted."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in sorted(paths):
        found.setdefault(tuple(comparison_key(name) for name in path), path)
    return tuple(found[key] for key in sorted(found))
