"""Choosing what optional mail one gets, by the link in it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.mail import actions, queries
from course.mail.queries import MailAlert
from course.mail.rules import OPTIONAL_MAIL
from course.mail.smtp import server_name
from course.signed_links import MailChoiceLink, read_link
from course.web.access import Permission, public
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("mail", __name__)


def reader_mail_alert() -> MailAlert | None:
    """What the page mail/trouble.html says to the reader; None for a reader who does not run the system. One query."""
    if Permission.RUN_SYSTEM not in current_user.person.permissions:
        return None
    return queries.mail_alert(db(), server_name(app_state().config.mail_url), now())


@pages.route("/choice/<token>", methods=["GET", "POST"])
@public
def choice(token: str) -> Response | WsgiResponse:
    """Whether one gets a kind of optional mail. A mail program may post here by itself (RFC 8058): it has no session,
    so the signature in the address stands for the token against forgery, and it must not be redirected."""
    link = read_link(MailChoiceLink, token, app_state().config.secret_key) or abort(404)
    person_id, kind = link.person_id, link.kind
    if kind not in OPTIONAL_MAIL:
        abort(404)
    if request.method == "POST":
        with unit_of_work() as session:
            actions.set_mail_preference(session, person_id, kind, request.form.get("wanted") == "yes", now())
        if "List-Unsubscribe" not in request.form:
            return redirect_after_post(url_for("mail.choice", token=token))
    wanted = person_id not in queries.opted_out_people(db(), kind, [person_id])
    return make_response(
        render_template("mail/choice.html", token=token, wanted=wanted, what=OPTIONAL_MAIL[kind], kind=kind)
    )
