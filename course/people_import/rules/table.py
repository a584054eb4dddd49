"""The table of a list, independent of the format of its file, and its stored form."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from course.people_import.rules.headings import KNOWN_HEADINGS, heading_variants, strip_qualifiers
from course.translation import lazy_gettext as _
from course.translation import text_as_data, text_from_data

MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CHARACTERS = 20_000_000
_MAX_TITLE_ROWS = 20  # records among which the headings are looked for: there may be notes above them
_FORMAT_HEADER = b"course-table-1\n"
_MAX_CELL_LENGTH = 2_000  # characters of a cell that are stored: no field takes as many
_MAX_FOOTER_LENGTH = 100  # characters
# What stands at the foot of a page or a report, in place of a person.
_FOOTER = re.compile(
    r"(?:page|seite|tudalen) ?\d+(?: ?(?:of|/|von|o) ?\d+)?"
    r"|(?:grand |sub-?)?totals?(?: (?:number|no\.?|count|of|staff|employees|people|records|rows|headcount))*\s?[:=]?\s?[\d.,]*"
    r"|(?:sub-?)?total (?:fte|hours|posts|headcount|(?:number )?of (?:staff|employees|people))\s?[:=]?\s?[\d.,]*"
    r"|(?:sum|average|mean)"
    r"|(?:number|no\.?) of (?:staff|employees|people|records|rows)\s?[:=]?\s?\d*"
    r"|totals?\s?[:=]\s?\d+ (?:staff|employees|people|records|rows)|\d+ staff"
    r"|(?:record|row|staff|employee|head)? ?count\s*[:=]?\s*\d*|\(?\d+ (?:rows?|records?|employees|people)(?: \w+)?\)?"
    r"|[*\-= ]*end of (?:report|list|file|data)[*\-= .]*|(?:report |list )?(?:printed|generated|exported|produced|run|created)"
    r"(?: (?:on|at|by)\b|:).*|gesamt(?:summe)?\s*:?\s*\d*|cyfanswm\s*:?\s*\d*",
    re.IGNORECASE,
)


class UnreadableError(ValueError):
    """The file cannot be read as a list. The message gives the reason and the remedy."""


@dataclass(frozen=True)
class BadRow:
    """A row that could not be parsed: its line, its printable cells, and the reason."""

    line: int
    cells: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Table:
    """The content of a file: headings, rows with the line on which each begins (counted from 1), rows that could not be
    parsed, and notes about the file."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    bad: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        """The number of rows, including those that could not be parsed."""
        return len(self.rows) + len(self.bad)

    def column(self, index: int) -> Iterable[str]:
        """The cells of a column, row by row."""
        return (cells[index] if index < len(cells) else "" for _, cells in self.rows)


def build_table(
    records: list[tuple[int, list[str]]], bad: list[BadRow] | None = None, notes: tuple[str, ...] = ()
) -> Table:
    """Build the table of these records; the first record with two cells holds the headings. Raises UnreadableError."""
    found, bad = _without_title(records), list(bad or ())
    if not found:
        raise UnreadableError(_("The file is empty."))
    (first, headings), *rows = found
    # Some print the headings at the top of each page, and a number or a total at its foot.
    rows = [(line, cells) for line, cells in rows if not _repeats(cells, headings) and not _is_footer(cells)]
    # A nameless column at the end that few rows fill is none: a comma too many has moved what stands there.
    while (
        headings
        and not headings[-1]
        and 2 * sum(bool("".join(row[len(headings) - 1 :])) for _, row in rows) <= len(rows)
    ):
        headings = headings[:-1]
    check_columns(len(headings))
    if any(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", heading) for heading in headings):
        raise UnreadableError(
            _(
                "Line %(line)s has a person, but should have headings such as “Name” and “E-mail”. Add "
                "a line of headings.",
                line=first,
            )
        )
    bad = [one for one in bad if one.line > first]
    if not rows and not bad:
        raise UnreadableError(
            _("The file has only one line. The first line has the headings. Each other line has a person.")
        )
    if len(rows) > MAX_ROWS:
        raise UnreadableError(
            _(
                "The file has %(rows)s rows. Divide it into files of at most %(most)s.",
                rows=format(len(rows), ","),
                most=format(MAX_ROWS, ","),
            )
        )
    usual = max(len(headings), _usual_width(rows))
    list_rows = []
    for line, cells in rows:
        if any(cells[len(headings) :]) or len(cells) > usual:
            bad.append(BadRow(line, tuple(cells[:MAX_COLUMNS]), _too_many_cells(len(cells), len(headings))))
        else:
            list_rows.append((line, tuple(cell[:_MAX_CELL_LENGTH] for cell in cells[: len(headings)])))
    if len(rows) > 5 and len(list_rows) < len(rows) / 10:
        raise UnreadableError(
            _("Few rows have as many cells as there are headings. If there is a title above the headings, delete it.")
        )
    return Table(_unique_headings(headings), tuple(list_rows), tuple(sorted(bad, key=lambda one: one.line)), notes)


def _repeats(cells: list[str], headings: list[str]) -> bool:
    """Whether a row holds the headings once more, perhaps in capitals or with empty cells after them."""
    return _plain_cells(cells) == _plain_cells(headings)


def _plain_cells(cells: list[str]) -> list[str]:
    plain = [cell.casefold().strip() for cell in cells]
    while plain and not plain[-1]:
        plain.pop()
    return plain


def _is_footer(cells: list[str]) -> bool:
    """Whether a row is no person but the foot of a page or of a report: “Page 1 of 3”, “Total staff: 2”. Beside its words stand
    numbers only, and there are few of them."""
    filled = [cell for cell in cells if cell]
    if not filled or len(filled) > 3 or len(filled[0]) > _MAX_FOOTER_LENGTH or any("@" in cell for cell in filled):
        return False
    return bool(_FOOTER.fullmatch(filled[0])) and all(re.fullmatch(r"[\d.,%]+", cell) for cell in filled[1:])


def _too_many_cells(cells: int, headings: int) -> str:
    return _(
        "The row has %(cells)s cells, and there are %(headings)s headings. Is a comma inside a cell without quotation marks "
        "around it? Put the cell between quotation marks, or take the comma out.",
        cells=cells,
        headings=headings,
    )


def check_columns(columns: int) -> None:
    """Raises UnreadableError if a list has so many columns that something is wrong with it."""
    if columns > MAX_COLUMNS:
        raise UnreadableError(
            _(
                "The list has %(columns)s columns, but at most %(most)s can be read. "
                "Keep only the columns with names, addresses, teams and days.",
                columns=format(columns, ","),
                most=MAX_COLUMNS,
            )
        )


def _usual_width(rows: list[tuple[int, list[str]]]) -> int:
    """The number of cells in most rows: many programs end each row with empty cells."""
    counts: dict[int, int] = {}
    for _line, cells in rows:
        counts[len(cells)] = counts.get(len(cells), 0) + 1
    return max(counts, key=lambda width: (counts[width], -width)) if counts else 0


def _without_title(records: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The records from the headings on: of the first ones that with the most usual names of columns; else the first with
    two cells, because a title fills one, and a list of people needs two."""
    known = [count_known_headings(cells) for _, cells in records[:_MAX_TITLE_ROWS]]
    if known and max(known) > 1:
        return records[known.index(max(known)) :]
    for place, (_line, cells) in enumerate(records):
        if sum(map(bool, cells)) > 1:
            return records[place:]
    return records


