"""The log for administrators: what was done, by whom and when, and a file of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit import queries
from course.audit.actions import record_event
from course.audit.catalogue import event_names
from course.audit.forms import AuditSearchForm
from course.audit.queries import AuditEntryView, AuditFilter
from course.clock import now
from course.dates import start_of_day
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.redirects import redirect_after_post
from course.web.spreadsheet import csv_bytes
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("audit", __name__)
PAGE_SIZE = 50
MAX_ROWS = 100_000  # entries in one file
CSV_COLUMNS = (
    "Number",
    "At (UTC)",
    "What",
    "In words",
    "Done by",
    "Done by (id)",
    "About",
    "About (id)",
    "Details",
    "Hash",
)


@pages.before_request
def _set_nav_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.SEE_AUDIT)
def search() -> Response:
    """What was done, newest first; the address holds what somebody looks for."""
    form = AuditSearchForm(request.args, meta={"csrf": False})
    fine = form.validate()
    before = query_number("before")
    found = queries.search_entries(db(), _audit_filter(form), PAGE_SIZE + 1, before) if fine else []
    older = found[PAGE_SIZE - 1].entry.number if len(found) > PAGE_SIZE else None
    page = render_template("audit/search.html", form=form, found=found[:PAGE_SIZE], older=older, before=before)
    return make_response(page, 200 if fine else 422)


@pages.post("/download")
@requires_permission(Permission.SEE_AUDIT)
def download() -> Response | WsgiResponse:
    """What was looked for as a CSV file. Downloading it is a deed that stands in the log too."""
    form = AuditSearchForm()
    if not form.validate():
        return redirect_after_post(_search_url(form))
    wanted, at = _audit_filter(form), now()
    found = queries.search_entries(db(), wanted, MAX_ROWS + 1)
    if len(found) > MAX_ROWS:
        flash(f"That is more than {MAX_ROWS:,} entries. Choose fewer days, and download them one after the other.")
        return redirect_after_post(_search_url(form))
    # Who was looked for stands here by number: names cannot be taken out of the log again.
    details = {"rows": len(found), "people": list(wanted.people or ()), "kind": form.kind.data,
               "since": form.since.data, "until": form.until.data, "searched_text": bool(wanted.text)}  # fmt: skip
    data = _csv(found)
    with unit_of_work() as session:
        record_event(session, "audit.exported", None, details, current_user.person.id, at)
    response = Response(data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="log-{at:%Y-%m-%d}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _search_url(form: AuditSearchForm) -> str:
    return f"{url_for('audit.search')}?{urlencode(form.entered())}"


def _audit_filter(form: AuditSearchForm) -> AuditFilter:
    zone, who, text = app_state().config.time_zone, form.who.data, form.text.data
    return AuditFilter(
        people=queries.people_matching(db(), who) if who else None,
        deeds=event_names(form.kind.data) if form.kind.data else None,
        since=start_of_day(form.since.data, zone) if form.since.data else None,
        until=start_of_day(form.until.data + timedelta(days=1), zone) if form.until.data else None,
        text=text or None,
    )


def _csv(found: list[AuditEntryView]) -> bytes:
    rows = (
        (entry.number, f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.what, one.words, one.actor, entry.actor_id,
         entry.subject_kind, entry.subject_id, entry.details, entry.hash)
        for one in found for entry in (one.entry,)
    )  # fmt: skip
    return csv_bytes((CSV_COLUMNS, *rows))
