"""The pages of a room: entering a code, the part that one came for, and signing out."""

from __future__ import annotations

from flask import Response, abort, current_app, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.actions import count_attempt
from course.auth.queries import next_attempt_at
from course.auth.rules import AttemptLimit, attempt_key, network_prefix
from course.clock import now
from course.context import make_context
from course.learning.queries import progress_facts
from course.learning.reader_course import reader_library
from course.learning.rules.progress import progress
from course.supervised_sessions import actions, queries
from course.supervised_sessions.forms import CodeForm
from course.supervised_sessions.queries import RoomView, SittingView
from course.supervised_sessions.rules import (
    IDLE_LIMIT,
    WRONG_CODES_PER_NETWORK,
    WRONG_CODES_PER_ROOM,
)
from course.supervised_sessions.views.kiosk import get_up_here, room_here, sit_down_here, sitting_here
from course.supervised_sessions.views.page_context import pages, part_title
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work


@pages.get("/room")
@public
def room() -> Response | WsgiResponse:
    """The form for a code, in a browser in which a room is open; who sits here already goes on."""
    if sitting_here() is not None:
        return redirect_after_post(url_for("supervised_sessions.part"))
    return _room_page(room_here(), CodeForm(formdata=None), 200)


def _room_page(found: RoomView | None, form: CodeForm, status: int) -> Response:
    title = part_title(found.kind, found.ref) if found else ""
    page = render_template("supervised_sessions/room.html", room=found, title=title, form=form,
                           minutes=int(IDLE_LIMIT.total_seconds() / 60))  # fmt: skip
    return make_response(page, status)


@pages.post("/room")
@public
def enter() -> Response | WsgiResponse:
    """Sit down with a code. Wrong codes are counted, by room and by network address; right ones never are."""
    if sitting_here() is not None:
        return redirect_after_post(url_for("supervised_sessions.part"))
    found, form, at = room_here(), CodeForm(), now()
    if found is None:
        return _room_page(None, form, 410)
    limits = _limits(found)
    if next_attempt_at(db(), limits, at) is not None:
        form.code.errors = [_("Too many wrong codes were entered. Wait a quarter of an hour, then try again.")]
        return _room_page(found, form, 429)
    code = form.parsed() if form.validate_on_submit() else None
    if code is None:
        return _room_page(found, form, 422)
    hashed = actions.code_hash(str(current_app.config["SECRET_KEY"]), found.session_id, code)
    attendee = queries.attendee_by_code(db(), found.session_id, hashed)
    with unit_of_work() as unit:
        started = None
        if attendee is not None:
            started = actions.begin_sitting(make_context(unit, attendee[1], at), found, attendee[0], hashed)
        if started is None:
            count_attempt(unit, limits, at)
    if started is None:
        form.code.errors = [
            _("This code does not work here. Check it, or ask the person who runs the session for a new one.")
        ]
        return _room_page(found, form, 422)
    sit_down_here(started, at)
    return redirect_after_post(url_for("supervised_sessions.part"))


def _limits(found: RoomView) -> dict[str, AttemptLimit]:
    secret = str(current_app.config["SECRET_KEY"])
    return {
        attempt_key(secret, "supervised room", str(found.session_id)): WRONG_CODES_PER_ROOM,
        attempt_key(secret, "supervised room from", network_prefix(request.remote_addr)): WRONG_CODES_PER_NETWORK,
    }


@pages.get("/room/part")
@sign_in_required
def part() -> str | WsgiResponse:
    """What the person who sits here came for, and how to begin it."""
    sitting = sitting_here()
    if sitting is None:
        return redirect_after_post(url_for("dashboard.home"))
    return render_template("supervised_sessions/part.html", sitting=sitting, title=part_title(sitting.kind, sitting.ref),
                           state=_part_state(sitting), finished=queries.has_finished(db(), sitting))  # fmt: skip


def _part_state(sitting: SittingView) -> str:
    """What the person can do with their part: begin it, or why not."""
    course = progress(reader_library(), progress_facts(row_source(), sitting.person.id))
    if sitting.kind == "module":
        found = next((one for one in course.modules if one.module.id == sitting.ref), None)
        return "gone" if found is None else "done" if found.done else "open"
    if sitting.kind == "final":
        return "done" if course.final_passed else "open" if course.modules_done else "early"
    return "open"


@pages.post("/room/leave")
@sign_in_required
def leave() -> WsgiResponse:
    """Sign out of the room, and leave it to the next person."""
    sitting = sitting_here()
    if sitting is None or current_user.sitting is None:
        abort(404)
    with unit_of_work() as unit:
        actions.end_sitting(signed_in_context(unit), sitting.id, sitting.session_id)
    get_up_here()
    flash(_("You are signed out. The next person can sit down."))
    return redirect_after_post(url_for("supervised_sessions.room"))
