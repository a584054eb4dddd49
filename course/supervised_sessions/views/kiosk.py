"""The browser of a room: nobody but the people of its session can use it, each for their own part, one after the other.

Opening a room signs its manager out of the browser. From then on its cookie carries the token of the room, and every address
leads to the room, except the pages that anyone may open for help. Whoever enters their code is let in to one part of their own
training, as a person without any role. Whoever signs in with a password takes the browser back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, flash, g, request, session, url_for
from flask_login import current_user, login_user
from markupsafe import Markup
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.sign_in_session import SITTING_LOADER, SignedInUser
from course.clock import now
from course.learning import queries as learning
from course.pairs import queries as pair_queries
from course.supervised_sessions import queries
from course.supervised_sessions.actions import SittingEndedError, StartedSitting
from course.supervised_sessions.queries import RoomView, SittingView
from course.supervised_sessions.rules import idle_limit, is_room_open
from course.supervised_sessions.views.page_context import part_title
from course.translation import gettext as _
from course.web.current import this_g, this_session
from course.web.in_place import IN_PLACE_HEADER
from course.web.redirects import redirect_after_post
from course.web.request_language import clear_all_but_language
from course.web.security_headers import clear_browser_data
from course.web.unit_of_work import db, row_source

ROOM_KEY = "room"  # in the cookie: the token of the room that this browser is
SEEN_KEY = "seen"  # in the cookie: when the person who sits here last opened a page, in seconds since 1970
_SITTING = "sitting"  # in `g`
# What anyone may open, in a room too: help, and what pages are made of.
_FOR_EVERYBODY = frozenset({
    "organisation.concern", "organisation.first_hour", "organisation.address_book", "organisation.logo",
    "organisation.colour_style_sheet", "content.accessibility", "privacy.notice", "offline.page", "offline.service_worker",
    "supervised_sessions.room", "supervised_sessions.enter", "health.live", "health.ready",
})  # fmt: skip
# The manager takes the browser back by signing in, in whichever way they do.
_FOR_NOBODY_THERE = frozenset({
    "auth.sign_in", "auth.passkey_sign_in", "identity_providers.start", "identity_providers.come_back",
    "identity_providers.saml_answer",
})  # fmt: skip
_FOR_EACH_SITTING = frozenset({"supervised_sessions.part", "supervised_sessions.leave"})
_STEPS = frozenset({"learning.module", "learning.step", "learning.finish_step"})
_ATTEMPTS = frozenset({"learning.attempt", "learning.question", "learning.answer"})
_RUNS = frozenset({"learning.run", "learning.decide", "learning.take_back", "learning.ending", "learning.debrief"})
# A story that was begun with a colleague leads there, and there one goes on alone.
_PAIRS = frozenset({"pairs.together", "pairs.news", "pairs.choose", "pairs.leave"})
_REFRESHER = frozenset({
    "refreshers.refresher", "refreshers.begin_refresher", "refreshers.scenario", "refreshers.begin_scenario",
    "refreshers.change", "refreshers.record_change_seen", "refreshers.reread_page", "refreshers.record_reread",
    "refreshers.update", "refreshers.begin_update",
})  # fmt: skip
_ASSESSMENT = frozenset({"learning.assessment", "learning.begin_assessment"})
_ATTEMPT_KINDS = {"module": ("check", "timeline"), "final": ("final",), "refresher": ("refresher", "update")}


def init(app: Flask) -> None:
    """Load the people of rooms, and keep the browsers of rooms to what they are for. Before what checks forms and access."""
    app.extensions[SITTING_LOADER] = _load_sitting
    app.before_request(_keep_to_room)
    app.after_request(_let_page_expire)
    app.register_error_handler(SittingEndedError, _sitting_ended)
    app.jinja_env.globals["sitting_bar"] = sitting_bar
    app.jinja_env.globals["in_room"] = in_room


def open_room_here(token: str) -> None:
    """Turn this browser into the room with this token. Whoever was signed in is not any more, and nothing of them is kept."""
    _clear_cookie(token)
    clear_browser_data()


def sit_down_here(started: StartedSitting, at: datetime) -> None:
    """Let the person of a sitting use this browser, which is a room."""
    token = session[ROOM_KEY]
    _clear_cookie(token)
    session[SEEN_KEY] = int(at.timestamp())
    found = _load_sitting(f"{started.id}:{started.nonce}")
    if found is not None:
        login_user(found)


def get_up_here() -> None:
    """Leave the room in this browser to the next person, with nothing of the last one."""
    _clear_cookie(session[ROOM_KEY])
    clear_browser_data()


def _clear_cookie(token: str) -> None:
    clear_all_but_language()
    session[ROOM_KEY] = token
    session.permanent = True


def room_here() -> RoomView | None:
    """The room that this browser is, while its codes work; None if it is none, or no longer."""
    token = session.get(ROOM_KEY)
    room = queries.room_by_token(row_source(), token) if isinstance(token, str) else None
    return room if room is not None and is_room_open(room.opened_at, room.closed_at, now()) else None


def sitting_here() -> SittingView | None:
    """The sitting of the person who uses this browser; None if there is none."""
    sitting: SittingView | None = this_g().get(_SITTING)
    return sitting


def _load_sitting(rest: str) -> SignedInUser | None:
    number, _colon, nonce = rest.partition(":")
    seen = session.get(SEEN_KEY)
    if not number.isdecimal() or not nonce or not isinstance(seen, int) or ROOM_KEY not in session:
        return None
    at = now()
    found = queries.sitting_view(row_source(), int(number), nonce, at)
    if found is None:
        return None
    # Asked only where the shorter limit could matter.
    quiet = at.timestamp() - seen
    if quiet > idle_limit(is_finished=True).total_seconds() and (
        quiet > idle_limit(is_finished=False).total_seconds() or queries.has_finished(db(), found)
    ):
        return None
    g.sitting, g.organisation_mark = found, found.organisation
    return SignedInUser(found.person, "", nonce, found.id)


def _keep_to_room() -> WsgiResponse | None:
    if ROOM_KEY not in this_session() or request.endpoint is None:
        return None
    g.for_one_person = True  # no copy of any page stays in this browser
    # A page in place of a redirect would come by without being looked at here.
    request.environ.pop(f"HTTP_{IN_PLACE_HEADER.upper().replace('-', '_')}", None)
    sitting = sitting_here() if current_user.is_authenticated else None
    if sitting is None:
        return _keep_out()
    session[SEEN_KEY] = int(now().timestamp())
    arguments = request.view_args or {}
    if request.endpoint in _FOR_EVERYBODY | _FOR_EACH_SITTING or _belongs(sitting, request.endpoint, arguments):
        return None
    return redirect_after_post(url_for("supervised_sessions.part"))


def _keep_out() -> WsgiResponse | None:
    """Nobody sits here: lead to the room. Whoever sat here until it took too long finds out why."""
    if "_user_id" in session:
        _clear_cookie(session[ROOM_KEY])
        clear_browser_data()
        flash(_("You are signed out. What you had sent is kept. To go on, enter your code again."))
        if request.endpoint != "supervised_sessions.room":
            return redirect_after_post(url_for("supervised_sessions.room"))
    if request.endpoint in _FOR_EVERYBODY | _FOR_NOBODY_THERE:
        return None
    return redirect_after_post(url_for("supervised_sessions.room"))


def _belongs(sitting: SittingView, endpoint: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a page belongs to the part that the person came for."""
    person = sitting.person.id
    if endpoint in _ATTEMPTS:
        attempt = learning.attempt(db(), person, arguments["attempt_id"])
        return (
            attempt is not None
            and attempt.kind in _ATTEMPT_KINDS[sitting.kind]
            and (sitting.kind != "module" or attempt.ref.split("/")[0] == sitting.ref)
        )
    if endpoint in _RUNS:
        run = learning.run(db(), person, arguments["run_id"])
        if run is None or sitting.kind == "final":
            return False
        if sitting.kind == "module":
            return run.ref.split("/")[0] == sitting.ref
        return learning.enrolment_kind(db(), run.enrolment_id) in ("refresher", "update")
    if endpoint in _PAIRS:
        pair = pair_queries.pair(db(), person, arguments["pair_id"], now())
        return pair is not None and sitting.kind == "module" and pair.ref.split("/")[0] == sitting.ref
    if sitting.kind == "module":
        return endpoint in _STEPS and arguments["module_id"] == sitting.ref
    return endpoint in (_ASSESSMENT if sitting.kind == "final" else _REFRESHER)


