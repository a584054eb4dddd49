"""Getting the report by mail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.mail.queries import opted_out_people
from course.mail.rules import SCHEDULED_REPORT
from course.people.forms import team_choices
from course.people.queries import person_by_email, viewers
from course.people.rules import Viewer
from course.reports.app_status_cache import app_status_cache
from course.reports.report_view import ReportView, build_report_view
from course.reports.rules import ReportFilter
from course.reports.views import my_report_view, today
from course.scheduled_reports import actions, queries
from course.scheduled_reports.forms import ReportSubscriptionForm
from course.scheduled_reports.jobs import may_receive_report
from course.scheduled_reports.queries import Subscription
from course.scheduled_reports.rules import FREQUENCIES, next_report_period
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_date
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("scheduled_reports", __name__)


@pages.before_request
def _set_navigation() -> None:
    g.here = "report"


@pages.route("", methods=["GET", "POST"])
@requires_permission(Permission.SEE_PEOPLE)
def overview() -> Response | WsgiResponse:
    """Who gets the report by mail (managers see their own), and the form for another one."""
    form = _subscription_form()
    if request.method == "POST" and form.validate():
        to = _recipient(form)
        if to is not None:
            with unit_of_work() as session:
                made = actions.subscribe(
                    session, to.id, form.team_id, form.every.data, today(), current_user.person.id, now()
                )
            first = next_report_period(form.every.data, today(), today(), ()).first
            flash(
                f"Saved. The first one is written for {format_date(first)}."
                if made
                else f"{to.name} gets that already."
            )
            return redirect_after_post(url_for("scheduled_reports.overview"))
    page = render_template("scheduled_reports/overview.html", form=form, rows=_subscription_rows(), every=FREQUENCIES)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int(max=2147483647):subscription_id>/end")
@requires_permission(Permission.SEE_PEOPLE)
def end_subscription(subscription_id: int) -> WsgiResponse:
    """Send it no more. Managers end what they get themselves."""
    me = current_user.person
    if not me.administrator and subscription_id not in {one.id for one in queries.subscriptions(db(), me.id)}:
        abort(404)
    with unit_of_work() as session:
        stopped = actions.end_subscription(session, subscription_id, me.id, now())
    flash("Stopped." if stopped else "It had been stopped before.")
    return redirect_after_post(url_for("scheduled_reports.overview"))


def _subscription_form() -> ReportSubscriptionForm:
    me = current_user.person
    form = ReportSubscriptionForm(email=me.email, team=request.args.get("team", ""))
    teams = my_report_view(ReportFilter()).teams
    form.team.choices = team_choices(teams, "Everybody" if me.administrator else "All my teams")
    if not me.administrator:
        del form.email
    return form


def _recipient(form: ReportSubscriptionForm) -> Viewer | None:
    """Who is to get it; None, with a message at the field, if they may not."""
    me = current_user.person
    if not me.administrator:
        return me  # type: ignore[no-any-return]
    found = person_by_email(db(), form.email.data or "")
    viewer = viewers(db(), [found.id], today()).get(found.id) if found else None
    if viewer is None:
        form.email.errors = ["Nobody who works here has this address."]
    elif not may_receive_report(viewer, _report_view_of(viewer, form.team_id), form.team_id):
        form.email.errors = [
            f"{viewer.name} does not manage this team. Make them its manager first, or choose another one."
        ]
        viewer = None
    return viewer


def _report_view_of(viewer: Viewer, team_id: int | None) -> ReportView:
    return build_report_view(
        db(), app_status_cache(), viewer, ReportFilter(team_id), today(), str(app_state().config.time_zone), "Everybody"
    )


class SubscriptionRow(NamedTuple):
    """A subscription, the day of its next report, and in words why there will be none."""

    subscription: Subscription
    next_day: date
    undeliverable_reason: str


def _subscription_rows() -> list[SubscriptionRow]:
    me = current_user.person
    found = queries.subscriptions(db(), None if me.administrator else me.id)
    people = viewers(db(), {one.person_id for one in found}, today())
    no = opted_out_people(db(), SCHEDULED_REPORT, [one.person_id for one in found])
    return [
        SubscriptionRow(
            one,
            next_report_period(one.every, one.since, today(), one.sent).first,
            _undeliverable_reason(one, people, no),
        )
        for one in found
    ]


def _undeliverable_reason(one: Subscription, people: dict[int, Viewer], no: Collection[int]) -> str:
    viewer = people.get(one.person_id)
    if not one.here or viewer is None:
        return "They have left."
    if one.person_id in no:
        return "They have stopped it by the link in a mail, with which they can start it again."
    return (
        ""
        if may_receive_report(viewer, _report_view_of(viewer, one.team_id), one.team_id)
        else "They do not manage this team any more."
    )
