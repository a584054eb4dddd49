"""The audit log for administrators and auditors: search, and download as CSV."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit.actions import record_event
from course.audit.catalogue import event_names
from course.audit_search import queries
from course.audit_search.forms import AuditSearchForm
from course.audit_search.queries import AuditEntryView, AuditFilter
from course.clock import now
from course.dates import start_of_day
from course.translation import format_number
from course.translation import lazy_gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.spreadsheet import csv_bytes
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("audit_search", __name__)
PAGE_SIZE = 50
MAX_ROWS = 100_000  # entries in one file
CSV_COLUMNS = (
    _("Number"),
    _("At (UTC)"),
    _("What"),
    _("In words"),
    _("Done by"),
    _("Done by (id)"),
    _("About"),
    _("About (id)"),
    _("Details"),
    _("Hash"),
)


@pages.before_request
def _set_nav_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.SEE_AUDIT)
def search() -> Response:
    """The audit events that match the search in the query string, newest first."""
    form = AuditSearchForm(request.args, meta={"csrf": False})
    valid = form.validate()
    before = query_number("before")
    entries = (
        queries.search_entries(db(), _audit_filter(form), PAGE_SIZE + 1, before, tells_apart=True) if valid else []
    )
    older = entries[PAGE_SIZE - 1].entry.number if len(entries) > PAGE_SIZE else None
    page = render_template("audit_search/search.html", form=form, found=entries[:PAGE_SIZE], older=older, before=before)
    return make_response(page, 200 if valid else 422)


@pages.post("/download")
@requires_permission(Permission.SEE_AUDIT)
@needs_recent_sign_in
def download() -> Response | WsgiResponse:
    """The matching entries as CSV. The download is an audit event itself."""
    form = AuditSearchForm()
    if not form.validate():
        return redirect_after_post(_search_url(form))
    search, at = _audit_filter(form), now()
    entries = queries.search_entries(db(), search, MAX_ROWS + 1)
    if len(entries) > MAX_ROWS:
        flash(
            _(
                "That is more than %(limit)s entries. Choose fewer days, and download them one after the other.",
                limit=format_number(MAX_ROWS),
            )
        )
        return redirect_after_post(_search_url(form))
    # The people of the search are recorded by id: names can never be erased from the log.
    details = {"rows": len(entries), "people": list(search.person_ids or ()), "kind": form.kind.data,
               "since": form.since.data, "until": form.until.data, "searched_text": bool(search.text)}  # fmt: skip
    data = _csv(entries)
    with unit_of_work() as session:
        context = signed_in_context(session, at)
        record_event(context, "audit.exported", None, details)
    response = Response(data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="log-{context.today}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _search_url(form: AuditSearchForm) -> str:
    return f"{url_for('audit_search.search')}?{urlencode(form.query_parameters())}"


def _audit_filter(form: AuditSearchForm) -> AuditFilter:
    zone, person_text, text = app_state().config.time_zone, form.who.data, form.text.data
    scope = current_user.person.scope(Permission.SEE_AUDIT)
    return AuditFilter(
        teams=None if scope.everyone else scope.teams,
        person_ids=queries.people_matching(db(), person_text) if person_text else None,
        kinds=event_names(form.kind.data) if form.kind.data else None,
        since=start_of_day(form.since.data, zone) if form.since.data else None,
        until=start_of_day(form.until.data + timedelta(days=1), zone) if form.until.data else None,
        text=text or None,
    )


def _csv(entries: list[AuditEntryView]) -> bytes:
    rows = (
        (entry.number, f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.what, view.sentence, view.actor, entry.actor_id,
         entry.subject_kind, entry.subject_id, entry.details, entry.hash)
        for view in entries for entry in (view.entry,)
    )  # fmt: skip
    return csv_bytes((CSV_COLUMNS, *rows))
