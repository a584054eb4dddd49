"""Getting the report by mail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.mail.queries import declined
from course.mail.rules import BULLETIN
from course.people.forms import team_choices
from course.people.queries import person_by_email, viewers
from course.people.rules import Viewer
from course.reports.app_status_cache import ledger_here
from course.reports.report_view import Sight, sight
from course.reports.rules import Wanted
from course.reports.views import sight_of, today
from course.scheduled_reports import actions, queries
from course.scheduled_reports.forms import BulletinForm
from course.scheduled_reports.jobs import may_see
from course.scheduled_reports.queries import Subscription
from course.scheduled_reports.rules import EVERY, coming
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.template_filters import day, seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("scheduled_reports", __name__)


@pages.before_request
def _here() -> None:
    g.here = "report"


@pages.route("", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def overview() -> Response | WsgiResponse:
    """Who gets the report by mail (managers see their own), and the form for another one."""
    form = _form()
    if request.method == "POST" and form.validate():
        to = _recipient(form)
        if to is not None:
            with unit_of_work() as session:
                made = actions.subscribe(
                    session, to.id, form.wanted, form.every.data, today(), current_user.person.id, now()
                )
            first = coming(form.every.data, today(), today(), ()).first
            flash(f"Saved. The first one is written for {day(first)}." if made else f"{to.name} gets that already.")
            return seen_redirect(url_for("scheduled_reports.overview"))
    page = render_template("scheduled_reports/overview.html", form=form, rows=_rows(), every=EVERY)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int(max=2147483647):subscription_id>/end")
@may(Permission.SEE_PEOPLE)
def end(subscription_id: int) -> WsgiResponse:
    """Send it no more. Managers end what they get themselves."""
    me = current_user.person
    if not me.administrator and subscription_id not in {one.id for one in queries.subscriptions(db(), me.id)}:
        abort(404)
    with unit_of_work() as session:
        stopped = actions.stop(session, subscription_id, me.id, now())
    flash("Stopped." if stopped else "It had been stopped before.")
    return seen_redirect(url_for("scheduled_reports.overview"))


def _form() -> BulletinForm:
    me = current_user.person
    form = BulletinForm(email=me.email, team=request.args.get("team", ""))
    teams = sight_of(Wanted()).teams
    form.team.choices = team_choices(teams, "Everybody" if me.administrator else "All my teams")
    if not me.administrator:
        del form.email
    return form


def _recipient(form: BulletinForm) -> Viewer | None:
    """Who is to get it; None, with a message at the field, if they may not."""
    me = current_user.person
    if not me.administrator:
        return me  # type: ignore[no-any-return]
    found = person_by_email(db(), form.email.data or "")
    viewer = viewers(db(), [found.id], today()).get(found.id) if found else None
    if viewer is None:
        form.email.errors = ["Nobody who works here has this address."]
    elif not may_see(viewer, _sight(viewer, form.wanted), form.wanted):
        form.email.errors = [
            f"{viewer.name} does not manage this team. Make them its manager first, or choose another one."
        ]
        viewer = None
    return viewer


def _sight(viewer: Viewer, team_id: int | None) -> Sight:
    return sight(db(), ledger_here(), viewer, Wanted(team_id), today(), str(state().config.time_zone), "Everybody")


class Row(NamedTuple):
    """A subscription, the day of its next report, and in words why there will be none."""

    one: Subscription
    next: date
    why_not: str


def _rows() -> list[Row]:
    me = current_user.person
    found = queries.subscriptions(db(), None if me.administrator else me.id)
    people = viewers(db(), {one.person_id for one in found}, today())
    no = declined(db(), BULLETIN, [one.person_id for one in found])
    return [Row(one, coming(one.every, one.since, today(), one.sent).first, _why_not(one, people, no)) for one in found]


def _why_not(one: Subscription, people: dict[int, Viewer], no: Collection[int]) -> str:
    viewer = people.get(one.person_id)
    if not one.here or viewer is None:
        return "They have left."
    if one.person_id in no:
        return "They have stopped it by the link in a mail, with which they can start it again."
    return "" if may_see(viewer, _sight(viewer, one.team_id), one.team_id) else "They do not manage this team any more."
