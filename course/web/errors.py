"""Error pages, for every exception in one place. Each handler first closes the read transaction of the request."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, make_response, redirect, request, url_for
from flask import session as browser
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import Forbidden, HTTPException

from course.db import is_lock_failure
from course.translation import lazy_gettext as _
from course.web.duplicate_forms import FormAlreadySentError
from course.web.expired_form import busy_form_response, expired_form_response, is_same_origin
from course.web.input_guard import UNSTORABLE_TEXT
from course.web.proxy_checks import browser_refuses_cookies, cookie_test_address, csrf_refusal_reason, has_course_cookie
from course.web.unit_of_work import discard_request_state
from course.web.uploads import upload_limit_text

_LOG = logging.getLogger("course")
BUSY_RETRY_SECONDS = 5
ERROR_TEXTS = {
    400: (_("This did not work"), _("The form could not be read. Go back, reload the page and try again.")),
    403: (
        _("You cannot open this page"),
        _("Your role does not include it. Ask an administrator if that is wrong."),
    ),
    404: (_("Page not found"), _("The address may be mistyped, or the page may have moved.")),
    405: (
        _("This did not work"),
        _("This address takes another kind of request. Start again from your training page."),
    ),
    413: (_("That is too long"), _("What you sent is larger than the course accepts. Shorten it and try again.")),
    429: (_("Too many tries"), _("Please wait a while, then try again.")),
    503: (_("The course is busy"), _("Nothing has been recorded. Wait a few seconds, then try again.")),
    500: (
        _("Something went wrong on our side"),
        _("Nothing you entered before is lost. Try again in a minute."),
    ),
}

NO_COOKIES_TEXT = _(
    "Signing in needs a cookie, which says who you are until you sign out. Allow cookies for this address in the "
    "settings of your browser, then go to the sign-in page again."
)


def init(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(FormAlreadySentError, _handle_duplicate_form)
    app.register_error_handler(OperationalError, _handle_database_error)
    app.register_error_handler(PoolTimeoutError, _handle_database_error)
    app.register_error_handler(Exception, _handle_unexpected_error)
    app.before_request(_check_cookies)


def error_page(status: int, title: str, text: str) -> Response:
    """An error page that reads nothing from the database, so that it cannot fail as well."""
    template = current_app.jinja_env.get_template("errors/error.html")
    # The number under which the log tells what happened, where it is ours to find out.
    number = g.get("request_id", "") if status >= 500 else ""
    return make_response(template.render(status=status, title=title, text=text, number=number), status)


def _handle_http_error(error: HTTPException) -> Response:
    discard_request_state()
    # What fails after the view, such as recording that a page was shown, reaches this handler as an error 500.
    cause = getattr(error, "original_exception", None)
    if _is_busy(cause):
        return _busy_response(cause)
    if error.code is None or error.code < 400:
        return make_response(error.get_response(request.environ))
    title, text = ERROR_TEXTS.get(error.code, ERROR_TEXTS[400])
    if error.code == 403 and error.description != Forbidden.description:
        title, text = _("You cannot do this"), str(error.description)  # the reason that a view gave
    if error.code == 413 and (limit := upload_limit_text()):
        text = _("This page accepts at most %(limit)s. Send less, or divide it into parts.", limit=limit)
    elif error.description == UNSTORABLE_TEXT:
        text = UNSTORABLE_TEXT
    response = error_page(error.code, title, text)
    if error.code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response


def _check_cookies() -> Response | None:
    """Say that cookies are needed, to a browser that was sent a cookie and has not kept it."""
    if not browser_refuses_cookies():
        return None
    # A person who allows cookies now and loads this page again can sign in.
    browser["cookies"] = True
    return error_page(400, _("Your browser does not keep cookies"), NO_COOKIES_TEXT)


def _handle_csrf_error(error: CSRFError) -> Response:
    discard_request_state()
    why = csrf_refusal_reason(str(error.description))
    if why is not None:
        return error_page(400, _("This form cannot be sent from here"), why)
    if request.endpoint == "auth.sign_in" and is_same_origin():
        # The person has signed in in another window, or the page was open for very long: redirecting to it solves both. Or
        # the browser keeps no cookies: that shows when the next request lacks the cookie that this response sets.
        if not current_user.is_authenticated:
            flash(_("This page was open for too long. Please sign in."))
        there = request.full_path.rstrip("?") if has_course_cookie() else cookie_test_address()
        return make_response(redirect(there, 303))
    if request.endpoint == "auth.sign_out" and not current_user.is_authenticated:
        return make_response(redirect(url_for("auth.sign_in"), 303))  # a double press: the person has signed out
    if not has_course_cookie():
        flash(_("If this happens each time, your browser does not keep cookies. Allow them for this address."))
    form_page = expired_form_response()
    if form_page is not None:
        return form_page
    browser.pop("_flashes", None)
    text = _(
        "You may have signed out, or signed in again. Nothing has been recorded. "
        "Open the page again and send it from there."
    )
    if not has_course_cookie():
        advice = _("If this happens each time, your browser does not keep cookies: allow them for this address.")
        text = f"{text} {advice}"
    return error_page(400, _("This page was open for too long"), text)


def _handle_duplicate_form(_error: FormAlreadySentError) -> Response:
    """A double press: redirect to the page of the form, which shows the result of the first press."""
    discard_request_state()
    flash(_("This was sent twice. It was done once."))
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return make_response(redirect(request.full_path.rstrip("?"), 303))
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return make_response(redirect(url_for("dashboard.home"), 303))
    path = came_from.path
    return make_response(redirect(f"{path}?{came_from.query}" if came_from.query and path != "/" else path, 303))


def _handle_database_error(error: Exception) -> Response:
    """Locks that were not free in time, and a pool without a free connection, are no fault: the same request may succeed
    in a moment."""
    discard_request_state()
    return _busy_response(error) if _is_busy(error) else _handle_unexpected_error(error)


def _is_busy(error: BaseException | None) -> bool:
    return isinstance(error, PoolTimeoutError) or is_lock_failure(error)


def _busy_response(error: BaseException | None) -> Response:
    """Status 503: the form with what was entered, or a page without it where nothing can be kept."""
    _LOG.warning("the database is busy: %s", error)
    try:
        response = busy_form_response() or error_page(503, *ERROR_TEXTS[503])
    except SQLAlchemyError:
        response = error_page(503, *ERROR_TEXTS[503])  # the page around the form could not be read either
    response.headers["Retry-After"] = str(BUSY_RETRY_SECONDS)
    return response


def _handle_unexpected_error(error: Exception) -> Response:
    discard_request_state()
    _LOG.exception("request failed", exc_info=error)
    return error_page(500, *ERROR_TEXTS[500])
