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
PDF_BATCH_SIZE = 1000  # people in one part of a PDF
PROGRESS_INTERVAL = 5000  # lines after which the progress is reported
WRITING_STAGE = "Writing the file"
_lock = Lock()


@dataclass(frozen=True)
class ReportFormat:
    """A file format: its name, ending and media type, and the function that renders it."""

    name: str
    media_type: str
    render: Callable[[ReportView, Sequence[ReportRow], ReportHeading, StageCallback], bytes]
    max_immediate: int  # people up to whom the file is made within the request; larger files are made in the background


@dataclass(frozen=True)
class ReportHeading:
    """What a file says of itself: the organisation, and the moment at which it is made, in the time zone."""

    organisation: str
    zone: str
    at: datetime


def row_cells(row: ReportRow, zone: str) -> tuple[object, ...]:
    """The cells of a line; dates are dates, not text."""
    line = row.line
    reminder_day = civil_date(row.last_reminder, zone) if row.last_reminder else None
    return (line.name, line.email, row.teams, row.pathway, line.employment_start, line.label, row.progress, line.due,
            line.valid_until, reminder_day)  # fmt: skip


def _csv(
    view: ReportView,  # noqa: ARG001
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    return csv_bytes((COLUMNS, *_cell_rows(rows, heading.zone, report_progress)))


def _xlsx(
    view: ReportView,
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    about_rows = [
        (view.name, heading.organisation),
        *((line,) for line in report_summary(view, heading.zone, heading.at)),
    ]
    people = itertools.chain((COLUMNS,), _cell_rows(rows, heading.zone, report_progress))
    return xlsx_bytes({"People": people, "About this report": about_rows})


def _cell_rows(rows: Sequence[ReportRow], zone: str, report_progress: StageCallback) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        if number % PROGRESS_INTERVAL == 0:
            report_progress(WRITING_STAGE, number, len(rows))
        yield row_cells(row, zone)


def report_summary(view: ReportView, zone: str, at: datetime) -> list[str]:
    """The summary in a file: the day, the counts, and the filter of the list."""
    report, report_filter = view.report, view.report.wanted
    counts = ", ".join(
        f"{report.counts[one]} {STATUS_GROUPS[one].lower()}" for one in STATUS_BAR_ORDER if report.counts[one]
    )
    summary = [
        f"As at {in_words(view.on)}. Made on {in_words(civil_date(at, zone))}.",
        f"{report.certified_count} of {report.total} hold a valid certificate. {counts}."
        if report.total
        else "Nobody.",
    ]
    if report_filter.is_narrowed:
        criteria = {
            "status": STATUS_GROUPS.get(report_filter.group, ""),
            "pathway": report_filter.pathway,
            "name or e-mail": report_filter.search_text,
            "started here from": _date_or_blank(report_filter.started_from),
            "started here up to": _date_or_blank(report_filter.started_to),
        }
        criteria_text = "; ".join(f"{name}: {value}" for name, value in criteria.items() if value)
        summary.append(f"The list has {len(report.lines)} of them, by {criteria_text}.")
    return [*summary, f"Order: {SORT_ORDERS[report_filter.sort].lower()}."]


def _date_or_blank(day: date | None) -> str:
    return in_words(day) if day else ""


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, font_paths=FONTS, ignore_system_fonts=True)


def _pdf(
    view: ReportView,
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    """Typst keeps a whole document in memory, so a long list is typeset in parts with continuous page numbers."""
    if len(rows) <= PDF_BATCH_SIZE:
        return _compile_pdf(_template_data(view, rows, heading))
    # Imported here because the library loads slowly and few reports need it.
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    merged, pages_before = PdfWriter(), 0
    for batch_start in range(0, len(rows), PDF_BATCH_SIZE):
        report_progress(WRITING_STAGE, batch_start, len(rows))
        template_data = _template_data(view, rows[batch_start : batch_start + PDF_BATCH_SIZE], heading)
        part = PdfReader(
            io.BytesIO(_compile_pdf({**template_data, "before": pages_before, "begins": batch_start == 0}))
        )
        merged.append(part, import_outline=False)
        pages_before += len(part.pages)
    merged.add_metadata({"/Title": f"Team report: {view.name}", "/Author": heading.organisation})
    file = io.BytesIO()
    merged.write(file)
    return file.getvalue()


def _template_data(view: ReportView, rows: Sequence[ReportRow], heading: ReportHeading) -> dict[str, Any]:
    """The data of the PDF template. `before` is the number of pages of the earlier parts, None if this is the whole
    document."""
    organisation, zone, at = heading.organisation, heading.zone, heading.at
    today = civil_date(at, zone)
    printed_rows = [
        [row.line.name, row.teams, row.line.label, row.progress, *map(_date_or_blank, (
            row.line.employment_start, row.line.due, row.line.valid_until,
            civil_date(row.last_reminder, zone) if row.last_reminder else None,
        ))] for row in rows
    ]  # fmt: skip
    return {
        "title": f"Team report: {view.name}",
        "organisation": organisation,
        "above": f"{organisation}: team report",
        "heading": view.name,
        "lines": report_summary(view, zone, at),
        "foot": f"{organisation}: {view.name}, as at {in_words(view.on)}",
        "columns": PDF_COLUMNS,
        "rows": printed_rows,
        "made": [today.year, today.month, today.day],
        "stamp": int(at.timestamp()),
        "before": None,
        "begins": True,
    }


def _compile_pdf(template_data: dict[str, Any]) -> bytes:
    # A Typst compiler cannot be used by two threads at once.
    with _lock:
        data = _compiler().compile(
            format="pdf", sys_inputs={"facts": json.dumps(template_data)}, timestamp=template_data["stamp"]
        )
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
    view: ReportView,
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    """The file in that format (a key of REPORT_FORMATS), with that heading; `report_progress` is called with the
    progress."""
    return REPORT_FORMATS[kind].render(view, rows, heading, report_progress)
