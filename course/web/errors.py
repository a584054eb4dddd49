"""Exceptions to error pages, in one place. The first act is always to undo what the request did."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, make_response, redirect, request
from flask import session as browser
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden, HTTPException

from course.web.expired_form import from_here, once_more
from course.web.input_guard import UNUSABLE
from course.web.proxy_checks import has_no_cookies, keeps_cookies, to_try_again, why_refused
from course.web.unit_of_work import AlreadySentError, undo
from course.web.uploads import limit_in_words

TEXTS = {
    400: ("That did not work", "The form could not be read. Go back, reload the page and try again."),
    403: (
        "This page is not for you to open",
        "Your role does not include it. Ask an administrator if that is wrong.",
    ),
    404: ("There is no such page", "The address may be mistyped, or the page may have moved."),
    405: (
        "That did not work",
        "This address takes another kind of request. Start again from your training page.",
    ),
    413: ("That is too long", "What you sent is larger than the course accepts. Shorten it and try again."),
    429: ("Too many tries", "Please wait a while, then try again."),
    500: (
        "Something went wrong on our side",
        "Nothing that you entered before is lost. Try again in a minute.",
    ),
}

NO_COOKIES = (
    "Signing in needs a cookie, which says who you are until you sign out. Allow cookies for this address in the "
    "settings of your browser, then go to the sign-in page again."
)


def init(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(AlreadySentError, _sent_twice)
    app.register_error_handler(Exception, _unexpected)
    app.before_request(_cookies)


def page(status: int, title: str, text: str) -> Response:
    """An error page that needs nothing from the database, so that it cannot fail as well."""
    template = current_app.jinja_env.get_template("errors/error.html")
    return make_response(template.render(status=status, title=title, text=text), status)


def _http(error: HTTPException) -> Response:
    undo()
    if error.code is None or error.code < 400:
        return make_response(error.get_response(request.environ))
    title, text = TEXTS.get(error.code, TEXTS[400])
    if error.code == 403 and error.description != Forbidden.description:
        title, text = "You cannot do this", str(error.description)  # a view has said why, in words
    if error.code == 413 and (limit := limit_in_words()):
        text = f"This page accepts at most {limit}. Send less, or divide it into parts."
    elif error.description == UNUSABLE:
        text = UNUSABLE
    response = page(error.code, title, text)
    if error.code == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response


def _cookies() -> Response | None:
    """Say that cookies are needed to a browser that was given one and has not kept it."""
    if not has_no_cookies():
        return None
    # Whoever allows them now and loads this page again gets on.
    browser["cookies"] = True
    return page(400, "Your browser does not keep cookies", NO_COOKIES)


def _forged(error: CSRFError) -> Response:
    undo()
    why = why_refused(str(error.description))
    if why is not None:
        return page(400, "This form cannot be sent from here", why)
    if request.endpoint == "auth.sign_in" and from_here():
        # Somebody has signed in in another window, or the page was open for very long: it leads on by itself. Or
        # the browser keeps no cookies, which shows as soon as it comes without the one that this answer sets.
        if not current_user.is_authenticated:
            flash("This page was open for too long. Please sign in.")
        there = request.full_path.rstrip("?") if keeps_cookies() else to_try_again()
        return make_response(redirect(there, 303))
    if request.endpoint == "auth.sign_out" and not current_user.is_authenticated:
        return make_response(redirect("/sign-in", 303))  # pressed twice: they have signed out
    if not keeps_cookies():
        flash("If this happens each time, your browser does not keep cookies. Allow them for this address.")
    kept = once_more()
    if kept is not None:
        return kept
    browser.pop("_flashes", None)
    text = (
        "You may have signed out or signed in again in between. Nothing has been recorded. "
        "Open the page again and send it from there."
    )
    if not keeps_cookies():
        text += " If this happens each time, your browser does not keep cookies: allow them for this address."
    return page(400, "This page was open for too long", text)


def _sent_twice(_error: AlreadySentError) -> Response:
    """The button was pressed twice: leads back to the page of the form, which shows how things are now."""
    undo()
    flash("This was sent twice. It was done once.")
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return make_response(redirect(request.full_path.rstrip("?"), 303))
    came_from = urlsplit(request.headers.get("Referer", ""))
    path = came_from.path if came_from.netloc == request.host else "/"
    return make_response(redirect(f"{path}?{came_from.query}" if came_from.query and path != "/" else path, 303))


def _unexpected(error: Exception) -> Response:
    undo()
    logging.getLogger("course").exception("request failed", exc_info=error)
    return page(500, *TEXTS[500])
