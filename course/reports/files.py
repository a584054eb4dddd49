"""The report as a file: CSV, Excel or PDF, with exactly the people that the page shows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from course.certificates.typesetting import FONTS
from course.dates import civil_date
from course.refreshers.rules.dates import words as in_words
from course.reports.frame import Sight, Told
from course.reports.rules import BAR, GROUPS, SORTS
from course.web.spreadsheet import as_csv, as_xlsx

TEMPLATE = Path(__file__).with_name("report.typ")
COLUMNS = ("Person", "E-mail", "Team", "Pathway", "Started here", "Status", "Progress", "Due", "Certificate runs to",
           "Last reminder")  # fmt: skip
PRINTED = ("Person", "Team", "Status", "Progress", "Started here", "Due", "Certificate runs to", "Last reminder")
_lock = Lock()


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it is called, its ending and its media type, and how it is made."""

    name: str
    media: str
    make: Callable[[Sight, Sequence[Told], str, str, datetime], bytes]


def cells(row: Told, zone: str) -> tuple[object, ...]:
    """A line of the report; days as days."""
    line = row.line
    reminded = civil_date(row.reminded, zone) if row.reminded else None
    return (line.name, line.email, row.teams, row.pathway, line.start, line.words, row.progress, line.due,
            line.valid_until, reminded)  # fmt: skip


def _csv(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime) -> bytes:  # noqa: ARG001
    return as_csv((COLUMNS, *(cells(row, zone) for row in rows)))


def _xlsx(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime) -> bytes:
    about = [(seen.name, organisation), *((line,) for line in summary(seen, zone, at))]
    return as_xlsx({"People": (COLUMNS, *(cells(row, zone) for row in rows)), "About this report": about})


def summary(seen: Sight, zone: str, at: datetime) -> list[str]:
    """What a file says about itself: the day, the counts, and what was left out of the list."""
    report, wanted = seen.report, seen.report.wanted
    counts = ", ".join(f"{report.counts[one]} {GROUPS[one].lower()}" for one in BAR if report.counts[one])
    found = [
        f"As at {in_words(seen.on)}. Made on {in_words(civil_date(at, zone))}.",
        f"{report.holding} of {report.total} hold a valid certificate. {counts}." if report.total else "Nobody.",
    ]
    if wanted.narrow:
        asked = {
            "status": GROUPS.get(wanted.group, ""), "pathway": wanted.pathway, "name or e-mail": wanted.words,
            "started here from": _day(wanted.started_from), "started here up to": _day(wanted.started_to),
        }  # fmt: skip
        only = "; ".join(f"{name}: {value}" for name, value in asked.items() if value)
        found.append(f"The list has {len(report.lines)} of them, by {only}.")
    return [*found, f"Order: {SORTS[wanted.sort].lower()}."]


def _day(day: date | None) -> str:
    return in_words(day) if day else ""


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, font_paths=FONTS, ignore_system_fonts=True)


def _pdf(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime) -> bytes:
    today = civil_date(at, zone)
    printed = [
        [row.line.name, row.teams, row.line.words, row.progress, *map(_day, (
            row.line.start, row.line.due, row.line.valid_until,
            civil_date(row.reminded, zone) if row.reminded else None,
        ))] for row in rows
    ]  # fmt: skip
    facts = {
        "title": f"Team report: {seen.name}",
        "organisation": organisation,
        "above": f"{organisation}: team report",
        "heading": seen.name,
        "lines": summary(seen, zone, at),
        "foot": f"{organisation}: {seen.name}, as at {in_words(seen.on)}",
        "columns": PRINTED,
        "rows": printed,
        "made": [today.year, today.month, today.day],
    }
    # A compiler refuses to be used by two threads at once.
    with _lock:
        data = _compiler().compile(format="pdf", sys_inputs={"facts": json.dumps(facts)}, timestamp=int(at.timestamp()))
    if not isinstance(data, bytes):
        raise TypeError("a report is one file")
    return data


KINDS = {
    "csv": Kind("CSV", "text/csv", _csv),
    "xlsx": Kind("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "pdf": Kind("PDF", "application/pdf", _pdf),
}


def as_file(kind: str, seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime) -> io.BytesIO:
    """The file of that kind (one of KINDS), made at the moment `at`."""
    return io.BytesIO(KINDS[kind].make(seen, rows, organisation, zone, at))
