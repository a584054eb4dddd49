"""Columns that say whether somebody has left, and not on which day: “Leaver” with Yes and No, “Status” with Active and Left."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from course.people_import.rules.headings import KNOWN_HEADINGS, heading_variants, strip_qualifiers
from course.people_import.rules.table import Table

# Beside the fields of rules/columns.py, which are chosen: the places of these columns in a row.
LEAVER, STATUS, CURRENT, CODES = "leaver", "status", "current", "status_code"
CODES_WITH_LEAVERS = "status_code_leaver"
_YES = frozenset({"y", "yes", "true", "1", "x", "✓", "ja", "ie", "oes", "do", "oui"})
_NO = frozenset({"n", "no", "false", "0", "nein", "na", "nac oes", "naddo", "non"})
_LEFT = frozenset(
    {"left", "leaver", "has left", "left employment", "terminated", "resigned", "dismissed", "retired", "deceased", "former",
     "inactive", "not active", "archived", "no longer employed", "ex employee",
     "former employee", "former staff", "ex-employee", "ausgeschieden", "gekündigt", "wedi gadael", "gadawodd",
     "leavers", "ex staff", "ex-staff", "ex member of staff", "former worker", "former member of staff", "past", "past employee",
     "previous", "previous employee", "died", "redundant", "redundancy", "employment ended", "contract ended", "end of contract",
     "end of employment", "no longer working here", "no longer here", "withdrawn", "did not start", "no show", "discarded",
     "past staff", "past member of staff", "previous staff", "ended", "closed", "finished", "exited", "deactivated",
     "not live", "not employed", "not current", "no longer active", "non-active", "nonactive", "ex", "contract expired",
     "tupe out", "inaktiv", "ehemalig", "ehemaliger mitarbeiter", "verstorben", "cyn aelod o staff", "ymddeol", "ymadawedig"}
)  # fmt: skip
_HERE = frozenset({"active", "current", "live", "employed", "working", "in post", "current staff", "aktiv", "cyfredol"})
# In a column of single letters with A for active: terminated, retired or resigned, deceased, inactive, former. L may be somebody
# on leave there. In one with C for current and nothing else L is a leaver; with other letters it may say who is married.
_LEFT_CODES, _CURRENT_CODES = frozenset("trdif"), frozenset("clf")
# What follows in the same cell if somebody is away, or is here until they leave: “Inactive - maternity leave”.
_STILL_HERE = re.compile(
    r"\b(?:leave\b|sick|lts|lta|maternity|paternity|adoption|parental|career break|sabbatical|absen|second|suspen|notice|until|"
    r"pending|future|mamolaeth|salwch|elternzeit|krank)"
)
# The words in front of a reason or a day: “Leaver - resigned”, “Terminated: redundancy”, “Left 31/08/2026”.
_FIRST_PART = re.compile(r"\s*(?:[(:;,\d]|\s[-–—/]\s|\s(?:on|at|in)\s).*$")
_STATUS_HEADINGS = frozenset(
    {"status", "employmentstatus", "employeestatus", "staffstatus", "workerstatus", "assignmentstatus", "recordstatus",
     "currentstatus", "activestatus", "beschaftigungsstatus", "statws", "statwscyflogaeth", "assignmentstatustype",
     "empstatus", "statuscode", "employeestatuscode", "employmentstatuscode", "staffstatuscode", "empstatuscode",
     "positionstatus", "jobstatus", "poststatus", "contractstatus", "hrstatus", "statwsgweithiwr"}
)  # fmt: skip

# Columns in which No means that somebody has left: “Active”, as in a list of accounts.
_CURRENT_HEADINGS = frozenset(
    {"active", "isactive", "activeyn", "activeemployee", "currentlyemployed", "currentemployee", "currentstaff", "iscurrent",
     "live", "islive", "livestaff", "current", "activeinactive", "currentlyactive",
     "accountenabled", "stillemployed", "employed", "inpost", "stillinpost", "aktiv", "cyflogedigarhynobryd"}
)  # fmt: skip
_NOT_CURRENT = _NO - {"na"} | {"inactive", "not active"}


def leaver_flags(table: Table, used: Collection[int]) -> dict[str, int]:
    """The columns of a list, but for those that hold a field, that say who has left; by LEAVER or STATUS."""
    found: dict[str, int] = {}
    seen: set[str] = set()
    for index, heading in enumerate(table.headings):
        names = {*heading_variants(heading), strip_qualifiers(heading)}
        kind = _kind(names)
        if not kind or index in used or kind in seen:
            continue
        cells = [text for cell in table.column(index) if (text := cell.casefold().strip())]
        # In a column of days nothing is a yes. A status may be one of anything, so only its own words count.
        known = sum(not {cell, _first_part(cell)}.isdisjoint(_YES | _NO | _LEFT | _HERE) for cell in cells)
        if cells and (kind == STATUS or known > len(cells) / 2):
            seen.add(kind)
            found[_kind_of_status(cells) if kind == STATUS else kind] = index
    return found


def _kind_of_status(cells: Sequence[str]) -> str:
    """What a column of a status says by what stands in it: words; single letters, some of which are known to be of people who
    are here; or yes and no, of which no says that somebody has left. Where nobody or hardly anybody were here it is about
    something else."""
    if "a" in cells and all(len(cell) == 1 and cell.isalpha() for cell in cells):
        return CODES
    if "c" in cells and set(cells) <= _CURRENT_CODES:
        return CODES_WITH_LEAVERS
    if set(cells) <= _YES | _NO and 2 * sum(cell in _YES for cell in cells) >= len(cells):
        return CURRENT
    return STATUS


def _kind(names: Collection[str]) -> str:
    """What a column with a heading of these names says; empty if it says nothing about who is here."""
    kinds = {LEAVER: KNOWN_HEADINGS["leaving"], STATUS: _STATUS_HEADINGS, CURRENT: _CURRENT_HEADINGS}
    return next((kind for kind, headings in kinds.items() if not set(names).isdisjoint(headings)), "")


def says_left(cells: Sequence[str], columns: Mapping[str, int]) -> bool:
    """Whether a row says in one of these columns that its person has left."""
    said = {kind: cells[columns[kind]] for kind in _WORDS if kind in columns and columns[kind] < len(cells)}
    return any(_says(cell, _WORDS[kind]) for kind, cell in said.items())


_WORDS = {LEAVER: _YES | _LEFT, STATUS: _LEFT, CURRENT: _NOT_CURRENT | _LEFT, CODES: _LEFT_CODES,
          CODES_WITH_LEAVERS: _CURRENT_CODES - {"c"}}  # fmt: skip


def is_leaver_word(cell: str) -> bool:
    """Whether a cell says with a word whether somebody has left, as some do in a column of last days."""
    return _says(cell, _YES | _NO | _LEFT)


def _says(cell: str, words: Collection[str]) -> bool:
    """Whether a cell is one of these words, or begins with one and does not go on to say that they are here."""
    text = cell.casefold().strip()
    return (text in words or _first_part(text) in words) and not _STILL_HERE.search(text)


def _first_part(cell: str) -> str:
    return _FIRST_PART.sub("", cell)
