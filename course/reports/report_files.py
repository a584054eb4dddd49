"""The report as a file: CSV, Excel or PDF, with exactly the people that the page shows."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst

from course.certificates.typesetting import FONTS
from course.dates import civil_date
from course.exports.rules import Tell
from course.recertification.rules.civil_dates import words as in_words
from course.recertification.rules.explanations import GROUPS
from course.reports.report_view import Sight, Told
from course.reports.rules import BAR, SORTS
from course.web.spreadsheet import as_csv, as_xlsx

TEMPLATE = Path(__file__).with_name("report.typ")
COLUMNS = ("Person", "E-mail", "Team", "Pathway", "Started here", "Status", "Progress", "Due", "Certificate runs to",
           "Last reminder")  # fmt: skip
PRINTED = ("Person", "Team", "Status", "Progress", "Started here", "Due", "Certificate runs to", "Last reminder")
PART = 1000  # people who are set at once
TOLD_AFTER = 5000  # lines after which somebody who waits is told
WRITING = "Writing the file"
_lock = Lock()


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it is called, its ending and its media type, and how it is made."""

    name: str
    media: str
    make: Callable[[Sight, Sequence[Told], str, str, datetime, Tell], bytes]
    at_once: int  # people up to whom nobody has to wait for it


def cells(row: Told, zone: str) -> tuple[object, ...]:
    """A line of the report; days as days."""
    line = row.line
    reminded = civil_date(row.reminded, zone) if row.reminded else None
    return (line.name, line.email, row.teams, row.pathway, line.start, line.words, row.progress, line.due,
            line.valid_until, reminded)  # fmt: skip


def _csv(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime, tell: Tell) -> bytes:  # noqa: ARG001
    return as_csv((COLUMNS, *_lines(rows, zone, tell)))


def _xlsx(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime, tell: Tell) -> bytes:
    about = [(seen.name, organisation), *((line,) for line in summary(seen, zone, at))]
    people = itertools.chain((COLUMNS,), _lines(rows, zone, tell))
    return as_xlsx({"People": people, "About this report": about})


def _lines(rows: Sequence[Told], zone: str, tell: Tell) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        if number % TOLD_AFTER == 0:
            tell(WRITING, number, len(rows))
        yield cells(row, zone)


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


def _pdf(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime, tell: Tell) -> bytes:
    """Typst keeps all of a document in memory, so long lists are set in parts, whose pages are numbered through."""
    if len(rows) <= PART:
        return _part(_facts(seen, rows, organisation, zone, at))
    # It takes a while to load, and few need it.
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    whole, before = PdfWriter(), 0
    for start in range(0, len(rows), PART):
        tell(WRITING, start, len(rows))
        facts = _facts(seen, rows[start : start + PART], organisation, zone, at)
        part = PdfReader(io.BytesIO(_part({**facts, "before": before, "begins": start == 0})))
        whole.append(part, import_outline=False)
        before += len(part.pages)
    whole.add_metadata({"/Title": f"Team report: {seen.name}", "/Author": organisation})
    file = io.BytesIO()
    whole.write(file)
    return file.getvalue()


def _facts(seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime) -> dict[str, Any]:
    """What the template gets. `before` is how many pages came before, None where this is all of them."""
    today = civil_date(at, zone)
    printed = [
        [row.line.name, row.teams, row.line.words, row.progress, *map(_day, (
            row.line.start, row.line.due, row.line.valid_until,
            civil_date(row.reminded, zone) if row.reminded else None,
        ))] for row in rows
    ]  # fmt: skip
    return {
        "title": f"Team report: {seen.name}",
        "organisation": organisation,
        "above": f"{organisation}: team report",
        "heading": seen.name,
        "lines": summary(seen, zone, at),
        "foot": f"{organisation}: {seen.name}, as at {in_words(seen.on)}",
        "columns": PRINTED,
        "rows": printed,
        "made": [today.year, today.month, today.day],
        "stamp": int(at.timestamp()),
        "before": None,
        "begins": True,
    }


def _part(facts: dict[str, Any]) -> bytes:
    # A compiler refuses to be used by two threads at once.
    with _lock:
        data = _compiler().compile(format="pdf", sys_inputs={"facts": json.dumps(facts)}, timestamp=facts["stamp"])
    if not isinstance(data, bytes):
        raise TypeError("a report is one file")
    return data


KINDS = {
    "csv": Kind("CSV", "text/csv", _csv, 20_000),
    "xlsx": Kind("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx, 5_000),
    "pdf": Kind("PDF", "application/pdf", _pdf, 1_000),
}


def as_file(
    kind: str, seen: Sight, rows: Sequence[Told], organisation: str, zone: str, at: datetime, tell: Tell
) -> bytes:
    """The file of that kind (one of KINDS), made at the moment `at`; `tell` hears how far it has come."""
    return KINDS[kind].make(seen, rows, organisation, zone, at, tell)
