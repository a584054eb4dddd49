"""The privacy notice, everybody's own data, and what administrators set and carry out."""

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
from course.privacy.forms import ErasureForm, ScheduleForm
from course.privacy.queries import retention_due, subject_data
from course.privacy.queries.subject_data import Holding
from course.privacy.rules.personal_data_map import SECTIONS
from course.privacy.rules.retention_schedule import AT_REQUEST, HOLDS, OF_LEAVERS, STAGES, Schedule
from course.privacy.rules.subject_access_export import in_words
from course.privacy.subject_access_export import copy_of
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_date, format_moment, plural
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("privacy", __name__)
Answer = Response | WsgiResponse
_LOG_SHOWN = 1000  # entries on the readable page: an administrator may have tens of thousands
_PERSON = "<int(max=2147483647):person_id>"


@pages.get("/privacy")
@public
def notice() -> str:
    """What is kept about a person, for how long, and who sees it: made from the settings as they are."""
    return render_template(
        "privacy/notice.html",
        ours=current_organisation(),
        plan=retention_due.schedule(db()),
        mailed=not app_state().config.mail_url.startswith("console:"),
    )


@pages.get("/me/data")
@sign_in_required
def mine() -> str:
    """All that is held about me, to read."""
    found = _held()
    return render_template("privacy/mine.html", found=found, sections=SECTIONS, cell=_cell(found), log_shown=_LOG_SHOWN)


@pages.post("/me/data")
@sign_in_required
def download() -> Response:
    """The same as a file for programs."""
    at, ours = now(), current_organisation()
    data = copy_of(_held(), _me(), ours.name if ours else "", at, own=True)
    with unit_of_work() as session:
        record_event(session, "data.downloaded", ("person", _me()), {}, _me(), at)
    response = Response(data, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{at:%Y-%m-%d}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/me/data/notes")
@sign_in_required
def delete_notes() -> WsgiResponse:
    """Delete all my private notes. They are nobody else's business: it does not stand in the log."""
    with unit_of_work() as session:
        count = actions.delete_notes(session, _me())
    flash(f"{plural(count, 'note')} deleted.")
    return redirect_after_post(url_for("privacy.mine"))


@pages.route("/privacy/schedule", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def schedule() -> Answer:
    """How long what is kept; what another schedule would erase is shown before it is saved."""
    g.here = "organisation"
    plan, at = retention_due.schedule(db()), now()
    form = ScheduleForm(obj=plan or Schedule())
    seen = None
    if form.validate_on_submit():
        if form.confirmed.data == form.mark():
            with unit_of_work() as session:
                new = actions.set_schedule(session, form.schedule(), form.reason.data or "", _me(), at)
            flash(
                "Saved. The worker erases what is not kept any more within the hour."
                if new
                else "This is the schedule that holds already. Nothing has changed."
            )
            return redirect_after_post(url_for("privacy.schedule"))
        seen = retention_due.effects(db(), form.schedule(), app_state().config.time_zone, at)
    page = render_template(
        "privacy/schedule.html", form=form, plan=plan, seen=seen, history=retention_due.history(db()),
        stages=STAGES, holds=HOLDS, of_leavers=OF_LEAVERS,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.route(f"/privacy/erase/{_PERSON}", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def erase(person_id: int) -> Answer:
    """What is kept of somebody, until when and why; and asking for it to be erased."""
    g.here = "people"
    at = now()
    case = retention_due.case(db(), person_id, at) or abort(404)
    form = ErasureForm()
    if case.person.erased_at is not None:
        abort(404)
    if form.validate_on_submit():
        with unit_of_work() as session:
            asked = actions.ask(session, person_id, form.reason.data or "", _me(), at)
        if asked:
            flash("Written down. The worker carries it out within the hour.")
        else:
            flash("That was asked for already. The worker carries it out within the hour.")
        return redirect_after_post(url_for("privacy.erase", person_id=person_id))
    plan, left = retention_due.schedule(db()), _left(case.person.left_at)
    page = render_template(
        "privacy/erase.html", form=form, case=case, left=left, plan=plan, stages=STAGES, holds=HOLDS,
        at_request=AT_REQUEST, of_leavers=OF_LEAVERS,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


def _left(left_at: datetime | None) -> date | None:
    """The last day of somebody who has left."""
    return None if left_at is None else civil_date(left_at, app_state().config.time_zone)


@pages.get("/privacy/report")
@requires_permission(Permission.MANAGE_ORGANISATION)
def report() -> str:
    """What the worker erased, in counts, and what it will erase next."""
    g.here = "organisation"
    waiting = retention_due.effects(db(), retention_due.schedule(db()), app_state().config.time_zone, now())
    return render_template("privacy/report.html", runs=retention_due.runs(db()), waiting=waiting, stages=STAGES)


def _me() -> int:
    return int(current_user.person.id)


def _held() -> Holding:
    return subject_data.holding(db(), _me(), app_state().config.secret_key)


def _cell(found: Holding) -> object:
    """`cell(name, value)` for the readable page: a value in words."""
    zone = app_state().config.time_zone

    def cell(name: str, value: object) -> str:
        if isinstance(value, datetime):
            return format_moment(value, zone)
        if isinstance(value, date):
            return format_date(value)
        if name == "team_id" and isinstance(value, int):
            return found.team_names.get(value, str(value))
        return in_words(value)

    return cell
