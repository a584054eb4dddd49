"""Files for spreadsheets: CSV and Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from course.db import assert_outside_unit_of_work

# Also as Chinese and Japanese keyboards write them, which spreadsheets take for the same.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV file in UTF-8. What a spreadsheet would take for a formula is marked as text."""
    assert_outside_unit_of_work("making a CSV file")
    file = io.StringIO()
    csv.writer(file).writerows([_escape_formula(value) for value in row] for row in rows)
    # With a mark at the beginning, without which Excel takes it for another encoding.
    return file.getvalue().encode("utf-8-sig")


def _escape_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_PREFIXES) else value


def xlsx_bytes(sheets: Mapping[str, Iterable[Iterable[object]]]) -> bytes:
    """Sheets by name as an Excel file; the first row of each stays in sight. Texts are texts, whatever they begin with,
    and days are days."""
    assert_outside_unit_of_work("making an Excel file")
    # It takes a while to load, and few need it.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number in range(1, 12):
            sheet.column_dimensions[get_column_letter(number)].width = 22
        for row in rows:
            filled: list[object] = []
            for value in row:
                cell = value
                if isinstance(value, str):
                    cell = ILLEGAL_CHARACTERS_RE.sub("", value)
                    if cell.startswith(_FORMULA_PREFIXES):
                        cell = WriteOnlyCell(sheet, cell)
                        cell.data_type = "s"
                filled.append(cell)
            sheet.append(filled)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
