"""Parsing an uploaded file, Excel or CSV, into a table."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from course.people_import.rules.character_damage import show_wrong_decoding
from course.people_import.rules.oneroster import read_roster, staff_of_roster
from course.people_import.rules.table import (
    BadRow,
    Table,
    UnreadableError,
    build_table,
    check_columns,
    count_known_headings,
    pack_table,
)
from course.people_import.rules.workbook import read_workbook
from course.translation import lazy_gettext as _

SEPARATORS = (",", ";", "\t", "|", "^", "~")
_SAMPLE = 50  # records that are looked at to find the separator
_MAX_BAD_ROWS = 200  # rows with a wrong quotation mark; a file with more is none that a program wrote
_QUOTATION_MARK = _("A quotation mark is missing in this row, or there is one too many.")
_INCHES = re.compile(r'(?<=\d)"(?=[ \w])')  # a 24" screen
_ZIP, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # how Excel's own files begin, new and old
# A byte that is no letter in the file's encoding comes out of `decode` as one of these.
_UNDECODED = re.compile("[\udc80-\udcff]")
_UNDECODED_OR_NUL = re.compile("[\udc80-\udcff\0]")
_WRONG_BOM = "ï»¿"  # a byte order mark that was read as Windows-1252
_CONTROL = re.compile("[\x01-\x08\x0e-\x19\x1b-\x1f]")  # what no text holds


def parse_file(data: bytes) -> Table:
    """The table in an Excel workbook or a CSV file: UTF-8, UTF-16 or Windows-1252; separated by comma, semicolon, tab,
    bar, ^ or ~; or the staff in a ZIP of OneRoster files. Pure: it can run in a process of its own.

    Rows without any text are left out; one that cannot be read is kept apart, and changes no other. Raises
    UnreadableError.
    """
    if data.startswith(_ZIP):
        return read_roster(data, _parse_text) or staff_of_roster(read_workbook(data))
    if data.startswith(_OLD_WORKBOOK):
        raise UnreadableError(
            _(
                "This Excel workbook has a password, or was saved by an old version. Open it, choose “Save as”, and save it "
                "as “Excel Workbook (.xlsx)” without a password, or as “CSV UTF-8”."
            )
        )
    return staff_of_roster(_parse_text(data))


def _parse_text(data: bytes) -> Table:
    """The table in a CSV file. Raises UnreadableError."""
    text = _decode(data)
    if text.lstrip().startswith("<"):
        raise UnreadableError(_("This is a web page. Open it in Excel, choose “Save as”, and save it as “CSV UTF-8”."))
    for first in text[:2_000_000].split("\n", 20)[:20]:
        check_columns(max(map(first.count, SEPARATORS)) + 1)
    separator, text = _separator(text)
    found: list[tuple[int, list[str]]] = []
    bad: list[BadRow] = []
    lines, width, known = _split(text), 0, 1
    for line, cells, fault in _records(text, separator):
        if fault or sum(map(bool, cells)) == 1:
            divided = _divide(lines[line - 1], separator, width)
            cells, fault = (divided, "") if divided else (cells, fault)
        odd = _undecoded_bytes(cells)
        if odd and not fault and (not found or count_known_headings(_windows_letters(cells)) > 1):
            cells, odd = _windows_letters(cells), ""  # a heading names a column, and nobody
        if len(found) < _SAMPLE and not fault and (names := count_known_headings(cells)) > known:
            width, known = len(cells), names
        if fault and all(len(one) < 2 for _, one in found):
            raise UnreadableError(_("Line %(line)s: %(fault)s", line=line, fault=fault))
        if fault or (odd and found):
            bad.append(BadRow(line, tuple(_printable(cell) for cell in cells[:200]), fault or _undecoded_fault(odd)))
        else:
            found.append((line, [_printable(cell) for cell in cells]))
    cut = _cut_rows(found)
    bad += [BadRow(line, tuple(cells), _QUOTATION_MARK) for line, cells in found if line in cut]
    found = [(line, cells) for line, cells in found if line not in cut]
    if len(bad) > _MAX_BAD_ROWS and len(bad) > len(found):
        raise UnreadableError(
            _("Few rows of this file can be read. Line %(line)s: %(fault)s", line=bad[0].line, fault=bad[0].reason)
        )
    return build_table(found, bad)


def parse_and_pack(data: bytes) -> bytes:
    """The table in a file as it is kept: what a process of its own hands back. Raises UnreadableError."""
    return pack_table(parse_file(data))


def _undecoded_fault(odd: str) -> str:
    return _(
        "This row has a byte that is not a letter in this file: %(bytes)s. It may be an apostrophe or an accented letter "
        "from another program. Type it again, and save the list as “CSV UTF-8”.",
        bytes=odd,
    )


def _undecoded_bytes(cells: list[str]) -> str:
    """The bytes of a row that are no letters, as they are usually written."""
    found = sorted({ord(sign) & 0xFF for cell in cells for sign in _UNDECODED_OR_NUL.findall(cell)})
    return ", ".join(f"0x{byte:02X}" for byte in found)


def _windows_letters(cells: list[str]) -> list[str]:
    """The cells with each byte that is no letter of the file read as Windows-1252."""
    return [
        _UNDECODED.sub(lambda sign: bytes([ord(sign[0]) & 0xFF]).decode("cp1252", "replace"), cell.replace("\0", ""))
        for cell in cells
    ]


def _divide(line: str, separator: str, width: int) -> list[str] | None:
    """The cells of a line that has another separator than most of the file: headings, or below headings of this `width` a row
    with an address; None if it is neither."""
    for other in SEPARATORS:
        if other == separator or other not in line:
            continue
        try:
            record = next(csv.reader([line], delimiter=other, strict=True, skipinitialspace=other != "\t"))
        except csv.Error:
            continue
        cells = [" ".join(cell.split()) for cell in record]
        is_row = len(cells) == width and _address_place(cells) >= 0
        if is_row or (not width and count_known_headings(cells) > 1):
            return cells
    return None


def _printable(cell: str) -> str:
    return _UNDECODED_OR_NUL.sub("\ufffd", cell)


def _decode(data: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _text(data, encoding)
    # Latin text in UTF-16 has a zero in every other byte; no other text has any.
    start = data[:2000]
    if start[1::2].count(0) > len(start) // 4:
        return _text(data, "utf-16-le")
    if start[::2].count(0) > len(start) // 4:
        return _text(data, "utf-16-be")
    return _text(data, "utf-8" if _is_utf8(data) else "cp1252")


def _is_utf8(data: bytes) -> bool:
    """Whether the letters beyond ASCII are those of UTF-8, perhaps with a few bytes among them that are not. In any other
    encoding it would be chance if two letters looked like one of UTF-8."""
    text = data.decode("utf-8", "surrogateescape")
    if text.isascii():
        return True
    odd = len(_UNDECODED.findall(text))
    return odd == 0 or sum(sign > "\x7f" for sign in text) > odd


def _text(data: bytes, encoding: str) -> str:
    """The text, with each byte that is no letter marked (surrogateescape)."""
    try:
        text = data.decode(encoding, "strict" if encoding.startswith("utf-16") else "surrogateescape")
    except UnicodeDecodeError as error:
        raise UnreadableError(_("The letters in this file cannot be read. Save it again as “CSV UTF-8”.")) from error
    # Old programs fill the file up to a round length, and end it with Ctrl-Z.
    text = text.replace("\ufeff", "").removeprefix(_WRONG_BOM).rstrip("\0\x1a")
    nothing = text.count("\0")
    if nothing and (_CONTROL.search(text) or (nothing > 3 and nothing > text.count("\n") / 20)):
        raise UnreadableError(_("This is not a text file. Save the list as “CSV UTF-8”."))
    return show_wrong_decoding(text)


def _separator(text: str) -> tuple[str, str]:
    """The separator of the columns, and the text without the line in which Excel declares it (sep=;)."""
    first, _, rest = text.partition("\n")
    declaration = first.strip().strip('"').lower()
    if declaration.startswith("sep=") and len(declaration) == 5 and declaration[4] in SEPARATORS:
        return declaration[4], rest
    if first.rstrip("\r").lower() == "sep=\t":
        return "\t", rest
    there = [one for one in SEPARATORS if one in text] or list(SEPARATORS)
    return max(there, key=lambda one: _separator_fit(text, one)), text


def _separator_fit(text: str, separator: str) -> tuple[int, int]:
    """How well a separator fits: in how many of the first records it makes as many columns as in the headings, which
    are those with the most known names, or else the first that it divides; and how many columns."""
    widths: list[int] = []
    most = 1
    for _line, cells, _fault in _records(text, separator):
        if (names := count_known_headings(cells)) > most:
            widths, most = [], names  # what stands above is a title, such as “School;North”
        if widths or sum(map(bool, cells)) > 1:
            widths.append(len(cells))
        if len(widths) == _SAMPLE:
            break
    if not widths:
        return 0, 0
    return widths.count(widths[0]), widths[0]


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str], str]]:
    """The records that hold any text: the line on which each begins, its cells, and what is wrong with it. After a row
    with a wrong quotation mark the next line is read anew: such a mark must not swallow the rows below it."""
    lines = _split(text)
    begun, faults, width, has_quotes = 0, 0, 0, '"' in text
    while begun < len(lines):
        start = begun
        reader = csv.reader(
            lines[start:] if start else lines, delimiter=separator, strict=True, skipinitialspace=separator != "\t"
        )
        try:
            for record in reader:
                if has_quotes:
                    if _is_misquoted(lines[begun : start + reader.line_num], separator, width):
                        raise csv.Error
                    record = _unwrap(record, lines[begun], separator, width)
                cells = [" ".join(cell.split()) for cell in record]
                if any(cells):
                    yield begun + 1, cells, ""
                    if not width and sum(map(bool, cells)) > 2:
                        width = len(cells)
                begun = start + reader.line_num
            return
        except csv.Error:
            faults += 1
            if faults > _MAX_BAD_ROWS:
                raise UnreadableError(
                    _(
                        "From line %(line)s on the file cannot be read: quotation marks are missing, or there are too "
                        "many.",
                        line=begun + 1,
                    )
                ) from None
            cells = [" ".join(cell.split()) for cell in lines[begun].replace('"', "").split(separator)]
            yield begun + 1, cells, _QUOTATION_MARK
            begun += 1


def _is_misquoted(lines: list[str], separator: str, width: int) -> bool:
    """Whether a record that can be parsed has a quotation mark too many: one without a partner, or two that take lines
    together of which each is a row of its own."""
    if len(lines) == 1:
        return _INCHES.sub("", lines[0]).count('"') % 2 == 1
    return width > 2 and all(line.count(separator) == width - 1 for line in lines)


def _unwrap(record: list[str], line: str, separator: str, width: int) -> list[str]:
    """The cells of a row that a spreadsheet has put into one cell as a whole. Raises csv.Error."""
    if len(record) != 1 or not line.startswith('"') or separator not in record[0]:
        return record
    found = next(csv.reader([record[0]], delimiter=separator, strict=True))
    return found if len(found) == width or count_known_headings(found) > 1 else record


def _cut_rows(rows: list[tuple[int, list[str]]]) -> set[int]:
    """The lines of rows that a line break in a cell without quotation marks has cut in two: together they are as long as
    the others, and an address stands in another column than everywhere else."""
    widths = Counter(len(cells) for _, cells in rows)
    width = max(widths, key=lambda one: (widths[one], one), default=0)
    if sum(widths[one] for one in range(1, width)) < 2:
        return set()
    places = Counter(_address_place(cells) for _, cells in rows if len(cells) == width and _address_place(cells) >= 0)
    if not places:
        return set()
    place = places.most_common(1)[0][0]
    found: set[int] = set()
    for (first, one), (second, other) in pairwise(rows):
        parts = (one, other)
        misplaced = any(_address_place(cells) not in (-1, place) for cells in parts)
        if misplaced and max(map(len, parts)) < width and sum(map(len, parts)) - 1 == width:
            found |= {first, second}
    return found


def _address_place(cells: list[str]) -> int:
    """The place of the first cell with an address; -1 if there is none."""
    return next((place for place, cell in enumerate(cells) if "@" in cell), -1)


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


def _split(text: str) -> list[str]:
    """The lines of a text with their ends, as CSV knows them."""
    found = _LINE.findall(text)
    return found[:-1] if found and not found[-1] else found
