"""Making a file of the report from beginning to end: it reads first, and writes only what is short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qsl

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.context import Context, make_context
from course.dates import civil_date
from course.exports.actions import store_file
from course.exports.queries import download_of_job
from course.exports.rules import NOT_ALLOWED, StageCallback
from course.jobs.rules import JobKind, JobRun
from course.organisation.queries import organisation
from course.people.queries import viewers
from course.people.rules import Viewer
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.app_status_cache import app_status_cache
from course.reports.report_files import REPORT_FORMATS, ReportHeading, csv_stream, render_report_file
from course.reports.report_view import ReportView, compared_teams, current_report_view, report_rows
from course.reports.rules import ReportFilter, parse_filter
from course.reports.status_cache import StatusCache
from course.reports.team_table import TeamTable
from course.reports.team_trend import MAX_PEOPLE_WITH_TREND
from course.standings.jobs import catch_up
from course.standings.queries.changes import people_count
from course.standings.queries.rows import listed_portion
from course.standings.rules import CURRENT
from course.training_records.actions import log_record_export
from course.training_records.rules import EXPORT
from course.translation import gettext as _
from course.translation import lazy_gettext, use_language
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

LOG_PORTION = 10_000  # people who are written to their access log in one unit of work
READING_STAGE = lazy_gettext("Reading who is in it")


@dataclass(frozen=True)
class ReportRequest:
    """What file is wanted, by whom, and when. A command is nobody: its viewer has the id 0."""

    kind: str
    wanted: ReportFilter
    viewer: Viewer
    at: datetime


@dataclass(frozen=True)
class ReportFile:
    """A file, and the people in it."""

    data: bytes
    people: tuple[int, ...]
    on: date


def build_report_file(
    session: Session, ledger: StatusCache, asked: ReportRequest, tell: StageCallback, view: ReportView | None = None
) -> ReportFile:
    """The file of that view. Without one, that of today is made from the rows that are kept, which the caller has brought up
    to date. It only reads, so nobody who writes has to wait for it. Raises LookupError for a team that was not there on that
    day, or that the viewer may not see."""
    zone = str(app_state().config.time_zone)
    tell(READING_STAGE, 0, 1)
    ours = organisation(session)
    name = ours.name if ours else ""
    context = Context(session, asked.viewer.id or None, asked.at, zone)
    seen = view or current_report_view(context, ledger, asked.viewer, asked.wanted, name or _("Everyone"), CURRENT)
    if seen.team != asked.wanted.team:
        raise LookupError(lazy_gettext("There was no such team on that day."))
    lines = seen.report.lines
    if asked.kind == "csv":
        data = b"".join(csv_stream(session, library(), seen, zone, tell))
        if seen.stored is not None:  # a list of ids costs less than its lines, which nothing else asks for
            return ReportFile(data, tuple(listed_portion(session, seen.stored.wanted, 0, len(lines))), seen.on)
    else:
        rows = report_rows(session, library(), seen, list(lines), with_details=asked.kind == "xlsx")
        teams = compared_in_file(context, ledger, seen) if asked.kind == "xlsx" else seen.team_table()
        data = render_report_file(asked.kind, seen, rows, ReportHeading(name, zone, asked.at, teams), tell)
    return ReportFile(data, tuple(line.id for line in lines), seen.on)


def compared_in_file(context: Context, cache: StatusCache, view: ReportView) -> TeamTable:
    """Teams of every level compared, with the trend unless there are so many people that the file would wait for it."""
    few = people_count(context.session, MAX_PEOPLE_WITH_TREND + 1) <= MAX_PEOPLE_WITH_TREND
    return compared_teams(context, cache, view, every_level=True, with_trend=few or cache.has_trend(view.on))


def log_report_export(session: Session, asked: ReportRequest, made: ReportFile) -> None:
    """Write to the log that somebody took the file, and to what each person in it can see about their record."""
    kind, by = REPORT_FORMATS[asked.kind].name, asked.viewer.id or None
    details = {"people": len(made.people), "as": kind, "on": made.on, "team": asked.wanted.team}
    context = make_context(session, by, asked.at)
    record_event(context, "report.exported", None, details)
    if by is not None:
        log_record_export(context, made.people, EXPORT, lazy_gettext("team report, %(kind)s", kind=kind))


def log_teams_export(context: Context, seen: ReportView) -> None:
    """Write to the log that somebody took the comparison of teams."""
    record_event(context, "report.teams_exported", None, {"on": seen.on, "team": seen.team})


def log_streamed_export(asked: ReportRequest, seen: ReportView) -> None:
    """The same before the file is sent, of people who are read from the rows that are kept: a portion in each unit of
    work, so that nobody who writes has to wait long."""
    if seen.stored is None:
        raise ValueError("a file that is sent while it is made is read from the rows that are kept")
    kind, after = REPORT_FORMATS[asked.kind].name, 0
    details = {"people": len(seen.report.lines), "as": kind, "on": seen.on, "team": asked.wanted.team}
    detail = lazy_gettext("team report, %(kind)s", kind=kind)
    while True:
        with unit_of_work() as session:
            context = make_context(session, asked.viewer.id, asked.at)
            ids = listed_portion(session, seen.stored.wanted, after, LOG_PORTION)
            if after == 0:
                record_event(context, "report.exported", None, details)
            log_record_export(context, ids, EXPORT, detail)
        if len(ids) < LOG_PORTION:
            return
        after = ids[-1]


def export_report(asked: ReportRequest, ledger: StatusCache, tell: StageCallback) -> ReportFile:
    """The file for a command, once it is in the audit log. Raises LookupError as `build_report_file`."""
    catch_up(asked.at, tell)
    with read_only_session(snapshot=True, replica=True) as session:
        made = build_report_file(session, ledger, asked, tell)
    with unit_of_work() as session:
        log_report_export(session, asked, made)
    return made


def make_report_file(run: JobRun) -> None:
    """Make the file that the owner of the job asked for, with what they may see now, and store it.

    Raises LookupError if they may not see the team any more or it was not there on that day, and JobLostError if the job
    was cancelled.
    """
    today = civil_date(run.at, app_state().config.time_zone)
    with read_only_session() as session:
        file = download_of_job(session, run.claim.job_id)
        if file is None:
            raise LookupError("nobody waits for this file any more")
        viewer = viewers(session, [file.made_by], today).get(file.made_by)
    if viewer is None or "see people" not in viewer.permissions:
        raise LookupError(NOT_ALLOWED)
    wanted, _ = parse_filter(dict(parse_qsl(str(run.arguments["filter"]))), STATUS_GROUPS, SETTINGS, today)
    asked = ReportRequest(file.kind, wanted, viewer, run.at)
    catch_up(run.at, run.progress)
    # In the language in which it was asked for; a job of an earlier version names none, and its file is in English.
    with use_language(run.arguments.get("language")), read_only_session(snapshot=True, replica=True) as session:
        made = build_report_file(session, app_status_cache(), asked, run.progress)
    with unit_of_work() as session:
        store_file(session, run, made.data, len(made.people), run.clock())
        log_report_export(session, asked, made)


# The words that were searched for may be a name or an address.
REPORT_FILE = JobKind(
    "report.file", lazy_gettext("File of the team report"), make_report_file, expected_errors=(LookupError,),
    erases_arguments=True,
)  # fmt: skip
JOBS = (REPORT_FILE,)