def _let_page_expire(response: Response) -> Response:
    """Let the page of a person who has walked away go from the screen by itself, also without scripts."""
    sitting = sitting_here()
    if sitting is not None and response.mimetype == "text/html" and response.status_code < 300:
        limit = idle_limit(queries.has_finished(db(), sitting))
        response.headers["Refresh"] = f"{int(limit.total_seconds()) + 1}; url={url_for('supervised_sessions.room')}"
    return response


def _sitting_ended(_error: SittingEndedError) -> WsgiResponse:
    if ROOM_KEY in session:
        _clear_cookie(session[ROOM_KEY])
        clear_browser_data()
    flash(_("You are signed out. Your last answer was not kept, because the session had ended. Those before it are."))
    return redirect_after_post(url_for("supervised_sessions.room"))


def in_room() -> bool:
    """Whether this browser is the room of a supervised session: then its scripts keep nothing for anybody."""
    return ROOM_KEY in session


def sitting_bar() -> Markup:
    """The bar at the top of every page that says who sits here and lets them sign out; nothing anywhere else."""
    sitting = sitting_here()
    if sitting is None:
        return Markup("")
    html = current_app.jinja_env.get_template("supervised_sessions/bar.html").render(
        name=sitting.person.name, part=part_title(sitting.kind, sitting.ref)
    )
    return Markup(html)  # noqa: S704 (a template made it)
