"""A manager's deputies."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, g, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.deputies import actions, queries
from course.people.forms import email_field, line_field
from course.web.access import Permission, may
from course.web.app_state import state
from course.web.forms import DayField, Form
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("deputies", __name__)


class LendForm(Form):
    email = email_field("E-mail address of your deputy")
    until = DayField("Last day, included", "Enter the last day, such as 12/02/2027.")
    reason = line_field("Reason", "Say in a few words why.")


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


@pages.route("", methods=["GET", "POST"])
@may(Permission.SEE_PEOPLE)
def mine() -> Response | WsgiResponse:
    """Who stands in for me, for whom I do, and lending my sight of my teams to somebody."""
    g.here = "people"
    form, me, today = LendForm(), current_user.person.id, _today()
    if form.validate_on_submit() and form.until.data is not None:
        email = form.email.data or ""
        with unit_of_work() as session:
            refused = actions.lend(session, me, email, form.until.data, form.reason.data or "", today, now())
            if refused is not None:
                session.rollback()  # nothing was done, so the same form may come again
        if refused is None:
            flash("Saved. From now on your deputy sees your teams as you do.")
            return seen_redirect(url_for("deputies.mine"))
        form[refused.field].errors = [refused.message]
    lent, borrowed = queries.by_manager(db(), me, today), queries.for_deputy(db(), me, today)
    page = render_template("deputies/mine.html", form=form, lent=lent, borrowed=borrowed)
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int(max=2147483647):deputy_row>/end")
@may(Permission.SEE_PEOPLE)
def end(deputy_row: int) -> WsgiResponse:
    """Take it back before its last day."""
    with unit_of_work() as session:
        done = actions.take_back(session, current_user.person.id, deputy_row, now())
    flash("Taken back. They see your teams no more." if done else "This had ended before.")
    return seen_redirect(url_for("deputies.mine"))
