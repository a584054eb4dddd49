"""The pages of the team report, its files, and reminders to everybody on the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from flask import Blueprint, abort, flash, g, make_response, render_template, request, stream_with_context, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.dates import civil_date, start_of_day
from course.exports.actions import request_file
from course.exports.queries import DownloadView, download, file_content, unfinished_id
from course.exports.rules import FileRequest
from course.exports.views import file_response
from course.organisation.request_organisation import current_organisation
from course.people.queries import has_lost_access_since, ids_visible_to
from course.recertification.rules.explanations import COUNTED_GROUPS, STATUS_GROUPS
from course.reports.app_status_cache import EXTENSION_KEY, app_status_cache
from course.reports.jobs import (
    REPORT_FILE,
    ReportRequest,
    build_report_file,
    compared_in_file,
    log_report_export,
    log_streamed_export,
    log_teams_export,
)
from course.reports.reminding import actionable_people, remindable_number
from course.reports.report_files import MAX_DERIVED_IMMEDIATE, REPORT_FORMATS, csv_stream, file_name, teams_csv
from course.reports.report_view import (
    ReportView,
    current_report_view,
    last_twelve_months,
    reading_from,
    report_rows,
    team_trend,
)
from course.reports.rules import SORT_ORDERS, ReportFilter, parse_filter
from course.reports.status_cache import MAX_KEPT_PEOPLE, StatusCache
from course.reports.team_table import TeamTable
from course.reports.twelve_months import MAX_PEOPLE_WITH_LINE, MonthLine
from course.standings.jobs import refresh_standings
from course.standings.queries.changes import people_count
from course.standings.rules import CURRENT
from course.teams.queries import has_lost_teams_since
from course.training_records.actions import ReminderPreview, plan_reminders, withdraw_reminder
from course.training_records.forms import RemindForm
from course.training_records.queries import RequestedReminder, newest_requested_id, reminder_batch
from course.training_records.remind_now import remind_all
from course.translation import current_language, ngettext, use_language
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.recent_sign_in import needs_recent_sign_in_if, sees_everyone
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import (
    db,
    discard_request_state,
    read_from_replica,
    read_only_session,
    signed_in_context,
    unit_of_work,
)

pages = Blueprint("reports", __name__)
MAX_REMINDERS = 500  # people at once; each gets a mail of their own


@pages.record
def _create_status_cache(setup: object) -> None:
    """Give each application a status cache of its own database."""
    setup.app.extensions[EXTENSION_KEY] = StatusCache()  # type: ignore[attr-defined]


@pages.before_request
def _set_navigation() -> None:
    g.here = "report"


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def show() -> Response:
    """The counts, the status bar and the people, most urgent first. The query string holds the filter."""
    report_filter, mistakes = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    view = my_report_view(report_filter, from_replica=True)
    number = min(query_number("page") or 1, view.report.pages)
    page_lines = view.report.page(number)
    names = view.report.names_of([line.id for line in page_lines])
    # A person in the report of a past day may have left since, or may be in a team that the viewer does not see today.
    linked_ids = {line.id for line in page_lines}
    if report_filter.on is not None:
        linked_ids = set(ids_visible_to(db(), current_user.person, linked_ids))
    page = render_template(
        "reports/report.html",
        seen=view,
        report=view.report,
        wanted=report_filter,
        wrong=mistakes,
        entered=request.args,
        rows=report_rows(db(), library(), view, page_lines),
        shown_names=names,
        open_to=linked_ids,
        to_remind=_remindable_number(view) if report_filter.on is None and _can_remind() else 0,
        compared=_compared(view, report_filter) if number == 1 and not report_filter.is_narrowed else None,
        months=_months(view) if number == 1 and _has_few_people(view) else None,
        page=number,
        groups=STATUS_GROUPS,
        counted_words={group: str(words) for group, words in COUNTED_GROUPS.items()},
        sorts=SORT_ORDERS,
        today=today(),
        kinds=REPORT_FORMATS,
    )
    return make_response(page, 422 if mistakes else 200)


@pages.get("/teams")
@requires_permission(Permission.SEE_PEOPLE)
def trend() -> Response:
    """The share of valid certificates of each team on the Mondays of twelve months, drawn and as a table. The query string
    holds the filter, of which the team, the day and the levels count."""
    report_filter, mistakes = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    if mistakes:
        abort(404)
    wanted = ReportFilter(team=report_filter.team, on=report_filter.on, every_level=report_filter.every_level)
    view = my_report_view(wanted)
    compared = None
    if view.report.total <= MAX_KEPT_PEOPLE:
        weekly = team_trend(signed_in_context(db()), app_status_cache(), view)
        compared = view.team_table(weekly, wanted.every_level)
    page = render_template(
        "reports/trend.html", seen=view, wanted=wanted, compared=compared, today=today(), most=MAX_KEPT_PEOPLE
    )
    return make_response(page)


def _compared(view: ReportView, report_filter: ReportFilter) -> TeamTable:
    """The teams of the report, with their trend if it takes little time to derive."""
    cache = app_status_cache()
    quick = view.teams and (cache.has_trend(view.on) or _has_few_people(view))
    weekly = team_trend(signed_in_context(db()), cache, view) if quick else None
    return view.team_table(weekly, report_filter.every_level)


@pages.get("/months")
@requires_permission(Permission.SEE_PEOPLE)
def months() -> Response:
    """The share of people with a valid certificate over the last twelve months. The query string holds the filter, of
    which the team and the day count."""
    report_filter, mistakes = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    if mistakes:
        abort(404)
    wanted = ReportFilter(team=report_filter.team, on=report_filter.on)
    view = my_report_view(wanted)
    return make_response(
        render_template("reports/months.html", seen=view, wanted=wanted, months=_months(view), today=today())
    )


def _has_few_people(view: ReportView) -> bool:
    """Whether few people are in the organisation, so that the line of the months is quick to make."""
    if view.stored is None:
        return people_count(db(), MAX_PEOPLE_WITH_LINE + 1) <= MAX_PEOPLE_WITH_LINE
    return (sum(cell.people for cell in view.cells) or view.report.total) <= MAX_PEOPLE_WITH_LINE


def _months(view: ReportView) -> MonthLine | None:
    """The line of the report's team; see `last_twelve_months`."""
    return last_twelve_months(signed_in_context(db()), app_status_cache(), view)


