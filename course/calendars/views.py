"""The calendar feed, open to everybody who has its secret address, and the page on which people create and end their
feeds."""

from __future__ import annotations

import hashlib
from datetime import date

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import network_prefix
from course.calendars import actions, queries
from course.calendars.rules import TEAM_SCOPE, CalendarCourse, Scope
from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.translation import gettext as _
from course.translation import lazy_gettext, use_language
from course.web.access import public, sign_in_required
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.redirects import redirect_after_post
from course.web.security_headers import compress_response
from course.web.unit_of_work import db, signed_in_context, unit_of_work, write_if_free

pages = Blueprint("calendars", __name__)
# Rate limit by network address. It is generous, because the calendars of a school or at one provider share an address,
# and the token of a feed is too long to be guessed.
_throttle = PageRateLimiter("calendar feeds", 300, 60)
# Rate limit by feed. Each fetch derives the feed again, which takes seconds for a large team; a calendar program fetches
# it a few times an hour.
_feed_throttle = PageRateLimiter("one calendar feed", 30, 300)
_NEW_FEED_KEY = "calendar_feed"
_ENDED_MESSAGE = lazy_gettext(
    "This calendar feed has ended. You can remove it from your calendar, or make a new one in the course."
)
_RATE_LIMIT_MESSAGE = lazy_gettext(
    "Too many requests from this network address, or for this feed. Please try again in a minute."
)


@pages.get("/<token>.ics")
@public
def feed(token: str) -> Response:
    """A feed as iCalendar, derived from what its holder may see at this moment."""
    if not _throttle.is_allowed(network_prefix(request.remote_addr)) or not _feed_throttle.is_allowed(token[:100]):
        return _text_response(f"{_RATE_LIMIT_MESSAGE}\n", 429, {"Retry-After": "60"})
    holder_feed = queries.feed_by_token(db(), token)
    if holder_feed is None:
        return _text_response(f"{_ENDED_MESSAGE}\n", 404)
    config, today = app_state().config, _today()
    from course.calendars.ical import ical  # noqa: PLC0415 (its library takes long to load, and few need it)

    # The calendar program that fetches it has no cookie, and asks for a language of its own or for none.
    with use_language(holder_feed.language):
        course = CalendarCourse(library().course.title, public_url_for("dashboard.home"))
        events = queries.events(db(), holder_feed, config.time_zone, today, course)
        content = ical(events, _calendar_name(holder_feed.feed.scope, course.title), course.address)
    if holder_feed.feed.last_fetched_on != today:
        # The request itself only reads; the fetch of the day is recorded in a transaction of its own, by a later fetch if the
        # database is busy.
        feed_id = holder_feed.feed.id
        write_if_free(lambda unit: actions.record_fetch(unit, feed_id, today))
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=900"
    response.headers["Content-Disposition"] = 'inline; filename="training.ics"'
    # The tag is weak, because the same feed is also sent compressed.
    response.set_etag(hashlib.blake2b(content, digest_size=12).hexdigest(), weak=True)
    response.make_conditional(request)
    if response.status_code == 200:
        compress_response(response)
    return _forbid_indexing(response)


@pages.get("")
@sign_in_required
def my_feeds() -> Response:
    """The reader's feeds: when they were created and last fetched, and the address of a feed that was just created."""
    g.here = "me"
    new_feed = session.pop(_NEW_FEED_KEY, None)
    addresses = {}
    if new_feed:
        scope, token = new_feed
        address = public_url_for("calendars.feed", token=token)
        addresses[scope] = address
    page = make_response(
        render_template(
            "calendars/mine.html",
            feeds=queries.feeds(db(), current_user.person.id),
            shown=addresses,
            team=queries.has_team(current_user.person),
        )
    )
    page.headers["Cache-Control"] = "no-store" if addresses else "private, no-cache"
    return page


@pages.post("/<any(own, team):scope>/make")
@sign_in_required
def create_feed(scope: Scope) -> WsgiResponse:
    """Create a feed, or replace the existing one: its old address stops working."""
    if scope == TEAM_SCOPE and not queries.has_team(current_user.person):
        abort(403)
    with unit_of_work() as unit:
        token = actions.create_feed(signed_in_context(unit), scope)
    # The token is stored only in the session cookie of this browser until the next page, which shows it once.
    session[_NEW_FEED_KEY] = (scope, token)
    return redirect_after_post(url_for("calendars.my_feeds", _anchor="address"))


@pages.post("/<any(own, team):scope>/end")
@sign_in_required
def revoke_feed(scope: Scope) -> WsgiResponse:
    """Revoke a feed: its address stops working."""
    session.pop(_NEW_FEED_KEY, None)
    with unit_of_work() as unit:
        ended_count = actions.end_feed(signed_in_context(unit), scope, "revoked")
    flash(_("The feed has ended. Its address no longer works.") if ended_count else _("There was no feed to end."))
    return redirect_after_post(url_for("calendars.my_feeds"))


def _calendar_name(scope: Scope, course: str) -> str:
    return f"{_('Team training') if scope == TEAM_SCOPE else _('My training')}: {course}"


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


def _text_response(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    response = Response(text, status, headers, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return _forbid_indexing(response)


def _forbid_indexing(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
