"""Where a person is signed in: listed, ended one by one or together."""

from __future__ import annotations

import secrets

from flask import flash, g, make_response, render_template, request, url_for
from flask_login import current_user

from course.auth import actions, queries
from course.auth.rules import day_moment
from course.auth.sign_in_session import renew_sign_in_session
from course.auth.views.page_context import ViewResponse, pages
from course.clock import now
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.get("/me/sessions")
@sign_in_required
def sessions() -> ViewResponse:
    """The browsers in which the person is signed in."""
    g.here = "me"
    user = current_user
    found = queries.open_sessions(
        db(), user.person.id, day_moment(now(), app_state().config.time_zone), user.nonce or ""
    )
    return make_response(render_template("auth/sessions.html", sessions=found))


@pages.post("/me/sessions/end")
@sign_in_required
def end_session() -> ViewResponse:
    """End the sign-in session of another browser of the person; a second press leads to the same page."""
    with unit_of_work() as session:
        ended = actions.end_one_session(
            signed_in_context(session), current_user.person.id, request.form.get("session", "")[:64]
        )
    flash(_("Signed out there.") if ended else _("You were not signed in there any more."))
    return redirect_after_post(url_for("auth.sessions"))


@pages.post("/me/sessions/end-others")
@sign_in_required
def end_other_sessions() -> ViewResponse:
    """End all other sign-in sessions of the person."""
    person_id, nonce, key = current_user.person.id, current_user.nonce, secrets.token_urlsafe(24)
    with unit_of_work() as session:
        actions.end_other_sessions(signed_in_context(session), person_id, nonce, key)
        granted = actions.grant_sign_in(session, person_id)
    if granted is not None:
        renew_sign_in_session(granted)
    flash(_("You have been signed out everywhere else."))
    return redirect_after_post(url_for("auth.sessions"))