@pages.post("/file/<kind>")
@requires_permission(Permission.SEE_PEOPLE)
@needs_recent_sign_in_if(sees_everyone)
def file(kind: str) -> Response | WsgiResponse:
    """The report as a file, with exactly the people that the page shows; a file of many people is made in the
    background. The download is an audit event, and each person in the file sees in their access log who took it away.
    """
    if kind not in REPORT_FORMATS:
        abort(404)
    report_filter, mistakes = parse_filter(request.form, STATUS_GROUPS, SETTINGS, today())
    if mistakes:
        abort(400)
    view, cache = my_report_view(report_filter, from_replica=True), app_status_cache()
    # As on the page, a team that the viewer does not see is ignored.
    report_request = ReportRequest(kind, replace(report_filter, team=view.team), current_user.person, now())
    number, most = len(view.report.lines), REPORT_FORMATS[kind].max_immediate
    if kind == "csv" and view.stored is not None and number <= most:
        log_streamed_export(report_request, view)
        stream = stream_with_context(_csv_of(view, current_language()))
        return file_response(stream, REPORT_FORMATS[kind].media_type, _file_name("report", view, kind))
    if number <= min(most, MAX_DERIVED_IMMEDIATE):
        # The view itself: while everybody is derived anew it is not made from the rows that are kept.
        report_file = build_report_file(db(), cache, report_request, lambda *_: None, view)
        with unit_of_work() as session:
            log_report_export(session, report_request, report_file)
        return file_response(report_file.data, REPORT_FORMATS[kind].media_type, _file_name("report", view, kind))
    with unit_of_work() as session:
        address = report_request.wanted.address()
        arguments = {"filter": address, "language": current_language()}
        file_request = FileRequest(kind, view.team, view.on, address, arguments)
        file_id = request_file(signed_in_context(session, report_request.at), REPORT_FILE, file_request)
        if file_id is None:
            session.rollback()  # nothing was done, so the same form may come again
    if file_id is None:
        flash(_("This file is already being made for you. Ask for another one when it is ready."))
        unfinished_file_id = unfinished_id(db(), report_request.viewer.id, kind)
        return redirect_after_post(
            url_for("reports.file_status", file_id=unfinished_file_id)
            if unfinished_file_id
            else url_for("reports.show")
        )
    return redirect_after_post(url_for("reports.file_status", file_id=file_id))


