"""Columns that say whether somebody has left, and not on which day: “Leaver” with Yes and No, “Status” with Active and Left."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from course.people_import.rules.headings import KNOWN_HEADINGS, heading_variants, strip_qualifiers
from course.people_import.rules.table import Table

# Beside the fields of rules/columns.py, which are chosen: the places of these columns in a row.
LEAVER, STATUS, CURRENT = "leaver", "status", "current"
_YES = frozenset({"y", "yes", "true", "1", "x", "✓", "ja", "ie", "oes", "do", "oui"})
_NO = frozenset({"n", "no", "false", "0", "nein", "na", "nac oes", "naddo", "non"})
_LEFT = frozenset(
    {"left", "leaver", "has left", "left employment", "terminated", "resigned", "dismissed", "retired", "deceased", "former",
     "inactive", "not active", "archived", "no longer employed", "ex employee",
     "former employee", "former staff", "ex-employee", "ausgeschieden", "gekündigt", "wedi gadael", "gadawodd"}
)  # fmt: skip
_STATUS_HEADINGS = frozenset(
    {"status", "employmentstatus", "employeestatus", "staffstatus", "workerstatus", "assignmentstatus", "recordstatus",
     "currentstatus", "activestatus", "beschaftigungsstatus", "statws", "statwscyflogaeth"}
)  # fmt: skip

# Columns in which No means that somebody has left: “Active”, as in a list of accounts.
_CURRENT_HEADINGS = frozenset(
    {"active", "isactive", "activeyn", "activeemployee", "currentlyemployed", "currentemployee", "currentstaff", "iscurrent",
     "stillemployed", "employed", "inpost", "stillinpost", "aktiv", "cyflogedigarhynobryd"}
)  # fmt: skip
_NOT_CURRENT = _NO - {"na"} | {"inactive", "not active"}


def leaver_flags(table: Table, used: Collection[int]) -> dict[str, int]:
    """The columns of a list, but for those that hold a field, that say who has left; by LEAVER or STATUS."""
    found: dict[str, int] = {}
    for index, heading in enumerate(table.headings):
        names = {*heading_variants(heading), strip_qualifiers(heading)}
        kind = _kind(names)
        if not kind or index in used or kind in found:
            continue
        cells = {cell.casefold().strip() for cell in table.column(index)} - {""}
        # In a column of days nothing is a yes. A status may be one of anything, so only its own words count.
        if cells and (kind == STATUS or cells <= _YES | _NO | _LEFT | {"active"}):
            found[kind] = index
    return found


def _kind(names: Collection[str]) -> str:
    """What a column with a heading of these names says; empty if it says nothing about who is here."""
    kinds = {LEAVER: KNOWN_HEADINGS["leaving"], STATUS: _STATUS_HEADINGS, CURRENT: _CURRENT_HEADINGS}
    return next((kind for kind, headings in kinds.items() if not set(names).isdisjoint(headings)), "")


def says_left(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether a row says in one of these columns that its person has left."""
    said = {
        kind: re.sub(r"\s*\(.*\)$", "", cells[columns[kind]].casefold().strip())
        for kind in (LEAVER, STATUS, CURRENT)
        if kind in columns and columns[kind] < len(cells)
    }
    return (
        said.get(LEAVER, "") in _YES | _LEFT or said.get(STATUS, "") in _LEFT or said.get(CURRENT, "") in _NOT_CURRENT
    )
