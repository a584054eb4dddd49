"""The team report, on a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from flask import Blueprint, abort, flash, g, make_response, render_template, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.exports.actions import ask
from course.exports.queries import DownloadView, content, download, unfinished
from course.exports.views import handed_out
from course.organisation.request_organisation import current_organisation
from course.people.queries import ids_recordable_by, ids_visible_to
from course.people.views import DEPUTY_READ_ONLY
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.app_status_cache import EXTENSION_KEY, app_status_cache
from course.reports.jobs import REPORT_FILE, ReportRequest, build_report_file, log_report_export
from course.reports.report_files import REPORT_FORMATS
from course.reports.report_view import ReportView, build_report_view, report_rows
from course.reports.rules import SORT_ORDERS, ReportFilter, parse_filter
from course.reports.status_cache import StatusCache
from course.training_records.actions import ReminderPreview, plan_reminders, withdraw_reminder
from course.training_records.forms import RemindForm
from course.training_records.queries import RequestedReminder, newest_requested_id, reminder_batch
from course.training_records.remind_now import remind_all
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.template_filters import plural, redirect_after_post
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("reports", __name__)
ACTIONABLE_GROUPS = {"overdue", "due-soon", "in-progress", "not-started"}  # groups of people who have something to do
MAX_REMINDERS = 500  # people at once; each gets a letter of their own


@pages.record
def _create_status_cache(setup: object) -> None:
    """Each application has a ledger of its own database."""
    setup.app.extensions[EXTENSION_KEY] = StatusCache()  # type: ignore[attr-defined]


@pages.before_request
def _set_navigation() -> None:
    g.here = "report"


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def show() -> Response:
    """Counts, a bar, and people, worst first. The address holds the filter."""
    wanted, wrong = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    seen = my_report_view(wanted)
    number = min(query_number("page") or 1, seen.report.pages)
    shown = seen.report.page(number)
    # Somebody on a past day's page may have left since, or be in a team that the viewer does not see.
    open_to = {line.id for line in shown}
    if wanted.on is not None:
        open_to = set(ids_visible_to(db(), current_user.person, open_to))
    page = render_template(
        "reports/report.html",
        seen=seen,
        report=seen.report,
        wanted=wanted,
        wrong=wrong,
        entered=request.args,
        rows=report_rows(db(), library(), seen, shown),
        open_to=open_to,
        to_remind=_can_remind()
        and wanted.on is None
        and any(line.group in ACTIONABLE_GROUPS for line in seen.report.lines),
        page=number,
        groups=STATUS_GROUPS,
        sorts=SORT_ORDERS,
        today=today(),
        kinds=REPORT_FORMATS,
    )
    return make_response(page, 422 if wrong else 200)


@pages.post("/file/<kind>")
@requires_permission(Permission.SEE_PEOPLE)
def file(kind: str) -> Response | WsgiResponse:
    """Exactly what the page shows, all pages of it, as a file; of many people it is made in the background. It stands
    in the log, and in what each person can see about who looked at their record."""
    if kind not in REPORT_FORMATS:
        abort(404)
    wanted, wrong = parse_filter(request.form, STATUS_GROUPS, SETTINGS, today())
    if wrong:
        abort(400)
    seen, book = my_report_view(wanted), app_status_cache()
    # As on the page: a team that the viewer does not see is as if it was not asked for.
    wish = ReportRequest(kind, replace(wanted, team=seen.team), current_user.person, now())
    if len(seen.report.lines) <= REPORT_FORMATS[kind].at_once:
        made = build_report_file(db(), book, wish, lambda *_: None)
        with unit_of_work() as session:
            log_report_export(session, wish, made)
        return handed_out(made.data, REPORT_FORMATS[kind].media, f"report-{made.on}.{kind}")
    with unit_of_work() as session:
        shown = wish.wanted.address()
        file_id = ask(session, REPORT_FILE, kind, seen.team, seen.on, shown, wish.viewer.id, wish.at, {"filter": shown})
        if file_id is None:
            session.rollback()  # nothing was done, so the same form may come again
    if file_id is None:
        flash("Such a file is being made for you already. Ask for another when it is ready.")
        known = unfinished(db(), wish.viewer.id, kind)
        return redirect_after_post(url_for("reports.file_status", file_id=known) if known else url_for("reports.show"))
    return redirect_after_post(url_for("reports.file_status", file_id=file_id))


@pages.get("/made/<int(max=2147483647):file_id>")
@requires_permission(Permission.SEE_PEOPLE)
def file_status(file_id: int) -> str:
    """How far a file has come, or where it is downloaded."""
    found = _own_download(file_id)
    return render_template(
        "reports/made.html", file=found, state=found.state(now()), kind=REPORT_FORMATS[found.kind].name
    )


@pages.post("/made/<int(max=2147483647):file_id>/download")
@requires_permission(Permission.SEE_PEOPLE)
def download_file(file_id: int) -> Response:
    """The file. That it was made is in the log already."""
    found = _own_download(file_id)
    data = content(db(), file_id) or abort(404)
    return handed_out(data, REPORT_FORMATS[found.kind].media, f"report-{found.day}.{found.kind}")


def _own_download(file_id: int) -> DownloadView:
    """A file of the report that the viewer asked for."""
    found = download(db(), current_user.person.id, file_id)
    return found if found is not None and found.kind in REPORT_FORMATS else abort(404)


@pages.route("/remind", methods=["GET", "POST"])
@requires_permission(Permission.SEE_PEOPLE)
def remind() -> Response | WsgiResponse:
    """Remind everybody of today's list who has something to do, with one reason. The address holds the filter."""
    wanted, wrong = parse_filter(request.args, STATUS_GROUPS, SETTINGS, today())
    if wrong or wanted.on is not None:
        abort(404)
    seen, form, at, viewer = my_report_view(wanted), RemindForm(), now(), current_user.person
    if not _can_remind():
        abort(403, DEPUTY_READ_ONLY)
    late = [line.id for line in seen.report.lines if line.group in ACTIONABLE_GROUPS and line.id != viewer.id]
    may = set(ids_recordable_by(db(), viewer, late))
    late = [one for one in late if one in may]
    ids, zone = late[:MAX_REMINDERS], app_state().config.time_zone
    if form.validate_on_submit():
        made = [one for one in remind_all(db(), ids, form.reason.data or "", viewer.id, at) if one.leaves]
        if not made:
            flash("Nobody was reminded. The page says why.")
            return redirect_after_post(f"{url_for('reports.remind')}?{wanted.address()}")
        flash(f"{plural(len(made), 'reminder')} made. Until they leave you can take them back.")
        return redirect_after_post(url_for("reports.sent_reminders", reminder_id=newest_requested_id(db(), viewer.id)))
    planned = list(plan_reminders(db(), ids, "", zone, at))
    page = render_template(
        "reports/remind.html", form=form, seen=seen, wanted=wanted, left=len(late) - len(ids),
        will=[plan for plan in planned if plan.wanted], not_now=_names_by_reason(planned, seen),
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _can_remind() -> bool:
    """Whether the viewer may remind anybody: not if they see all of them only as a deputy."""
    return not current_user.person.only_reads


def _names_by_reason(planned: Iterable[ReminderPreview], seen: ReportView) -> dict[str, list[str]]:
    """The names of those who would get no reminder, by the reason."""
    names = seen.report.called
    found: dict[str, list[str]] = {}
    for plan in planned:
        if plan.why_not:
            found.setdefault(plan.why_not, []).append(names[plan.person_id])
    return found


@pages.get("/reminded/<int(max=2147483647):reminder_id>")
@requires_permission(Permission.SEE_PEOPLE)
def sent_reminders(reminder_id: int) -> str:
    """The reminders that the viewer asked for in one go, and what became of them."""
    return render_template("reports/reminded.html", every=_visible_batch(reminder_id), reminder_id=reminder_id)


@pages.post("/reminded/<int(max=2147483647):reminder_id>/end")
@requires_permission(Permission.SEE_PEOPLE)
def withdraw_all(reminder_id: int) -> WsgiResponse:
    """Take all of them back that have not left."""
    viewer, at = current_user.person, now()
    every = _visible_batch(reminder_id)
    with unit_of_work() as session:
        count = sum(
            withdraw_reminder(session, one.person_id, one.reminder_id, viewer.id, viewer.name, at) for one in every
        )
    flash(f"{count} taken back." if count else "None could be taken back: they have left, or were taken back before.")
    return redirect_after_post(url_for("reports.sent_reminders", reminder_id=reminder_id))


def _visible_batch(reminder_id: int) -> list[RequestedReminder]:
    """Those of people whom the viewer still may see."""
    every = reminder_batch(db(), current_user.person.id, reminder_id)
    seen = set(ids_visible_to(db(), current_user.person, [one.person_id for one in every]))
    return [one for one in every if one.person_id in seen] or abort(404)


def my_report_view(wanted: ReportFilter) -> ReportView:
    """What the person who is signed in may see of that."""
    ours = current_organisation()
    whole = ours.name if ours else "Everybody"
    return build_report_view(
        db(), app_status_cache(), current_user.person, wanted, today(), str(app_state().config.time_zone), whole
    )


def today() -> date:
    """The day of the organisation's calendar."""
    return civil_date(now(), app_state().config.time_zone)