@pages.post("/teams/file")
@requires_permission(Permission.SEE_PEOPLE)
def teams_file() -> Response:
    """Teams of every level compared, as CSV. It names nobody, and is an audit event."""
    report_filter, mistakes = parse_filter(request.form, STATUS_GROUPS, SETTINGS, today())
    if mistakes:
        abort(400)
    view = my_report_view(ReportFilter(team=report_filter.team, on=report_filter.on), from_replica=True)
    data = teams_csv(compared_in_file(signed_in_context(db()), app_status_cache(), view))
    with unit_of_work() as session:
        log_teams_export(signed_in_context(session), view)
    return file_response(data, "text/csv", _file_name("teams", view, "csv"))


def _file_name(about: str, view: ReportView, ending: str) -> str:
    return file_name(about, view, str(app_state().config.time_zone), ending)


def _csv_of(view: ReportView, language: str) -> Iterator[bytes]:
    """The report as CSV, read on a session of its own and in that language, because those of the request have ended."""
    with read_only_session(snapshot=True, replica=True) as session:
        zone = str(app_state().config.time_zone)
        portions = csv_stream(session, library(), reading_from(view, session), zone, lambda *_: None)
        while True:
            with use_language(language):
                portion = next(portions, None)
            if portion is None:
                return
            yield portion


@pages.get("/made/<int(max=2147483647):file_id>")
@requires_permission(Permission.SEE_PEOPLE)
def file_status(file_id: int) -> str:
    """The progress of a file, or the link to download it."""
    requested = _own_download(file_id)
    return render_template(
        "reports/made.html", file=requested, state=requested.state(now()), kind=REPORT_FORMATS[requested.kind].name
    )


@pages.post("/made/<int(max=2147483647):file_id>/download")
@requires_permission(Permission.SEE_PEOPLE)
@needs_recent_sign_in_if(sees_everyone)
def download_file(file_id: int) -> Response:
    """The content of the file. That the file was made is an audit event already."""
    requested = _own_download(file_id)
    data = file_content(db(), file_id) or abort(404)
    return file_response(data, REPORT_FORMATS[requested.kind].media_type, f"report-{requested.day}.{requested.kind}")


def _own_download(file_id: int) -> DownloadView:
    """A report file that the viewer requested, and that cannot hold more than they may see now."""
    viewer_id = current_user.person.id
    requested = download(db(), viewer_id, file_id)
    if requested is None or requested.kind not in REPORT_FORMATS:
        abort(404)
    zone, since = app_state().config.time_zone, requested.made_at
    # The teams of a past day are those that were below the viewer's at its end.
    end = start_of_day(requested.day + timedelta(days=1), zone)
    scope, then, at = current_user.person.scope(Permission.SEE_PEOPLE), min(since, end), min(now(), end)
    if has_lost_access_since(db(), viewer_id, since, civil_date(since, zone), today()) or has_lost_teams_since(
        db(), scope, requested.team_id, then, at
    ):
        abort(403, _("Your access has changed since this file was made. Ask for the report again."))
    return requested


