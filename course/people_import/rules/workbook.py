"""Parsing an Excel workbook (.xlsx) into a table: its values as Excel shows them, within limits of size."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from course.people_import.rules.character_damage import show_wrong_decoding
from course.people_import.rules.table import (
    MAX_COLUMNS,
    MAX_ROWS,
    Table,
    UnreadableError,
    build_table,
    check_columns,
    has_known_headings,
)
from course.translation import lazy_gettext as _

_MAX_PARTS = 500
_MAX_BYTES = 120_000_000  # unpacked: a list of 50,000 people with twenty columns takes some 50 million
_MAX_SHARED_STRINGS = 40_000_000  # of a part that is read into memory as a whole
_MAX_EMPTY_ROWS = 5_000  # after so many the list has ended, whatever a program has formatted below it
# A number format of zeros with other signs between them: 00000, "E"00000, 000-000.
_SHAPE = re.compile(r"""(?:"[^"]*"|\\.|[-/ 0])*""")
_SHAPED = re.compile(r"""("[^"]*"|\\.|[-/ ])|0""")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
# A formula without a result, as programs write it that are not Excel. A result that is empty has the type “str”.
_NO_RESULT = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"(?![^>]*\bt="str")[^>]*><f(?:[^>]*/>|[^>]*>[^<]*</f>)(?:<v\s*/>|<v></v>|(?=</c>))'
)
_DAMAGED, _ANOTHER_FILE = _("it is damaged"), _("it is another kind of file")
_ANOTHER_WORKBOOK = _("it is of another kind")
_TOO_LARGE = _("it is too large. Copy the list into a new workbook, without pictures")


def read_workbook(data: bytes) -> Table:
    """The table on the first visible sheet that holds one. Formulas count as what they came to when the workbook was
    saved. Raises UnreadableError."""
    _check_size(data)
    # openpyxl is loaded where it is used: it takes a fifth of a second of every start.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            found, sheets, name = _first_table(book, data)
    except UnreadableError:
        raise
    except Exception as error:  # whatever a file made by hand can raise in there
        raise UnreadableError(_unreadable(_DAMAGED)) from error
    if sheets < 2:
        return build_table(found)
    note = _("This is the sheet “%(name)s”, the first of %(sheets)s that can be seen.", name=name, sheets=sheets)
    return build_table(found, notes=(note,))


def _unreadable(reason: str) -> str:
    return _(
        "This Excel workbook cannot be read: %(reason)s. Open it in Excel, choose “Save as”, and save it as "
        "“Excel Workbook (.xlsx)” or as “CSV UTF-8”.",
        reason=reason,
    )


def _check_size(data: bytes) -> None:
    """Raises UnreadableError for what is no workbook, or would fill the memory when it is unpacked. More than a part
    says that it holds is never unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            infos = parts.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableError(_unreadable(_DAMAGED)) from error
    names = {info.filename for info in infos}
    if "xl/workbook.xml" not in names:
        raise UnreadableError(_unreadable(_ANOTHER_WORKBOOK if "xl/workbook.bin" in names else _ANOTHER_FILE))
    shared = max((info.file_size for info in infos if "/worksheets/" not in info.filename), default=0)
    if len(infos) > _MAX_PARTS or sum(info.file_size for info in infos) > _MAX_BYTES or shared > _MAX_SHARED_STRINGS:
        raise UnreadableError(_unreadable(_TOO_LARGE))


def _first_table(book: Any, data: bytes) -> tuple[list[tuple[int, list[str]]], int, str]:
    """The records of the first visible sheet with known headings, or else with at least two rows, or else with any, how many
    visible sheets there are, and its name."""
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    best: tuple[int, list[tuple[int, list[str]]], str] = (-1, [], "")
    for sheet in sheets:
        try:
            found = list(_records(sheet, _merged_cells(sheet, data)))
        except UnreadableError:
            if best[0] == 2:
                continue  # a table is there already, and this sheet may be about anything
            raise
        is_table = sum(sum(map(bool, cells)) > 1 for _, cells in found) > 1
        # In front of the list many workbooks have a sheet that says how to fill it in, which may have two columns.
        if is_table and has_known_headings(found):
            return found, len(sheets), sheet.title
        rank = is_table + bool(found)
        if rank > best[0]:
            best = rank, found, sheet.title
    return best[1], len(sheets), best[2]


def _merged_cells(sheet: Any, data: bytes) -> dict[int, list[tuple[int, int]]]:
    """The cells that are merged over several rows: for each row that begins such a cell its column, counted from 0, and the
    row in which it ends. Raises UnreadableError where a formula has never been worked out."""
    from openpyxl.worksheet.cell_range import CellRange  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(data)) as parts, parts.open(sheet._worksheet_path) as part:
        text = part.read(_MAX_BYTES)
    if formula := _NO_RESULT.search(text):
        raise UnreadableError(
            _(
                "The cell %(cell)s has a formula that has not been worked out. Open the workbook in Excel, and save it again.",
                cell=formula[1].decode("ascii", "replace"),
            )
        )
    found: dict[int, list[tuple[int, int]]] = {}
    for area in _MERGED.findall(text)[:MAX_ROWS]:
        merged = CellRange(area.decode())
        if merged.max_row > merged.min_row:
            found.setdefault(merged.min_row, []).append((merged.min_col - 1, merged.max_row))
    return found


def _records(sheet: Any, merged: dict[int, list[tuple[int, int]]]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that hold any text, with their numbers."""
    sheet.reset_dimensions()  # what a file says about its own size may be wrong
    rows = last = 0
    going_on: dict[int, tuple[int, str]] = {}  # by column: until which row, and what stands in the merged cell
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number - last > _MAX_EMPTY_ROWS:
            return
        if len(row) > MAX_COLUMNS:
            check_columns(max((place for place, cell in enumerate(row, 1) if cell.value is not None), default=0))
        cells = [" ".join(show_wrong_decoding(_text(cell)).split()) for cell in row[:MAX_COLUMNS]]
        if any(cells):  # an empty row is none, also beside a merged cell
            for column, (until, text) in going_on.items():
                if number <= until and column < MAX_COLUMNS:
                    cells += [""] * (column + 1 - len(cells))
                    cells[column] = cells[column] or text
        going_on |= {column: (until, cells[column]) for column, until in merged.get(number, ()) if column < len(cells)}
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        last, rows = number, rows + 1
        if rows > MAX_ROWS + 50:
            raise UnreadableError(
                _("The sheet has more than %(rows)s rows. Divide the list.", rows=format(MAX_ROWS, ","))
            )
        yield number, cells


def _text(cell: Any) -> str:
    """The text of a cell as Excel shows it: leading zeros of the number format are kept, and dates are dates."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return "00/00/0000" if value == time() else value.isoformat()  # Excel's day 0
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        return _format_number(value, str(cell.number_format or "").partition(";")[0])
    return str(value)


def _format_number(value: int, shape: str) -> str:
    """A number in a format of zeros, which are filled from the right; in any other format as it is."""
    zeros = len(re.sub(r'"[^"]*"|\\.', "", shape).replace(" ", "").replace("-", "").replace("/", ""))
    if value < 0 or not zeros or not _SHAPE.fullmatch(shape):
        return str(value)
    digits = str(value).zfill(zeros)
    found, place = [digits[: len(digits) - zeros]], len(digits) - zeros
    for part in _SHAPED.finditer(shape):
        if part[1]:
            found.append(part[1].strip('"') if part[1].startswith('"') else part[1].lstrip("\\"))
        else:
            found.append(digits[place])
            place += 1
    return "".join(found)
