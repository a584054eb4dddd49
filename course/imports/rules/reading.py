"""From the bytes of a file to a table, whatever program wrote it."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

SEPARATORS = (",", ";", "\t", "|")
MOST_ROWS = 50_000
_SAMPLE = 50  # records that are looked at to find the separator
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how Excel's own files begin, new and old


@dataclass(frozen=True)
class Table:
    """What a file holds: its headings, and its rows with the line on which each begins (the first line is 1)."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


class UnreadableError(ValueError):
    """The file is no list that can be read. The message says why, and what to do."""


def read(data: bytes) -> Table:
    """The table in a CSV file: UTF-8, UTF-16 or Windows-1252; separated by comma, semicolon, tab or bar.

    Rows without any text are left out. Raises UnreadableError.
    """
    if data.startswith(_WORKBOOKS):
        raise UnreadableError("This is an Excel workbook. Open it, choose “Save as”, and save it as “CSV UTF-8”.")
    text = _decode(data)
    if text.lstrip().startswith("<"):
        raise UnreadableError("This is a web page. Open it in Excel, choose “Save as”, and save it as “CSV UTF-8”.")
    separator, text = _separator(text)
    found = _without_title(_records(text, separator))
    if not found:
        raise UnreadableError("The file is empty.")
    (_, headings), *rows = found
    if not rows:
        raise UnreadableError(
            "The file has only one line. The first line holds the headings, and each other one a person."
        )
    if len(rows) > MOST_ROWS:
        raise UnreadableError(f"The file has {len(rows):,} rows. Divide it into files of at most {MOST_ROWS:,}.")
    for line, cells in rows:
        if len(cells) > len(headings) and any(cells[len(headings) :]):
            raise UnreadableError(
                f"Line {line} has more columns than there are headings. "
                "Is a quotation mark missing, or is there a title above the headings?"
            )
    return Table(_unique(headings), tuple((line, tuple(cells)) for line, cells in rows))


def _without_title(records: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The records from the headings on: a title above them fills one cell, and a list of people needs two."""
    for place, (_, cells) in enumerate(records):
        if sum(map(bool, cells)) > 1:
            return records[place:]
    return records


def _unique(headings: list[str]) -> tuple[str, ...]:
    """Headings that can be told apart: an empty one is called by its place, a second one of a name gets a number."""
    found: list[str] = []
    for place, heading in enumerate(headings, 1):
        wanted = base = heading or f"Column {place}"
        number = 1
        while wanted in found:
            number += 1
            wanted = f"{base} ({number})"
        found.append(wanted)
    return tuple(found)


def _decode(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _strictly(data, encoding)
    # Latin text in UTF-16 has a zero in every other byte; no other text has any.
    start = data[:2000]
    if start[1::2].count(0) > len(start) // 4:
        return _strictly(data, "utf-16-le")
    if start[::2].count(0) > len(start) // 4:
        return _strictly(data, "utf-16-be")
    try:
        return _strictly(data, "utf-8")
    except UnreadableError:
        return _strictly(data, "cp1252")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError("The letters in this file cannot be read. Save it again as “CSV UTF-8”.") from error
    if "\0" in text:
        raise UnreadableError("This is not a text file. Save the list as “CSV UTF-8”.")
    return text


def _separator(text: str) -> tuple[str, str]:
    """What stands between columns, and the text without Excel's own line about it."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    if said.startswith("sep=") and len(said) == 5 and said[4] in SEPARATORS:
        return said[4], rest
    if first.rstrip("\r").lower() == "sep=\t":
        return "\t", rest
    return max(SEPARATORS, key=lambda one: _fit(text, one)), text


def _fit(text: str, separator: str) -> tuple[int, int]:
    """How well a separator fits: in how many of the first records it makes as many columns as in the headings, which
    are the first that it divides; and how many columns."""
    widths: list[int] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if any(record) and (widths or sum(map(bool, record)) > 1):
                widths.append(len(record))
            if len(widths) == _SAMPLE:
                break
    except csv.Error:
        return 0, 0
    if not widths:
        return 0, 0
    return widths.count(widths[0]), widths[0]


def _records(text: str, separator: str) -> list[tuple[int, list[str]]]:
    found, begun = [], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for record in reader:
            cells = [" ".join(cell.split()) for cell in record]
            if any(cells):
                found.append((begun, cells))
            begun = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(
            f"From line {begun} on the file cannot be read: a quotation mark is missing, or there is one too many."
        ) from error
    return found
