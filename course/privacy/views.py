"""The privacy notice, subject access ("My data"), the retention schedule, erasure requests and the erasure report."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record_event
from course.clock import now
from course.dates import civil_date
from course.organisation.request_organisation import current_organisation
from course.privacy import actions
from course.privacy.forms import ErasureForm, RetentionScheduleForm
from course.privacy.queries import retention_due, subject_data
from course.privacy.queries.subject_data import SubjectData
from course.privacy.rules.personal_data_map import SECTIONS
from course.privacy.rules.retention_schedule import (
    LEAVER_STAGES,
    REQUEST_STAGES,
    STAGE_CONTENTS,
    STAGE_TITLES,
    RetentionSettings,
)
from course.privacy.rules.subject_access_export import display_value
from course.privacy.subject_access_export import export_subject_data
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state, is_mail_printed
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_date, format_moment
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("privacy", __name__)
PageResponse = Response | WsgiResponse
_MAX_LOG_ENTRIES = 1000  # log entries on the readable page: an administrator may have tens of thousands
_PERSON_ID = "<int(max=2147483647):person_id>"


@pages.get("/privacy")
@public
def notice() -> str:
    """The privacy notice: what is stored about a person, for how long, and who sees it; made from the settings in
    force."""
    return render_template(
        "privacy/notice.html",
        ours=current_organisation(),
        plan=retention_due.current_schedule(db()),
        mailed=not is_mail_printed(),
    )


@pages.get("/me/data")
@sign_in_required
def my_data() -> str:
    """Subject access: all data about the viewer, to read."""
    subject_data = _own_subject_data()
    return render_template(
        "privacy/mine.html",
        found=subject_data,
        sections=SECTIONS,
        cell=_cell_formatter(subject_data),
        log_shown=_MAX_LOG_ENTRIES,
    )


@pages.post("/me/data")
@sign_in_required
def download() -> Response:
    """Subject access: all data about the viewer as JSON."""
    at, ours = now(), current_organisation()
    data = export_subject_data(_own_subject_data(), _viewer_id(), ours.name if ours else "", at, own=True)
    with unit_of_work() as session:
        context = signed_in_context(session, at)
        record_event(context, "data.downloaded", ("person", _viewer_id()), {})
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{context.today}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/me/data/notes")
@sign_in_required
def delete_notes() -> WsgiResponse:
    """Delete all private notes of the viewer.

    No audit event: private notes concern nobody but their author.
    """
    with unit_of_work() as session:
        count = actions.delete_notes(session, _viewer_id())
    flash(ngettext("%(num)s note deleted.", "%(num)s notes deleted.", count))
    return redirect_after_post(url_for("privacy.my_data"))


@pages.route("/privacy/schedule", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def schedule() -> PageResponse:
    """The retention schedule. The page shows what a new schedule would erase before the schedule is saved."""
    g.here = "organisation"
    settings, at = retention_due.current_schedule(db()), now()
    form = RetentionScheduleForm(obj=settings or RetentionSettings())
    preview = None
    if form.validate_on_submit():
        # What is sent twice is in force by then.
        is_previewed = form.confirmed.data == form.fingerprint(settings)
        if is_previewed or (form.confirmed.data and form.schedule() == settings):
            with unit_of_work() as session:
                saved = actions.set_schedule(signed_in_context(session, at), form.schedule(), form.reason.data or "")
            flash(
                _("Saved. Data past its time is erased within the hour.")
                if saved
                else _("This is already the schedule. Nothing has changed.")
            )
            return redirect_after_post(url_for("privacy.schedule"))
        preview = retention_due.preview_erasure(db(), form.schedule(), app_state().config.time_zone, at)
    page = render_template(
        "privacy/schedule.html", form=form, plan=settings, seen=preview, history=retention_due.schedule_history(db()),
        stages=STAGE_TITLES, holds=STAGE_CONTENTS, of_leavers=LEAVER_STAGES,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.route(f"/privacy/erase/{_PERSON_ID}", methods=["GET", "POST"])
@requires_permission(Permission.ERASE_PEOPLE)
@needs_recent_sign_in
def erase(person_id: int) -> PageResponse:
    """What is stored about a person, until when and why; and the form to request erasure."""
    g.here = "people"
    at = now()
    case = retention_due.erasure_case(db(), person_id, at) or abort(404)
    form = ErasureForm()
    if case.person.erased_at is not None:
        abort(404)
    if form.validate_on_submit():
        with unit_of_work() as session:
            requested = actions.request_erasure(signed_in_context(session, at), person_id, form.reason.data or "")
        if requested:
            flash(_("Request recorded. The data is erased within the hour."))
        else:
            flash(_("This was requested before. The data is erased within the hour."))
        return redirect_after_post(url_for("privacy.erase", person_id=person_id))
    settings, last_day = retention_due.current_schedule(db()), _leaving_day(case.left_at)
    page = render_template(
        "privacy/erase.html", form=form, case=case, left=last_day, plan=settings, stages=STAGE_TITLES, holds=STAGE_CONTENTS,
        at_request=REQUEST_STAGES, of_leavers=LEAVER_STAGES,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _leaving_day(left_at: datetime | None) -> date | None:
    """The last day of a person who has left; None if the person works here."""
    return None if left_at is None else civil_date(left_at, app_state().config.time_zone)


@pages.get("/privacy/report")
@requires_permission(Permission.MANAGE_ORGANISATION)
def report() -> str:
    """What the worker has erased, as counts, and what it will erase next."""
    g.here = "organisation"
    waiting = retention_due.preview_erasure(
        db(), retention_due.current_schedule(db()), app_state().config.time_zone, now()
    )
    return render_template(
        "privacy/report.html", runs=retention_due.erasure_runs(db()), waiting=waiting, stages=STAGE_TITLES
    )


def _viewer_id() -> int:
    return int(current_user.person.id)


def _own_subject_data() -> SubjectData:
    return subject_data.read_subject_data(db(), _viewer_id(), app_state().config.secret_key)


def _cell_formatter(subject_data: SubjectData) -> object:
    """The function `cell(name, value)` of the readable page, which formats a value for display."""
    zone = app_state().config.time_zone

    def cell(name: str, value: object) -> str:
        if isinstance(value, datetime):
            return format_moment(value, zone)
        if isinstance(value, date):
            return format_date(value)
        if name == "team_id" and isinstance(value, int):
            return subject_data.team_names.get(value, str(value))
        return display_value(value)

    return cell
