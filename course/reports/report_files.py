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
from course.exports.rules import StageCallback
from course.recertification.rules.civil_dates import long_date as in_words
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.report_view import ReportRow, ReportView
from course.reports.rules import SORT_ORDERS, STATUS_BAR_ORDER
from course.web.spreadsheet import csv_bytes, xlsx_bytes

TEMPLATE = Path(__file__).with_name("report.typ")
COLUMNS = ("Person", "E-mail", "Team", "Pathway", "Started here", "Status", "Progress", "Due", "Certificate runs to",
           "Last reminder")  # fmt: skip
PDF_COLUMNS = ("Person", "Team", "Status", "Progress", "Started here", "Due", "Certificate runs to", "Last reminder")
PDF_BATCH_SIZE = 1000  # people who are set at once
PROGRESS_INTERVAL = 5000  # lines after which somebody who waits is told
WRITING_STAGE = "Writing the file"
_lock = Lock()


@dataclass(frozen=True)
class ReportFormat:
    """A kind of file: what it is called, its ending and its media type, and how it is made."""

    name: str
    media_type: str
    render: Callable[[ReportView, Sequence[ReportRow], str, str, datetime, StageCallback], bytes]
    max_immediate: int  # people up to whom nobody has to wait for it


def row_cells(row: ReportRow, zone: str) -> tuple[object, ...]:
    """A line of the report; days as days."""
    line = row.line
    reminded = civil_date(row.last_reminder, zone) if row.last_reminder else None
    return (line.name, line.email, row.teams, row.pathway, line.employment_start, line.label, row.progress, line.due,
            line.valid_until, reminded)  # fmt: skip


def _csv(  # one signature for all formats
    _seen: ReportView, rows: Sequence[ReportRow], _organisation: str, zone: str, _at: datetime, tell: StageCallback
) -> bytes:
    return csv_bytes((COLUMNS, *_cell_rows(rows, zone, tell)))


def _xlsx(
    seen: ReportView, rows: Sequence[ReportRow], organisation: str, zone: str, at: datetime, tell: StageCallback
) -> bytes:
    about = [(seen.name, organisation), *((line,) for line in report_summary(seen, zone, at))]
    people = itertools.chain((COLUMNS,), _cell_rows(rows, zone, tell))
    return xlsx_bytes({"People": people, "About this report": about})


def _cell_rows(rows: Sequence[ReportRow], zone: str, tell: StageCallback) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        if number % PROGRESS_INTERVAL == 0:
            tell(WRITING_STAGE, number, len(rows))
        yield row_cells(row, zone)


def report_summary(seen: ReportView, zone: str, at: datetime) -> list[str]:
    """What a file says about itself: the day, the counts, and what was left out of the list."""
    report, wanted = seen.report, seen.report.wanted
    counts = ", ".join(
        f"{report.counts[one]} {STATUS_GROUPS[one].lower()}" for one in STATUS_BAR_ORDER if report.counts[one]
    )
    found = [
        f"As at {in_words(seen.on)}. Made on {in_words(civil_date(at, zone))}.",
        f"{report.certified_count} of {report.total} hold a valid certificate. {counts}."
        if report.total
        else "Nobody.",
    ]
    if wanted.is_narrowed:
        asked = {
            "status": STATUS_GROUPS.get(wanted.group, ""), "pathway": wanted.pathway, "name or e-mail": wanted.search_text,
            "started here from": _date_or_blank(wanted.started_from), "started here up to": _date_or_blank(wanted.started_to),
        }  # fmt: skip
        only = "; ".join(f"{name}: {value}" for name, value in asked.items() if value)
        found.append(f"The list has {len(report.lines)} of them, by {only}.")
    return [*found, f"Order: {SORT_ORDERS[wanted.sort].lower()}."]


def _date_or_blank(day: date | None) -> str:
    return in_words(day) if day else ""


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, font_paths=FONTS, ignore_system_fonts=True)


def _pdf(
    seen: ReportView, rows: Sequence[ReportRow], organisation: str, zone: str, at: datetime, tell: StageCallback
) -> bytes:
    """Typst keeps all of a document in memory, so long lists are set in parts, whose pages are numbered through."""
    if len(rows) <= PDF_BATCH_SIZE:
        return _compile_pdf(_template_data(seen, rows, organisation, zone, at))
    # It takes a while to load, and few need it.
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    whole, before = PdfWriter(), 0
    for start in range(0, len(rows), PDF_BATCH_SIZE):
        tell(WRITING_STAGE, start, len(rows))
        facts = _template_data(seen, rows[start : start + PDF_BATCH_SIZE], organisation, zone, at)
        part = PdfReader(io.BytesIO(_compile_pdf({**facts, "before": before, "begins": start == 0})))
        whole.append(part, import_outline=False)
        before += len(part.pages)
    whole.add_metadata({"/Title": f"Team report: {seen.name}", "/Author": organisation})
    file = io.BytesIO()
    whole.write(file)
    return file.getvalue()


def _template_data(
    seen: ReportView, rows: Sequence[ReportRow], organisation: str, zone: str, at: datetime
) -> dict[str, Any]:
    """What the template gets. `before` is how many pages came before, None where this is all of them."""
    today = civil_date(at, zone)
    printed = [
        [row.line.name, row.teams, row.line.label, row.progress, *map(_date_or_blank, (
            row.line.employment_start, row.line.due, row.line.valid_until,
            civil_date(row.last_reminder, zone) if row.last_reminder else None,
        ))] for row in rows
    ]  # fmt: skip
    return {
        "title": f"Team report: {seen.name}",
        "organisation": organisation,
        "above": f"{organisation}: team report",
        "heading": seen.name,
        "lines": report_summary(seen, zone, at),
        "foot": f"{organisation}: {seen.name}, as at {in_words(seen.on)}",
        "columns": PDF_COLUMNS,
        "rows": printed,
        "made": [today.year, today.month, today.day],
        "stamp": int(at.timestamp()),
        "before": None,
        "begins": True,
    }


def _compile_pdf(facts: dict[str, Any]) -> bytes:
    # A compiler refuses to be used by two threads at once.
    with _lock:
        data = _compiler().compile(format="pdf", sys_inputs={"facts": json.dumps(facts)}, timestamp=facts["stamp"])
    if not isinstance(data, bytes):
        raise TypeError("a report is one file")
    return data


REPORT_FORMATS = {
    "csv": ReportFormat("CSV", "text/csv", _csv, 20_000),
    "xlsx": ReportFormat("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx, 5_000),
    "pdf": ReportFormat("PDF", "application/pdf", _pdf, 1_000),
}


def render_report_file(
    kind: str,
    seen: ReportView,
    rows: Sequence[ReportRow],
    organisation: str,
    zone: str,
    at: datetime,
    tell: StageCallback,
) -> bytes:
    """The file of that kind (one of KINDS), made at the moment `at`; `tell` hears how far it has come."""
    return REPORT_FORMATS[kind].render(seen, rows, organisation, zone, at, tell)
