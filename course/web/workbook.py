"""Writes an Excel file, in a process of its own: nothing of the course but this is loaded there."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator
from typing import Any

# Full-width signs as well, as Chinese and Japanese keyboards write them: spreadsheets take them for the same.
FORMULA_CHARACTERS = frozenset("=+-@\t\r\n＝＋－＠")
MEASURED_ROWS = 200  # rows of a sheet by which the widths of its columns are chosen
MIN_WIDTH, MAX_WIDTH = 8, 44  # of a column, in characters
A4 = 9  # the number of the paper size

Row = tuple[object, ...]
# What a file is made of: the name of a sheet and whether it is a table, then its rows in portions; then the next sheet.
SheetPart = tuple[str, bool] | list[Row]


def write_workbook(parts: Iterator[SheetPart]) -> bytes:
    """The Excel file of these parts. The values of rows are plain."""
    sys.modules.setdefault("PIL", None)  # type: ignore[arg-type] # there are no pictures, and their library is large
    from openpyxl import Workbook  # noqa: PLC0415 (only this process needs it)

    workbook = Workbook(write_only=True)
    part = next(parts, None)
    while isinstance(part, tuple):
        name, is_table = part
        after: list[SheetPart] = []
        _write_sheet(workbook.create_sheet(name), _rows(parts, after), is_table)
        part = after[0] if after else None
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _rows(parts: Iterator[SheetPart], after: list[SheetPart]) -> Iterator[Row]:
    """The rows of a sheet, up to the part that begins another, which is added to `after`."""
    for part in parts:
        if isinstance(part, tuple):
            after.append(part)
            return
        yield from part


def _write_sheet(sheet: Any, rows: Iterator[Row], is_table: bool) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    def cell_of(value: object) -> Any:
        if not isinstance(value, str):
            return value
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        if text[:1] not in FORMULA_CHARACTERS:
            return text  # most are plain, and written much quicker than a cell of its own
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        return cell

    # The widths stand before the rows in the file, so they are those of the first rows.
    first_rows = list(itertools.islice(rows, MEASURED_ROWS))
    columns = max(map(len, first_rows), default=0)
    for number in range(columns):
        longest = max(len(_shown(row[number])) for row in first_rows if number < len(row))
        letter = get_column_letter(number + 1)
        sheet.column_dimensions[letter].width = min(MAX_WIDTH, max(MIN_WIDTH, longest + 3))
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0  # as many pages as there are rows
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    count = 0
    if is_table and first_rows:
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
    if is_table and columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{max(count, 1)}"


def _shown(value: object) -> str:
    return "" if value is None else str(value)
