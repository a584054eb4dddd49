"""Files for spreadsheets: CSV and Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from course.db import outside_unit_of_work

# Also as Chinese and Japanese keyboards write them, which spreadsheets take for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV file in UTF-8. What a spreadsheet would take for a formula is marked as text."""
    outside_unit_of_work("making a CSV file")
    file = io.StringIO()
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)
    # With a mark at the beginning, without which Excel takes it for another encoding.
    return file.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_xlsx(sheets: Mapping[str, Iterable[Iterable[object]]]) -> bytes:
    """Sheets by name as an Excel file; the first row of each stays in sight. Texts are texts, whatever they begin with,
    and days are days."""
    outside_unit_of_work("making an Excel file")
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
                    if cell.startswith(_FORMULA):
                        cell = WriteOnlyCell(sheet, cell)
                        cell.data_type = "s"
                filled.append(cell)
            sheet.append(filled)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
