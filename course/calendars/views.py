"""The feed itself, open to whoever has its secret address, and the page on which people make and end theirs."""

from __future__ import annotations

import hashlib
import time
from datetime import date

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rules import network
from course.calendars import actions, queries
from course.calendars.rules import TEAM, Course, Scope
from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.web.access import public, signed_in
from course.web.app_state import state
from course.web.rate_limit import Throttle
from course.web.security_headers import compress
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("calendars", __name__)
# An address cannot be guessed in a lifetime. A school's calendars, or those at one provider, come from one place.
_throttle = Throttle(300, 60)
# One feed is worked out anew for each fetch, of a large team in seconds; a calendar fetches it a few times an hour.
_by_feed = Throttle(30, 300)
_SHOWN_ONCE = "calendar_feed"
_ENDED = "This calendar feed has ended. You can remove it from your calendar, or make a new one in the course.\n"
_WAIT = "Too many requests from this place in the network, or for this feed. Please try again in a minute.\n"


@pages.get("/<token>.ics")
@public
def feed(token: str) -> Response:
    """A feed as iCalendar, worked out from what its holder may see at this moment."""
    moment = time.monotonic()
    if not _throttle.allows(network(request.remote_addr), moment) or not _by_feed.allows(token[:100], moment):
        return _plain(_WAIT, 429, {"Retry-After": "60"})
    found = queries.found(db(), token)
    if found is None:
        return _plain(_ENDED, 404)
    config, today = state().config, _today()
    course = Course(library().course.title, f"{config.public_url}/")
    listed = queries.events(db(), found, config.time_zone, today, course)
    from course.calendars.ical import ical  # noqa: PLC0415 (its library takes long to load, and few need it)

    data = ical(listed, _name(found.feed.scope, course.title), course.address)
    if found.feed.fetched_on != today:
        # The page itself only reads: what it writes down once a day is a transaction of its own.
        with unit_of_work() as writing:
            actions.note_fetch(writing, found.feed.id, today)
    response = Response(data, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=900"
    response.headers["Content-Disposition"] = 'inline; filename="training.ics"'
    # Weak, because the same feed also goes out compressed.
    response.set_etag(hashlib.blake2b(data, digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    if response.status_code == 200:
        compress(response)
    return _unlisted(response)


@pages.get("")
@signed_in
def mine() -> Response:
    """My feeds: since when, when they were last fetched, and the address of one that was just made."""
    g.here = "me"
    made = session.pop(_SHOWN_ONCE, None)
    shown = {}
    if made:
        scope, token = made
        address = state().config.public_url + url_for("calendars.feed", token=token)
        shown[scope] = address
    page = make_response(
        render_template(
            "calendars/mine.html",
            feeds=queries.feeds(db(), current_user.person.id),
            shown=shown,
            team=queries.has_team(current_user.person),
        )
    )
    page.headers["Cache-Control"] = "no-store" if shown else "private, no-cache"
    return page


@pages.post("/<any(own, team):scope>/make")
@signed_in
def make(scope: Scope) -> WsgiResponse:
    """Make a feed, or replace the one that there is: its old address stops working."""
    if scope == TEAM and not queries.has_team(current_user.person):
        abort(403)
    with unit_of_work() as writing:
        token = actions.make(writing, current_user.person.id, scope, now())
    # As a message that is shown once: in the cookie of this browser until the next page, and nowhere else.
    session[_SHOWN_ONCE] = (scope, token)
    return seen_redirect(url_for("calendars.mine", _anchor="address"))


@pages.post("/<any(own, team):scope>/end")
@signed_in
def end(scope: Scope) -> WsgiResponse:
    """Revoke a feed: whoever has its address gets nothing any more."""
    session.pop(_SHOWN_ONCE, None)
    with unit_of_work() as writing:
        ended = actions.end(writing, current_user.person.id, scope, "revoked", now())
    flash("The feed has ended. Its address no longer works." if ended else "There was no feed to end.")
    return seen_redirect(url_for("calendars.mine"))


def _name(scope: Scope, course: str) -> str:
    return f"{'Team training' if scope == TEAM else 'My training'}: {course}"


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


def _plain(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(text, status, headers, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return _unlisted(response)


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
