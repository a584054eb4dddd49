"""The pages of subscriptions to reports by mail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.mail.queries import opted_out_people
from course.mail.rules import SCHEDULED_REPORT
from course.people.forms import team_choices
from course.people.queries import person_by_email, viewers
from course.people.rules import Viewer, is_undeliverable, normalise_email
from course.reports.app_status_cache import app_status_cache
from course.reports.report_view import ReportView, current_report_view
from course.reports.rules import ReportFilter
from course.reports.views import my_report_view, today
from course.scheduled_reports import actions, queries
from course.scheduled_reports.forms import ReportSubscriptionForm
from course.scheduled_reports.jobs import may_receive_report
from course.scheduled_reports.queries import Subscription
from course.scheduled_reports.rules import FREQUENCIES, next_report_period
from course.standings.rules import CURRENT
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.recent_sign_in import needs_recent_sign_in_if
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_date
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("scheduled_reports", __name__)


@pages.before_request
def _set_navigation() -> None:
    g.here = "report"


def _goes_to_another() -> bool:
    """The condition for a proof: the report is to go to another address than the reader's own, week after week."""
    viewer = current_user.person
    return bool(viewer.administrator and normalise_email(request.form.get("email", "")) != viewer.email)


@pages.route("", methods=["GET", "POST"])
@requires_permission(Permission.GET_REPORTS)
@needs_recent_sign_in_if(_goes_to_another)
def overview() -> Response | WsgiResponse:
    """Who gets reports by mail (managers see their own subscriptions), and the form for another subscription."""
    form = _subscription_form()
    if request.method == "POST" and form.validate():
        recipient = _recipient(form)
        if recipient is not None:
            with unit_of_work() as session:
                is_new = actions.subscribe(signed_in_context(session), recipient.id, form.team_id, form.every.data)
            first_day = next_report_period(form.every.data, today(), today(), ()).first
            flash(
                _("Saved. The first report is for %(first_day)s.", first_day=format_date(first_day))
                if is_new
                else _("%(name)s already gets this report.", name=recipient.name)
            )
            return redirect_after_post(url_for("scheduled_reports.overview"))
    page = render_template("scheduled_reports/overview.html", form=form, rows=_subscription_rows(), every=FREQUENCIES)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int(max=2147483647):subscription_id>/end")
@requires_permission(Permission.GET_REPORTS)
def end_subscription(subscription_id: int) -> WsgiResponse:
    """End a subscription. Managers end their own subscriptions only."""
    viewer = current_user.person
    if not viewer.administrator and subscription_id not in {
        subscription.id for subscription in queries.subscriptions(db(), viewer.id)
    }:
        abort(404)
    with unit_of_work() as session:
        has_ended = actions.end_subscription(signed_in_context(session), subscription_id)
    flash(_("Stopped.") if has_ended else _("It had already been stopped."))
    return redirect_after_post(url_for("scheduled_reports.overview"))


def _subscription_form() -> ReportSubscriptionForm:
    viewer = current_user.person
    form = ReportSubscriptionForm(email=viewer.email, team=request.args.get("team", ""))
    teams = my_report_view(ReportFilter()).teams
    form.team.choices = team_choices(teams, _("Everyone") if viewer.sees_everyone else _("All my teams"))
    if not viewer.administrator:
        del form.email
    return form


def _recipient(form: ReportSubscriptionForm) -> Viewer | None:
    """The person who is to get the report; None, with a message at the field, if they may not see it."""
    administrator = current_user.person
    if not administrator.administrator:
        return administrator  # type: ignore[no-any-return]
    person = person_by_email(db(), form.email.data or "")
    viewer = viewers(db(), [person.id], today()).get(person.id) if person else None
    if viewer is None:
        form.email.errors = [_("No one who works here has this e-mail address.")]
    elif not may_receive_report(viewer, _report_view_of(viewer, form.team_id), form.team_id):
        form.email.errors = [
            _(
                "%(name)s does not manage this team. Make them its manager first, or choose another one.",
                name=viewer.name,
            )
        ]
        viewer = None
    return viewer


def _report_view_of(viewer: Viewer, team_id: int | None) -> ReportView:
    context = signed_in_context(db())
    return current_report_view(context, app_status_cache(), viewer, ReportFilter(team_id), _("Everyone"), CURRENT)


class SubscriptionRow(NamedTuple):
    """A subscription, the day of its next report, and the reason in words why there will be none."""

    subscription: Subscription
    next_day: date
    undeliverable_reason: str


def _subscription_rows() -> list[SubscriptionRow]:
    viewer = current_user.person
    subscriptions = queries.subscriptions(db(), None if viewer.administrator else viewer.id)
    recipients = viewers(db(), {subscription.person_id for subscription in subscriptions}, today())
    opted_out = opted_out_people(db(), SCHEDULED_REPORT, [subscription.person_id for subscription in subscriptions])
    return [
        SubscriptionRow(
            subscription,
            next_report_period(subscription.every, subscription.since, today(), subscription.sent).first,
            _undeliverable_reason(subscription, recipients, opted_out),
        )
        for subscription in subscriptions
    ]


def _undeliverable_reason(subscription: Subscription, recipients: dict[int, Viewer], opted_out: Collection[int]) -> str:
    viewer = recipients.get(subscription.person_id)
    if not subscription.here or viewer is None:
        return _("They have left.")
    if is_undeliverable(subscription.email):
        return _("They have no e-mail address.")
    if subscription.person_id in opted_out:
        return _("They stopped it with the link in the e-mail. They can start it again with the same link.")
    if subscription.is_team_closed:
        return _("Its team is closed.")
    return (
        ""
        if may_receive_report(viewer, _report_view_of(viewer, subscription.team_id), subscription.team_id)
        else _("They no longer manage this team.")
    )
