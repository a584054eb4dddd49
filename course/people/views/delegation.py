"""A manager's deputies."""

from __future__ import annotations

from datetime import date

from flask import flash, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse
from wtforms import RadioField

from course.clock import now
from course.dates import civil_date
from course.people import actions, queries
from course.people.forms.directory import line_field
from course.people.views.page_context import PageResponse, pages
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import DayField, Form
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


class DelegationForm(Form):
    email = line_field(
        lazy_gettext("E-mail address or sign-in name of your deputy"),
        lazy_gettext("Enter what your deputy signs in with."),
    )
    may_act = RadioField(
        lazy_gettext("What your deputy may do"),
        choices={
            "look": lazy_gettext("Look: see your teams, the report and evidence packs"),
            "act": lazy_gettext("Look and act: also remind people, give more time, record leave, certificates and talks, "
                                "and decide who joins"),
        },
        default="look",
    )  # fmt: skip
    until = DayField(lazy_gettext("Last day"), lazy_gettext("Enter the last day, for example 12/02/2027."))
    reason = line_field(lazy_gettext("Reason"), lazy_gettext("Enter a short reason."))


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


@pages.route("/deputies", methods=["GET", "POST"])
@requires_permission(Permission.SEE_DEPUTIES)
@needs_recent_sign_in
def delegations() -> PageResponse:
    """Who stands in for me, for whom I do, and lending my sight of my teams to somebody."""
    form, me, today = DelegationForm(), current_user.person.id, _today()
    if form.validate_on_submit() and form.until.data is not None:
        email = form.email.data or ""
        with unit_of_work() as session:
            refused = actions.delegate(signed_in_context(session), email, form.until.data,
                                       form.reason.data or "", form.may_act.data == "act")  # fmt: skip
            if refused is not None:
                session.rollback()  # nothing was done, so the same form may come again
        if refused is None:
            flash(
                _("Saved. Your deputy can now see your teams and act for you.")
                if form.may_act.data == "act"
                else _("Saved. Your deputy can now see your teams.")
            )
            return redirect_after_post(url_for("people.delegations"))
        form[refused.field].errors = [refused.message]
    lent, borrowed = queries.delegations_by_manager(db(), me, today), queries.delegations_to_deputy(db(), me, today)
    page = render_template("people/delegations.html", form=form, lent=lent, borrowed=borrowed)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/deputies/<int(max=2147483647):deputy_row>/end")
@requires_permission(Permission.SEE_DEPUTIES)
def withdraw_delegation(deputy_row: int) -> WsgiResponse:
    """Take it back before its last day."""
    with unit_of_work() as session:
        done = actions.withdraw_delegation(signed_in_context(session), deputy_row)
    flash(_("Access ended. They no longer see your teams.") if done else _("Access had already ended."))
    return redirect_after_post(url_for("people.delegations"))