@pages.route("/remind", methods=["GET", "POST"])
@requires_permission(Permission.ACT_FOR_PEOPLE)
def remind() -> Response | WsgiResponse:
    """Remind everybody on today's list who has something to do, with one reason. The query string holds the filter."""
    report_filter, mistakes = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    if mistakes or report_filter.on is not None:
        abort(404)
    view, form, at, viewer = my_report_view(report_filter), RemindForm(), now(), current_user.person
    (ids, total), zone = actionable_people(db(), view, viewer, MAX_REMINDERS), app_state().config.time_zone
    if form.validate_on_submit():
        sent = [one for one in remind_all(signed_in_context(db(), at), ids, form.reason.data or "") if one.send_at]
        if not sent:
            flash(_("No one was reminded. This page says why."))
            return redirect_after_post(f"{url_for('reports.remind')}?{report_filter.address()}")
        flash(
            ngettext(
                "%(num)s reminder will be sent in 5 minutes. You can cancel it until then.",
                "%(num)s reminders will be sent in 5 minutes. You can cancel them until then.",
                len(sent),
            )
        )
        return redirect_after_post(url_for("reports.sent_reminders", reminder_id=newest_requested_id(db(), viewer.id)))
    previews = list(plan_reminders(db(), ids, "", zone, at))
    names = view.report.names_of([plan.person_id for plan in previews])
    page = render_template(
        "reports/remind.html", form=form, seen=view, wanted=report_filter, left=total - len(ids), shown_names=names,
        will=[plan for plan in previews if plan.reminder], not_now=_names_by_reason(previews, names),
        moments=sorted({plan.reminder.send_at for plan in previews if plan.reminder}),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _can_remind() -> bool:
    """Whether the viewer may remind anybody: not if they only see all of them."""
    return Permission.ACT_FOR_PEOPLE in current_user.person.permissions


def _remindable_number(view: ReportView) -> int:
    """How many people on the list have something to do and were not reminded today: at most as many as are reminded at
    once."""
    midnight = start_of_day(today(), app_state().config.time_zone)
    return remindable_number(db(), view, current_user.person, midnight, MAX_REMINDERS)


def _names_by_reason(previews: Iterable[ReminderPreview], names: Mapping[int, str]) -> dict[str, list[str]]:
    """The names of the people who would get no reminder, by reason."""
    names_by_reason: dict[str, list[str]] = {}
    for preview in previews:
        if preview.refusal_reason:
            names_by_reason.setdefault(preview.refusal_reason, []).append(names[preview.person_id])
    return names_by_reason


@pages.get("/reminded/<int(max=2147483647):reminder_id>")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def sent_reminders(reminder_id: int) -> str:
    """The reminders that the viewer requested together, and what became of them."""
    return render_template("reports/reminded.html", every=_visible_batch(reminder_id), reminder_id=reminder_id)


@pages.post("/reminded/<int(max=2147483647):reminder_id>/end")
@requires_permission(Permission.ACT_FOR_PEOPLE)
def withdraw_all(reminder_id: int) -> WsgiResponse:
    """Withdraw all of these reminders that have not been sent."""
    viewer, at = current_user.person, now()
    batch = _visible_batch(reminder_id)
    with unit_of_work() as session:
        count = sum(
            withdraw_reminder(signed_in_context(session, at), one.person_id, one.reminder_id, viewer.name)
            for one in batch
        )
    flash(
        _("%(count)s cancelled.", count=count)
        if count
        else _("Nothing was cancelled: the reminders were sent or cancelled before.")
    )
    return redirect_after_post(url_for("reports.sent_reminders", reminder_id=reminder_id))


def _visible_batch(reminder_id: int) -> list[RequestedReminder]:
    """The reminders of a batch to people whom the viewer may still see."""
    batch = reminder_batch(db(), current_user.person.id, reminder_id)
    visible_ids = set(ids_visible_to(db(), current_user.person, [one.person_id for one in batch]))
    return [one for one in batch if one.person_id in visible_ids] or abort(404)


def my_report_view(report_filter: ReportFilter, from_replica: bool = False) -> ReportView:
    """The part of the report that the signed-in person may see."""
    viewer = current_user.person
    freshness = refresh_standings(now()) if report_filter.on is None else CURRENT
    # What was read before may be older than what the refresh found.
    discard_request_state()
    if from_replica:
        read_from_replica()
    organisation = current_organisation()
    organisation_name = organisation.name if organisation else _("Everyone")
    context = signed_in_context(db())
    return current_report_view(context, app_status_cache(), viewer, report_filter, organisation_name, freshness)


def today() -> date:
    """The day of the organisation's calendar."""
    return civil_date(now(), app_state().config.time_zone)
