"""Files for spreadsheets: CSV and Excel."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from course.db import assert_outside_unit_of_work

# Full-width signs as well, as Chinese and Japanese keyboards write them: spreadsheets take them for the same.
_FORMULA_CHARACTERS = frozenset("=+-@\t\r\n＝＋－＠")


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV file in UTF-8. Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    assert_outside_unit_of_work("making a CSV file")
    file = io.StringIO()
    csv.writer(file).writerows([_escape_formula(value) for value in row] for row in rows)
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
    # Most cells are plain text; of a million people this is the most that is done for each of their cells.
    if type(value) is str:
        return f"'{value}" if value[:1] in _FORMULA_CHARACTERS else value
    if not isinstance(value, str):
        return value
    text = str(value)  # a LazyText in the language of the reader
    return f"'{text}" if text[:1] in _FORMULA_CHARACTERS else text


def xlsx_bytes(sheets: Mapping[str, Iterable[Iterable[object]]]) -> bytes:
    """An Excel file of these sheets, by name; the first row of each is frozen. Text is stored as text, even if it looks like a
    formula, and days are stored as days."""
    assert_outside_unit_of_work("making an Excel file")
    # Imported here because it loads slowly, and few requests need it.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(str(name))
        sheet.freeze_panes = "A2"
        for number in range(1, 12):
            sheet.column_dimensions[get_column_letter(number)].width = 22
        for row in rows:
            cells: list[object] = []
            for value in row:
                cell = value
                if isinstance(value, str):
                    cell = ILLEGAL_CHARACTERS_RE.sub("", str(value))
                    if cell[:1] in _FORMULA_CHARACTERS:
                        cell = WriteOnlyCell(sheet, cell)
                        cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()
