"""Files for spreadsheets: CSV and Excel."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from course.db import assert_outside_unit_of_work

# Full-width signs as well, as Chinese and Japanese keyboards write them: spreadsheets take them for the same.
_FORMULA_CHARACTERS = frozenset("=+-@\t\r\n＝＋－＠")

_PLAIN_TYPES = frozenset({type(None), date, datetime, int, float, bool})  # no formulas, however they are written

MEASURED_ROWS = 200  # rows of a sheet by which the widths of its columns are chosen
MIN_WIDTH, MAX_WIDTH = 8, 44  # of a column, in characters
A4 = 9  # the number of the paper size


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV file in UTF-8. Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    assert_outside_unit_of_work("making a CSV file")
    file = io.StringIO()
    # Of a million people this is the most that is done for each of their cells, so few of them are handed to a function.
    csv.writer(file).writerows(
        [
            value
            if (type(value) is str and value[:1] not in _FORMULA_CHARACTERS) or type(value) in _PLAIN_TYPES
            else _escape_formula(value)
            for value in row
        ]
        for row in rows
    )
    # With a byte order mark, without which Excel assumes another encoding.
    return file.getvalue().encode("utf-8-sig")


def csv_portions(portions: Iterable[Iterable[Iterable[object]]]) -> Iterator[bytes]:
    """The same, as the bytes of one portion of rows after another."""
    begins = True
    for rows in portions:
        data = csv_bytes(rows)
        yield data if begins else data.removeprefix(codecs.BOM_UTF8)
        begins = False


def _escape_formula(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = str(value)  # a LazyText in the language of the reader
    return f"'{text}" if text[:1] in _FORMULA_CHARACTERS else text


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet of an Excel file. The first row of a table is its headings: bold, frozen, with filters, and printed on each
    page."""

    rows: Iterable[Iterable[object]]
    is_table: bool = True


def xlsx_bytes(sheets: Mapping[str, WorkbookSheet]) -> bytes:
    """An Excel file of these sheets, by name, each one page wide when it is printed. Text is stored as text, even if it
    looks like a formula, and days are stored as days."""
    assert_outside_unit_of_work("making an Excel file")
    # Imported here because it loads slowly, and few requests need it.
    from openpyxl import Workbook  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    for name, content in sheets.items():
        _write_sheet(workbook.create_sheet(str(name)), content)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _write_sheet(sheet: Any, content: WorkbookSheet) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    def cell_of(value: object) -> Any:
        if not isinstance(value, str):
            return value
        text = ILLEGAL_CHARACTERS_RE.sub("", str(value))
        if text[:1] not in _FORMULA_CHARACTERS:
            return text  # most are plain, and written much quicker than a cell of its own
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        return cell

    rows = iter(content.rows)
    # The widths stand before the rows in the file, so they are those of the first rows.
    first_rows = [tuple(row) for row in itertools.islice(rows, MEASURED_ROWS)]
    columns = max(map(len, first_rows), default=0)
    for number in range(columns):
        longest = max(len(_shown(row[number])) for row in first_rows if number < len(row))
        letter = get_column_letter(number + 1)
        sheet.column_dimensions[letter].width = min(MAX_WIDTH, max(MIN_WIDTH, longest + 3))
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0  # as many pages as there are rows
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    count = 0
    if content.is_table and first_rows:
        sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
        headings, *first_rows = first_rows
        cells = [WriteOnlyCell(sheet, str(value)) for value in headings]
        for cell in cells:
            cell.data_type, cell.font = "s", Font(bold=True)
        sheet.append(cells)
        count = 1
    for row in itertools.chain(first_rows, rows):
        sheet.append([cell_of(value) for value in row])
        count += 1
    if content.is_table and columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{max(count, 1)}"


def _shown(value: object) -> str:
    return "" if value is None else str(value)