def has_known_headings(records: list[tuple[int, list[str]]]) -> bool:
    """Whether one of the first of these records holds headings of a list of people."""
    return any(count_known_headings(cells) > 1 for _, cells in records[:_MAX_TITLE_ROWS])


def count_known_headings(cells: list[str]) -> int:
    """The number of fields for which one of these cells is a known heading."""
    if any("@" in cell for cell in cells):
        return 0
    names = {name for cell in cells if len(cell) < 100 for name in (*heading_variants(cell), strip_qualifiers(cell))}
    return sum(not names.isdisjoint(usual) for usual in KNOWN_HEADINGS.values())


def _unique_headings(headings: list[str]) -> tuple[str, ...]:
    """Unique headings: an empty heading is named by its position, a repeated one gets a number."""
    found: dict[str, None] = {}
    for place, heading in enumerate(headings, 1):
        unique = base = heading[:200] or _("Column %(place)s", place=place)
        number = 1
        while unique in found:
            number += 1
            # In English, as every heading is stored and compared; a LazyText in an f-string would be translated.
            unique = "".join((base, f" ({number})"))
        found[unique] = None
    return tuple(found)


def pack_table(table: Table) -> bytes:
    """The stored form of a table: an uploaded file is parsed once only. Raises UnreadableError if it holds too much text."""
    text = json.dumps(
        {"headings": list(map(text_as_data, table.headings)), "rows": table.rows,
         "notes": list(map(text_as_data, table.notes)),
         "bad": [(one.line, one.cells, text_as_data(one.reason)) for one in table.bad]},
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    if len(text) > MAX_CHARACTERS:
        raise UnreadableError(_("The list has too much text. Delete the columns you do not need, or divide the list."))
    return _FORMAT_HEADER + zlib.compress(text.encode(), 1)


def unpack_table(packed: bytes) -> Table | None:
    """The table that `pack_table` stored; None for an uploaded file, which earlier versions stored instead."""
    if not packed.startswith(_FORMAT_HEADER):
        return None
    found = json.loads(zlib.decompress(packed[len(_FORMAT_HEADER) :]))
    rows = tuple((line, tuple(cells)) for line, cells in found["rows"])
    bad = tuple(BadRow(line, tuple(cells), text_from_data(reason)) for line, cells, reason in found["bad"])
    return Table(tuple(map(text_from_data, found["headings"])), rows, bad, tuple(map(text_from_data, found["notes"])))
