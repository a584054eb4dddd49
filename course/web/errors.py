"""Error pages, for every exception in one place. Each handler first closes the read transaction of the request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import PurePosixPath

from flask import Flask, Response, current_app, flash, g, make_response, redirect, request, url_for
from flask import session as browser
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import Forbidden, HTTPException

from course.db import StorageFault, is_lock_failure, storage_fault
from course.translation import lazy_gettext as _
from course.web.bearer import is_program_request, problem_response
from course.web.current import has_read_user
from course.web.duplicate_forms import SENT_TWICE, FormAlreadySentError, is_second_press
from course.web.expired_form import (
    ExpiredForm,
    busy_form_response,
    expired_form_response,
    is_same_origin,
    unsaved_form,
)
from course.web.input_guard import UNSTORABLE_TEXT
from course.web.proxy_checks import (
    SLASHES,
    browser_refuses_cookies,
    cookie_test_address,
    csrf_refusal_reason,
    has_course_cookie,
    split_address,
)
from course.web.unit_of_work import discard_request_state, give_up_reading
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

NOT_SAVED = _("This cannot be saved now")
# What is said while nothing can be stored, or nothing read: to somebody who sent something, and to somebody who opened a page.
STORAGE_TEXTS: Mapping[StorageFault, tuple[str, str]] = {
    "full": (
        _(
            "The course has no room left to save anything. What you sent has not been saved. What was saved before is safe. "
            "Tell your administrator, and send it again when there is room."
        ),
        _(
            "The course has no room left to save anything, and this page needs some. What was saved before is safe. Tell "
            "your administrator, and open the page again later."
        ),
    ),
    "unwritable": (
        _(
            "The course cannot write to its database. What you sent has not been saved. What was saved before is safe. "
            "Tell your administrator, and send it again later."
        ),
        _(
            "The course cannot write to its database, and this page needs that. What was saved before is safe. Tell your "
            "administrator, and open the page again later."
        ),
    ),
    "away": (
        _(
            "The course cannot reach its database. This is usually over within a minute. What was saved before is safe. "
            "Wait a moment, then send it again. What has been saved already is not saved twice."
        ),
        _(
            "The course cannot reach its database. This is usually over within a minute. What was saved before is safe. "
            "Wait a moment, then open the page again."
        ),
    ),
}
NO_SIGN_IN = (
    _("No one can sign in now"),
    _(
        "The course cannot save anything at the moment, and it notes each sign-in. Your password is not the reason. Try again "
        "in a few minutes. If it is the same then, tell your administrator."
    ),
)
NOT_SHOWN = _("This page cannot be shown now")
# Seconds after which a program that waits may ask again.
STORAGE_RETRY_SECONDS: Mapping[StorageFault, int] = {"full": 60, "unwritable": 60, "away": 5}

NO_COOKIES_TEXT = _(
    "Signing in needs a cookie, which says who you are until you sign out. Allow cookies for this address in the "
    "settings of your browser, then go to the sign-in page again."
)


def init(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(HTTPException, _handle_http_error)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(FormAlreadySentError, _handle_duplicate_form)
    app.register_error_handler(DBAPIError, _handle_database_error)
    app.register_error_handler(PoolTimeoutError, _handle_database_error)
    app.register_error_handler(Exception, _handle_unexpected_error)
    app.before_request(_check_cookies)


def error_page(status: int, title: str, text: str, form: ExpiredForm | None = None) -> Response:
    """An error page that reads nothing from the database, so that it cannot fail as well; with a `form`, a button sends
    that again. A program gets the same as JSON."""
    if is_program_request():
        return problem_response(status, title, text)
    template = current_app.jinja_env.get_template("errors/error.html")
    # The number under which the log tells what happened, where it is ours to find out.
    number = g.get("request_id", "") if status >= 500 else ""
    return make_response(template.render(status=status, title=title, text=text, number=number, form=form), status)


def _handle_http_error(error: HTTPException) -> Response:
    discard_request_state()
    # What fails after the view, such as recording that a page was shown, reaches this handler as an error 500.
    cause = getattr(error, "original_exception", None)
    if (answer := _database_answer(cause)) is not None:
        return answer
    if error.code is None or error.code < 400:
        return make_response(error.get_response(request.environ))
    if error.code == 404 and (there := _page_above()) is not None:
        return make_response(redirect(there, 303))
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


def _page_above() -> str | None:
    """Where to say that a form was sent twice if its page is gone by what the form did, such as "record that they left" of
    somebody who has left: the next page above it that is no form. None for any other page that is not there."""
    if request.method != "GET" or not is_second_press():
        return None
    routes = current_app.create_url_adapter(request)
    for above in PurePosixPath(request.path).parents:
        if routes is not None and routes.test(str(above), "GET") and not routes.test(str(above), "POST"):
            return request.script_root + str(above)
    return url_for("dashboard.home")


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
    flash(_("This was sent twice. It was done once."), SENT_TWICE)
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return make_response(redirect(request.full_path.rstrip("?"), 303))
    came_from = split_address(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return make_response(redirect(url_for("dashboard.home"), 303))
    path = f"/{came_from.path.lstrip(SLASHES)}"
    return make_response(redirect(f"{path}?{came_from.query}" if came_from.query and path != "/" else path, 303))


def _handle_database_error(error: Exception) -> Response:
    """Locks that were not free in time, a pool without a free connection, and a database that takes nothing are no fault of
    the program: the same request may succeed later."""
    discard_request_state()
    return _database_answer(error) or _handle_unexpected_error(error)


def _database_answer(error: BaseException | None) -> Response | None:
    """The answer to an error that another time may not have; None if it is a fault of the program."""
    fault, is_busy = storage_fault(error), _is_busy(error)
    if fault == "away" or (is_busy and not has_read_user()):
        # It waited once. The page that says so has words in the reader's language, which is in the database too.
        give_up_reading()
    if is_busy:
        return _busy_response(error)
    return None if fault is None else _unsaved_response(fault, error)


def _is_busy(error: BaseException | None) -> bool:
    return isinstance(error, PoolTimeoutError) or is_lock_failure(error)


def _busy_response(error: BaseException | None) -> Response:
    """Status 503: the form with what was entered, to be sent again."""
    _LOG.warning("the database is busy: %s", error)
    try:
        response = busy_form_response() or error_page(503, *ERROR_TEXTS[503])
    except SQLAlchemyError:
        # The page around the form could not be read either: what was entered stands on one that needs no database.
        response = error_page(503, *ERROR_TEXTS[503], unsaved_form() if request.method == "POST" else None)
    response.headers["Retry-After"] = str(BUSY_RETRY_SECONDS)
    return response


def _unsaved_response(fault: StorageFault, error: BaseException | None) -> Response:
    """Status 503, with what was entered; one line in the log says why."""
    _LOG.error("the database takes nothing (%s): %s", fault, getattr(error, "orig", error))
    sends = request.method == "POST"
    for_sender, for_reader = STORAGE_TEXTS[fault]
    title, text = (NOT_SAVED, for_sender) if sends else (NOT_SHOWN, for_reader)
    if sends and request.endpoint == "auth.sign_in":
        title, text = NO_SIGN_IN
    response = error_page(503, title, text, unsaved_form() if sends else None)
    response.headers["Retry-After"] = str(STORAGE_RETRY_SECONDS[fault])
    return response


def _handle_unexpected_error(error: Exception) -> Response:
    discard_request_state()
    _LOG.exception("request failed", exc_info=error)
    return error_page(500, *ERROR_TEXTS[500])
