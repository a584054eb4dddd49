"""What the pages for signing in share: their blueprint, and the answers that several of them give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse
from wtforms import PasswordField

from course.auth import queries
from course.auth.actions import RequestSource
from course.auth.password_hashing import HashingBusyError
from course.auth.provider_hooks import provider_ways
from course.auth.queries import CodePerson
from course.auth.rules import PASSWORD_HINT
from course.clock import now
from course.dates import civil_date
from course.organisation.request_organisation import current_organisation
from course.translation import gettext as _
from course.web.app_state import app_state
from course.web.duplicate_forms import is_second_press
from course.web.forms import Form
from course.web.unit_of_work import db

pages = Blueprint("auth", __name__)
ViewResponse = Response | WsgiResponse
HASHING_RETRY_SECONDS = 5
_BUSY = "hashing_is_busy"  # in `g`


def form_page(template: str, form: Form, **values: object) -> Response:
    """A page with a form, with the usual hint for a new password unless `values` have another one. Status 422 if the form has
    errors, 503 if it is right and can only not be dealt with now."""
    page = render_template(template, form=form, **{"password_hint": PASSWORD_HINT, **values})
    if not g.get(_BUSY):
        return make_response(page, 422 if form.errors else 200)
    response = make_response(page, 503)
    response.headers["Retry-After"] = str(HASHING_RETRY_SECONDS)
    return response


@contextmanager
def tell_if_busy(field: PasswordField) -> Iterator[None]:
    """Where too many passwords are being hashed already, say so at the field, and let the page show the form again."""
    try:
        yield
    except HashingBusyError:
        setattr(g, _BUSY, True)
        field.errors = [
            _("Very many people are signing in at this moment. Wait a few seconds, then enter the password again.")
        ]


def request_source() -> RequestSource:
    return RequestSource(request.remote_addr, str(current_app.config["SECRET_KEY"]))


def own_account() -> CodePerson:
    """The signed-in person as far as passwords and codes need to know them; 404 if they have just left."""
    today = civil_date(now(), app_state().config.time_zone)
    return queries.code_person(db(), current_user.person.id, today) or abort(404)


def organisation_name() -> str:
    """The name of the organisation, which no password may be made of."""
    ours = current_organisation()
    return ours.name if ours else ""


def too_many_attempts_page(until: datetime) -> Response:
    """The page of a reached rate limit: says when the next attempt is allowed."""
    # Pages show no seconds, so the time is rounded up: an attempt at the shown minute is not refused again.
    shown = until + timedelta(seconds=59)
    response = make_response(
        render_template("auth/wait.html", until=shown, minutes=(shown - now()).total_seconds() / 60), 429
    )
    response.headers["Retry-After"] = str(max(1, int((until - now()).total_seconds()) + 1))
    return response


def gone_page(title: str, text: str, sends_password_link: bool = False) -> Response:
    """The page of a link that no longer works, with status 410. `sends_password_link`: it was one to choose a password, so the
    page says how to get another. Whoever pressed twice has used the link with the first press, and can sign in."""
    if is_second_press():
        return make_response(redirect(url_for("auth.sign_in"), 303))
    return make_response(
        render_template("auth/gone.html", title=title, text=text, sends_password_link=sends_password_link), 410
    )


def provider_required_page(refusal: str) -> Response:
    """The page for somebody who has to sign in through an identity provider and tried another way, with status 403."""
    title = _("Sign in through your organisation")
    return make_response(
        render_template("auth/provider_required.html", title=title, text=refusal, ways=provider_ways()), 403
    )
