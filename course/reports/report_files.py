"""The report as a file: CSV, Excel or PDF, with exactly the people that the page shows, in the current language."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from course.certificates.typesetting import compile_in_helper
from course.content.library import Library
from course.content.schema import SETTINGS
from course.dates import civil_date, format_moment
from course.dates import format_date as in_words
from course.exports.rules import StageCallback
from course.people.rules import distinct_names
from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.status_counts import status_count
from course.reports.queries import certificate_until, certificates_of, identity_now, last_reminder_of
from course.reports.report_view import (
    ReportRow,
    ReportView,
    progress_text,
    report_rows,
    team_names,
    team_paths,
)
from course.reports.rules import SORT_ORDERS, STATUS_BAR_ORDER, ReportFilter
from course.reports.team_table import (
    PRINTED_TEAM_COLUMNS,
    TEAM_COLUMNS,
    TeamTable,
    printed_team_rows,
    team_cells,
    trend_cells,
)
from course.standings.queries.rows import row_person_id, row_portions
from course.standings.rules import LINE_COLUMNS, split_teams, stored_line
from course.translation import current_locale, lazy_gettext
from course.translation import gettext as _
from course.web.spreadsheet import WorkbookSheet, csv_bytes, csv_portions, xlsx_bytes

TEMPLATE = Path(__file__).with_name("report.typ")
_PERSON, _TEAM, _STARTED, _STATUS, _PROGRESS, _DUE, _LAST_DAY, _LAST_REMINDER = (
    lazy_gettext("Person"), lazy_gettext("Team"), lazy_gettext("Started here"), lazy_gettext("Status"),
    lazy_gettext("Progress"), lazy_gettext("Due"), lazy_gettext("Certificate valid until"), lazy_gettext("Last reminder"),
)  # fmt: skip
COLUMNS = (
    _PERSON, lazy_gettext("E-mail"), _TEAM, lazy_gettext("Team path"), lazy_gettext("Job role"),
    lazy_gettext("Staff number"), lazy_gettext("Pathway"), _STARTED, _STATUS, lazy_gettext("Status code"), _PROGRESS, _DUE,
    lazy_gettext("Completed on"), lazy_gettext("Certificate number"), lazy_gettext("In a supervised session on"),
    _LAST_DAY, _LAST_REMINDER,
)  # fmt: skip
PDF_COLUMNS = (_PERSON, _TEAM, _STATUS, _PROGRESS, _STARTED, _DUE, _LAST_DAY, _LAST_REMINDER)
PDF_BATCH_SIZE = 1000  # people in one part of a PDF
PROGRESS_INTERVAL = 5000  # lines after which the progress is reported
CSV_PORTION = 2000  # people in one portion of a CSV file
MAX_DERIVED_IMMEDIATE = 20_000  # people of a past day up to whom a file is made within the request
WRITING_STAGE = lazy_gettext("Writing the file")


@dataclass(frozen=True)
class ReportFormat:
    """A file format: its name, ending and media type, and the function that renders it."""

    name: str
    media_type: str
    render: Callable[[ReportView, Sequence[ReportRow], ReportHeading, StageCallback], bytes]
    max_immediate: int  # people up to whom the file is made within the request; larger files are made in the background


@dataclass(frozen=True)
class ReportHeading:
    """What a file says of itself: the organisation, and the moment at which it is made, in the time zone; and the teams
    compared, if it shows them."""

    organisation: str
    zone: str
    at: datetime
    teams: TeamTable | None = None


class CellMaker:
    """Makes the cells of a line; dates are dates, not text. What many lines say is put into words once."""

    def __init__(self, view: ReportView, zone: str) -> None:
        self._view, self._zone = view, zone
        self._paths: dict[tuple[int, ...], str] = {}
        self._labels: dict[tuple[str, date | None, int], str] = {}
        self._words: dict[str, str] = {}
        self._days: dict[datetime | None, date] = {}

    def cells(self, row: ReportRow) -> tuple[object, ...]:
        """The cells of a line in the order of COLUMNS."""
        line = row.line
        key = line.state, line.due, line.overdue_days
        label = self._labels.get(key)
        if label is None:
            label = self._labels[key] = str(line.label)
        certificate = row.details.certificate_until(line.valid_until)
        return (
            line.name, line.email, row.teams, self.paths(line.teams), row.details.job_role,
            row.details.staff_number, self.pathway(line.pathway), line.employment_start, label, line.state,
            self._in_words(row.progress), line.due, certificate.completed_on if certificate else None,
            certificate.number if certificate else "", certificate.supervised_on if certificate else None, line.valid_until,
            self.day(row.last_reminder),
        )  # fmt: skip

    def paths(self, teams: tuple[int, ...]) -> str:
        """These teams, each with those above it."""
        found = self._paths.get(teams)
        if found is None:
            found = self._paths[teams] = team_paths(self._view, teams)
        return found

    def day(self, moment: datetime | None) -> date | None:
        """The day of a moment. Reminders of one round have one moment."""
        day = self._days.get(moment)
        if day is None and moment is not None:
            day = self._days[moment] = civil_date(moment, self._zone)
        return day

    def pathway(self, name: str) -> str:
        """A pathway in words."""
        return self._in_words(SETTINGS.get(name, name))  # type: ignore[call-overload]

    def _in_words(self, text: str) -> str:
        words = self._words.get(text)
        if words is None:
            words = self._words[text] = str(text)
        return words


def _headings(columns: Sequence[str]) -> tuple[str, ...]:
    """The names of columns in the current language."""
    return tuple(map(str, columns))


def _csv(
    view: ReportView,
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    return csv_bytes((_headings(COLUMNS), *_cell_rows(view, rows, heading.zone, report_progress)))


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
    people = itertools.chain((_headings(COLUMNS),), _cell_rows(view, rows, heading.zone, report_progress))
    sheets = {_("People"): WorkbookSheet(people)}
    if heading.teams is not None and heading.teams.rows:
        sheets[_("Teams")] = WorkbookSheet([_headings(TEAM_COLUMNS), *team_cells(heading.teams)])
        if heading.teams.has_trend:
            sheets[_("Twelve months")] = WorkbookSheet(trend_cells(heading.teams))
    return xlsx_bytes({**sheets, _("About this report"): WorkbookSheet(about_rows, is_table=False)})


def teams_csv(table: TeamTable) -> bytes:
    """Teams compared as a CSV file: the rows and everybody together, and beside them the share of valid certificates at the
    end of each Monday, if the table has its trend."""
    days = [point.day.isoformat() for point in table.total.trend]
    shares = [[point.percent for point in row.trend] for row in (*table.rows, table.total)]
    rows = ((*cells, *row) for cells, row in zip(team_cells(table), shares, strict=True))
    return csv_bytes([(*_headings(TEAM_COLUMNS), *days), *rows])


def _cell_rows(
    view: ReportView, rows: Sequence[ReportRow], zone: str, report_progress: StageCallback
) -> Iterator[tuple[object, ...]]:
    maker = CellMaker(view, zone)
    for number, row in enumerate(rows):
        if number % PROGRESS_INTERVAL == 0:
            report_progress(WRITING_STAGE, number, len(rows))
        yield maker.cells(row)


def csv_stream(
    session: Session, library: Library, view: ReportView, zone: str, report_progress: StageCallback
) -> Iterator[bytes]:
    """The report as CSV, a portion at a time, so that the memory that it takes is constant."""
    return csv_portions(_csv_rows(session, library, view, zone, report_progress))


def _csv_rows(
    session: Session, library: Library, view: ReportView, zone: str, report_progress: StageCallback
) -> Iterator[list[tuple[object, ...]]]:
    number, total = 0, len(view.report.lines)
    yield [_headings(COLUMNS)]
    report_progress(WRITING_STAGE, 0, total)
    portions = _stored_cells if view.stored is not None else _derived_cells
    for cells in portions(session, library, view, zone):
        yield cells
        number += len(cells)
        report_progress(WRITING_STAGE, number, total)


def _derived_cells(
    session: Session, library: Library, view: ReportView, zone: str
) -> Iterator[list[tuple[object, ...]]]:
    maker, everyone = CellMaker(view, zone), iter(view.report.lines)
    while lines := list(itertools.islice(everyone, CSV_PORTION)):
        yield [maker.cells(row) for row in report_rows(session, library, view, lines, with_details=True)]


def _stored_cells(
    session: Session, library: Library, view: ReportView, zone: str
) -> Iterator[list[tuple[object, ...]]]:
    """The same from the rows that are kept. Of a million people a line as an object costs more than all the rest, so it is
    made only for what was not put into words yet."""
    if view.stored is None:
        raise ValueError("these rows are not kept")
    maker, modules, on = CellMaker(view, zone), len(library.modules), view.on
    words: dict[tuple[object, ...], tuple[str, str]] = {}
    names: dict[str, tuple[str, str]] = {}  # of stored teams: their names and their paths
    reminder, identity = last_reminder_of(row_person_id(), view.at), identity_now(row_person_id())
    for portion in row_portions(session, view.stored.wanted, len(view.report.lines), *identity, reminder):
        cells: list[tuple[object, ...]] = []
        certificates = certificates_of(session, [row[0] for row in portion], view.at)
        for row in portion:
            (person, name, email, teams, pathway, start, state, due, valid_until, started, course, done, number, job,
             reminded) = row  # fmt: skip
            key = state, due, started is None, course, valid_until is None, done
            said = words.get(key)
            if said is None:
                line = stored_line(on, row[: len(LINE_COLUMNS)])
                said = words[key] = str(line.label), str(progress_text(line, done, modules))
            placed = names.get(teams)
            if placed is None:
                numbers = split_teams(teams)
                placed = names[teams] = team_names(view, numbers), maker.paths(numbers)
            certificate = certificate_until(certificates.get(person, ()), valid_until)
            cells.append((
                name, email, *placed, job or "", number or "",
                maker.pathway(pathway), start, said[0], state, said[1], due, certificate.completed_on if certificate else None,
                certificate.number if certificate else "", certificate.supervised_on if certificate else None, valid_until,
                maker.day(reminded),
            ))  # fmt: skip
        yield cells


def file_name(about: str, view: ReportView, zone: str, ending: str) -> str:
    """What a file is called: what it is about and its day, and whether its figures are behind. A CSV file has rows only, for
    programs, so its name is the one place for that."""
    behind, as_of = "", view.freshness.as_of
    if view.freshness.rebuilding:
        behind = "-not-complete"
    elif not view.freshness.current and as_of is not None:
        behind = f"-as-of-{as_of.astimezone(ZoneInfo(zone)):%Y-%m-%d-%H%M}"
    return f"{about}-{view.on}{behind}.{ending}"


def report_summary(view: ReportView, zone: str, at: datetime) -> list[str]:
    """The summary in a file: the day, the counts, and the filter of the list."""
    report, report_filter = view.report, view.report.wanted
    counts = ", ".join(
        str(status_count(group, report.counts[group])) for group in STATUS_BAR_ORDER if report.counts[group]
    )
    summary = [
        _("%(day)s. Made on %(made)s.", day=in_words(view.on), made=in_words(civil_date(at, zone))),
        _("%(certified)s of %(total)s hold a valid certificate. %(counts)s.", certified=report.certified_count,
          total=report.total, counts=counts)
        if report.total
        else _("No one."),
    ]  # fmt: skip
    if view.freshness.rebuilding:
        summary.append(_("The figures are being worked out again, so this file is not complete."))
    elif not view.freshness.current and view.freshness.as_of is not None:
        summary.append(_("The figures are those of %(moment)s.", moment=format_moment(view.freshness.as_of, zone)))
    if report_filter.is_narrowed:
        number, criteria = len(report.lines), "; ".join(_criteria(report_filter))
        summary.append(_("The list has %(number)s of them, by %(criteria)s.", number=number, criteria=criteria))
    return [*summary, _("Order: %(order)s.", order=str(SORT_ORDERS[report_filter.sort]).lower())]


def _criteria(report_filter: ReportFilter) -> list[str]:
    """What narrows the list, in words."""
    criteria = [
        (_("status: %(value)s"), STATUS_GROUPS.get(report_filter.group, "")),
        (_("pathway: %(value)s"), report_filter.pathway),
        (_("name or e-mail: %(value)s"), report_filter.search_text),
        (_("started on or after: %(value)s"), _date_or_blank(report_filter.started_from)),
        (_("started on or before: %(value)s"), _date_or_blank(report_filter.started_to)),
    ]
    return [text % {"value": str(value)} for text, value in criteria if value]


def _date_or_blank(day: date | None) -> str:
    return in_words(day) if day else ""


def _pdf(
    view: ReportView,
    rows: Sequence[ReportRow],
    heading: ReportHeading,
    report_progress: StageCallback,
) -> bytes:
    """Typst keeps a whole document in memory, so a long list is typeset in parts with continuous page numbers."""
    names = distinct_names((row.line.id, row.line.name, row.line.email) for row in rows)
    if len(rows) <= PDF_BATCH_SIZE:
        return _compile_pdf(_template_data(view, rows, heading, names), heading.at)
    # Imported here because the library loads slowly and few reports need it.
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    merged, pages_before = PdfWriter(), 0
    for batch_start in range(0, len(rows), PDF_BATCH_SIZE):
        report_progress(WRITING_STAGE, batch_start, len(rows))
        template_data = _template_data(view, rows[batch_start : batch_start + PDF_BATCH_SIZE], heading, names)
        part = PdfReader(
            io.BytesIO(_compile_pdf({**template_data, "before": pages_before, "begins": batch_start == 0}, heading.at))
        )
        merged.append(part, import_outline=False)
        pages_before += len(part.pages)
    title = _("Team report: %(name)s", name=view.name)
    merged.add_metadata({"/Title": title, "/Author": heading.organisation})  # not translated: names of properties
    file = io.BytesIO()
    merged.write(file)
    return file.getvalue()


def _template_data(
    view: ReportView, rows: Sequence[ReportRow], heading: ReportHeading, names: Mapping[int, str]
) -> dict[str, Any]:
    """The data of the PDF template. `names` is what to call each person. `before` is the number of pages of the earlier
    parts, None if this is the whole document."""
    organisation, zone, at = heading.organisation, heading.zone, heading.at
    today, locale = civil_date(at, zone), current_locale()
    printed_rows = [
        [names[row.line.id], row.teams, str(row.line.label), str(row.progress), *map(_date_or_blank, (
            row.line.employment_start, row.line.due, row.line.valid_until,
            civil_date(row.last_reminder, zone) if row.last_reminder else None,
        ))] for row in rows
    ]  # fmt: skip
    return {
        "title": _("Team report: %(name)s", name=view.name),
        "organisation": organisation,
        "above": _("%(organisation)s: team report", organisation=organisation),
        "heading": view.name,
        "lines": report_summary(view, zone, at),
        "foot": _foot(view, organisation),
        "team_columns": _headings(PRINTED_TEAM_COLUMNS),
        "teams": printed_team_rows(heading.teams),
        "columns": _headings(PDF_COLUMNS),
        "rows": printed_rows,
        "page": _("Page %(page)s", page="{page}"),
        "page_of": _("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "lang": locale.language,
        "region": locale.territory,
        "made": [today.year, today.month, today.day],
        "before": None,
        "begins": True,
    }  # fmt: skip


def _foot(view: ReportView, organisation: str) -> str:
    """What stands at the foot of each page; the report of everybody has the name of the organisation."""
    if view.name == organisation:
        return f"{organisation}, {in_words(view.on)}"
    return _("%(organisation)s: %(name)s, %(day)s", organisation=organisation, name=view.name, day=in_words(view.on))


def _compile_pdf(template_data: dict[str, Any], at: datetime) -> bytes:
    return compile_in_helper(TEMPLATE, "pdf", {"facts": json.dumps(template_data)}, at)


_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REPORT_FORMATS = {
    "csv": ReportFormat(
        "CSV", "text/csv", _csv, 10_000_000
    ),  # it is sent while it is made, from the rows that are kept
    "xlsx": ReportFormat("Excel", _XLSX_TYPE, _xlsx, 5_000),  # not translated: a name
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
