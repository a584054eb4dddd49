"""The team report, on a page."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, g, make_response, render_template, request, send_file
from flask.wrappers import Response
from flask_login import current_user

from course.audit.actions import record
from course.clock import now
from course.content.current import library
from course.content.shapes import SETTINGS
from course.dates import civil_date
from course.dossiers.actions import note_export
from course.organisation.current import here_organisation
from course.people.queries import ids_visible_to
from course.reports.current import KEY, ledger_here
from course.reports.files import KINDS, as_file
from course.reports.frame import Sight, sight, told
from course.reports.ledger import Ledger
from course.reports.rules import GROUPS, SORTS, Wanted, asked
from course.web.access import Permission, may
from course.web.forms import number_in_address
from course.web.session import db
from course.web.site import state

pages = Blueprint("reports", __name__)


@pages.record
def _make_ledger(setup: object) -> None:
    """Each application has a ledger of its own database."""
    setup.app.extensions[KEY] = Ledger()  # type: ignore[attr-defined]


@pages.before_request
def _here() -> None:
    g.here = "report"


@pages.get("")
@may(Permission.SEE_PEOPLE)
def show() -> Response:
    """Counts, a bar, and people, worst first. The address holds the filter."""
    wanted, wrong = asked(request.args, GROUPS, SETTINGS, today())
    seen = sight_of(wanted)
    number = min(number_in_address("page") or 1, seen.report.pages)
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
        rows=told(db(), library(), seen, shown),
        open_to=open_to,
        page=number,
        groups=GROUPS,
        sorts=SORTS,
        today=today(),
        kinds=KINDS,
    )
    return make_response(page, 422 if wrong else 200)


@pages.post("/file/<kind>")
@may(Permission.SEE_PEOPLE)
def file(kind: str) -> Response:
    """Exactly what the page shows, all pages of it, as a file. It stands in the log, and in what each person can see
    about who looked at their record."""
    if kind not in KINDS:
        abort(404)
    wanted, wrong = asked(request.form, GROUPS, SETTINGS, today())
    if wrong:
        abort(400)
    seen, at = sight_of(wanted), now()
    lines = seen.report.lines
    ours = here_organisation()
    zone = str(state().config.time_zone)
    made = as_file(kind, seen, told(db(), library(), seen, lines), ours.name if ours else "", zone, at)
    details = {"people": len(lines), "as": KINDS[kind].name, "on": seen.on, "team": wanted.team}
    record(db(), "report.exported", None, details, current_user.person.id, at)
    note_export(
        db(), [line.id for line in lines], current_user.person.id, "export", f"team report, {KINDS[kind].name}", at
    )
    name = f"report-{seen.on}.{kind}"
    response = send_file(made, KINDS[kind].media, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def sight_of(wanted: Wanted) -> Sight:
    """What the person who is signed in may see of that."""
    ours = here_organisation()
    whole = ours.name if ours else "Everybody"
    return sight(db(), ledger_here(), current_user.person, wanted, today(), str(state().config.time_zone), whole)


def today() -> date:
    """The day of the organisation's calendar."""
    return civil_date(now(), state().config.time_zone)
