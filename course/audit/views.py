"""The log for administrators: what was done, by whom and when, and a file of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.audit import queries
from course.audit.actions import record
from course.audit.forms import SearchForm
from course.audit.queries import Shown, Wanted
from course.audit.rules import deeds_of
from course.clock import now
from course.dates import begin_of
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.forms import number_in_address
from course.web.spreadsheet import as_csv
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("audit", __name__)
PAGE = 50
MOST = 100_000  # entries in one file
COLUMNS = (
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
def _here() -> None:
    g.here = "organisation"


@pages.get("")
@may(Permission.SEE_AUDIT)
def search() -> Response:
    """What was done, newest first; the address holds what somebody looks for."""
    form = SearchForm(request.args, meta={"csrf": False})
    fine = form.validate()
    before = number_in_address("before")
    found = queries.found(db(), _wanted(form), PAGE + 1, before) if fine else []
    older = found[PAGE - 1].entry.number if len(found) > PAGE else None
    page = render_template("audit/search.html", form=form, found=found[:PAGE], older=older, before=before)
    return make_response(page, 200 if fine else 422)


@pages.post("/download")
@may(Permission.SEE_AUDIT)
def download() -> Response | WsgiResponse:
    """What was looked for as a CSV file. Downloading it is a deed that stands in the log too."""
    form = SearchForm()
    if not form.validate():
        return seen_redirect(_address(form))
    wanted, at = _wanted(form), now()
    found = queries.found(db(), wanted, MOST + 1)
    if len(found) > MOST:
        flash(f"That is more than {MOST:,} entries. Choose fewer days, and download them one after the other.")
        return seen_redirect(_address(form))
    # Who was looked for stands here by number: names cannot be taken out of the log again.
    details = {"rows": len(found), "people": list(wanted.people or ()), "kind": form.kind.data,
               "since": form.since.data, "until": form.until.data, "searched_text": bool(wanted.text)}  # fmt: skip
    data = _csv(found)
    with unit_of_work() as session:
        record(session, "audit.exported", None, details, current_user.person.id, at)
    response = Response(data, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="log-{at:%Y-%m-%d}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _address(form: SearchForm) -> str:
    return f"{url_for('audit.search')}?{urlencode(form.entered())}"


def _wanted(form: SearchForm) -> Wanted:
    zone, who, text = state().config.time_zone, form.who.data, form.text.data
    return Wanted(
        people=queries.people_called(db(), who) if who else None,
        deeds=deeds_of(form.kind.data) if form.kind.data else None,
        since=begin_of(form.since.data, zone) if form.since.data else None,
        until=begin_of(form.until.data + timedelta(days=1), zone) if form.until.data else None,
        text=text or None,
    )


def _csv(found: list[Shown]) -> bytes:
    rows = (
        (entry.number, f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.what, one.words, one.actor, entry.actor_id,
         entry.subject_kind, entry.subject_id, entry.details, entry.hash)
        for one in found for entry in (one.entry,)
    )  # fmt: skip
    return as_csv((COLUMNS, *rows))
