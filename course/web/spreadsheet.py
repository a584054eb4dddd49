"""Files for spreadsheets: CSV and Excel."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from course.db import assert_outside_unit_of_work
from course.helper_process import HelperProcess
from course.request_turns import waiting
from course.web.workbook import FORMULA_CHARACTERS, SheetPart, write_workbook

_PLAIN_TYPES = frozenset({type(None), date, datetime, int, float, bool})  # no formulas, however they are written

PORTION_ROWS = 500  # that are sent at once to what writes an Excel file

_workbooks = HelperProcess()


def csv_bytes(rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a CSV file in UTF-8. Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    assert_outside_unit_of_work("making a CSV file")
    file = io.StringIO()
    # Of a million people this is the most that is done for each of their cells, so few of them are handed to a function.
    csv.writer(file).writerows(
        [
            value
            if (type(value) is str and value[:1] not in FORMULA_CHARACTERS) or type(value) in _PLAIN_TYPES
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
    return f"'{text}" if text[:1] in FORMULA_CHARACTERS else text


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet of an Excel file. The first row of a table is its headings: bold, frozen, with filters, and printed on each
    page."""

    rows: Iterable[Iterable[object]]
    is_table: bool = True


def xlsx_bytes(sheets: Mapping[str, WorkbookSheet]) -> bytes:
    """An Excel file of these sheets, by name, each one page wide when it is printed. Text is stored as text, even if it
    looks like a formula, and days are stored as days. It is written by a process of its own (see helper_process), to which
    the rows go as they are made."""
    assert_outside_unit_of_work("making an Excel file")
    with waiting():
        return _workbooks.call(write_workbook, parts=_workbook_parts(sheets))


def _workbook_parts(sheets: Mapping[str, WorkbookSheet]) -> Iterator[SheetPart]:
    for name, content in sheets.items():
        yield str(name), content.is_table
        rows = iter(content.rows)
        while portion := [tuple(map(_plain, row)) for row in itertools.islice(rows, PORTION_ROWS)]:
            yield portion


def _plain(value: object) -> object:
    """The value as it can be sent: a LazyText in the language of the reader."""
    return str(value) if isinstance(value, str) else value
