"""The team report, on a page."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, current_app, g, make_response, render_template, request
from flask.wrappers import Response
from flask_login import current_user

from course.clock import now
from course.content.current import library
from course.content.shapes import SETTINGS
from course.dates import civil_date
from course.organisation.current import here_organisation
from course.reports.frame import Sight, sight, told
from course.reports.ledger import Ledger
from course.reports.rules import GROUPS, SORTS, Wanted, asked
from course.web.access import Permission, may
from course.web.forms import number_in_address
from course.web.session import db
from course.web.site import state

pages = Blueprint("reports", __name__)
_LEDGER = "course.ledger"


@pages.record
def _make_ledger(setup: object) -> None:
    """Each application has a ledger of its own database."""
    setup.app.extensions[_LEDGER] = Ledger()  # type: ignore[attr-defined]


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
    page = render_template(
        "reports/report.html",
        seen=seen,
        report=seen.report,
        wanted=wanted,
        wrong=wrong,
        entered=request.args,
        rows=told(db(), library(), seen, seen.report.page(number)),
        page=number,
        groups=GROUPS,
        sorts=SORTS,
        today=today(),
    )
    return make_response(page, 422 if wrong else 200)


def sight_of(wanted: Wanted) -> Sight:
    """What the person who is signed in may see of that."""
    ours = here_organisation()
    whole = ours.name if ours else "Everybody"
    return sight(db(), ledger(), current_user.person, wanted, today(), str(state().config.time_zone), whole)


def ledger() -> Ledger:
    """The ledger of this application."""
    found: Ledger = current_app.extensions[_LEDGER]
    return found


def today() -> date:
    """The day of the organisation's calendar."""
    return civil_date(now(), state().config.time_zone)
