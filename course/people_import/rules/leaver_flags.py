"""Columns that say whether somebody has left, and not on which day: “Leaver” with Yes and No, “Status” with Active and Left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from course.people_import.rules.headings import KNOWN_HEADINGS, heading_variants, strip_qualifiers
from course.people_import.rules.table import Table

# Beside the fields of rules/columns.py, which are chosen: the places of these columns in a row.
LEAVER, STATUS = "leaver", "status"
_YES = frozenset({"y", "yes", "true", "1", "x", "✓", "ja", "ie", "oes", "do", "oui"})
_NO = frozenset({"n", "no", "false", "0", "nein", "na", "nac oes", "naddo", "non"})
_LEFT = frozenset(
    {"left", "leaver", "has left", "left employment", "terminated", "resigned", "dismissed", "retired", "deceased", "former",
     "former employee", "former staff", "ex-employee", "ausgeschieden", "gekündigt", "wedi gadael", "gadawodd"}
)  # fmt: skip
_STATUS_HEADINGS = frozenset(
    {"status", "employmentstatus", "employeestatus", "staffstatus", "workerstatus", "assignmentstatus", "recordstatus",
     "currentstatus", "activestatus", "beschaftigungsstatus", "statws", "statwscyflogaeth"}
)  # fmt: skip


def leaver_flags(table: Table, used: Collection[int]) -> dict[str, int]:
    """The columns of a list, but for those that hold a field, that say who has left; by LEAVER or STATUS."""
    found: dict[str, int] = {}
    for index, heading in enumerate(table.headings):
        names = {*heading_variants(heading), strip_qualifiers(heading)}
        kind = LEAVER if names & {*KNOWN_HEADINGS["leaving"]} else STATUS if names & _STATUS_HEADINGS else None
        if kind is None or index in used or kind in found:
            continue
        cells = {cell.casefold().strip() for cell in table.column(index)} - {""}
        # In a column of days nothing is a yes. A status may be one of anything, so only its own words count.
        if cells and (kind == STATUS or cells <= _YES | _NO | _LEFT):
            found[kind] = index
    return found


def says_left(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether a row says in one of these columns that its person has left."""
    said = {
        kind: cells[columns[kind]].casefold().strip()
        for kind in (LEAVER, STATUS)
        if kind in columns and columns[kind] < len(cells)
    }
    return said.get(LEAVER, "") in _YES | _LEFT or said.get(STATUS, "") in _LEFT
