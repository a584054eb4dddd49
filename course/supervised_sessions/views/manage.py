"""Planning and running sessions: the list, planning one, its page, the attendance sheet with codes, its rooms, closing it."""

from __future__ import annotations

from flask import Response, abort, current_app, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.actions import end_sign_in_session
from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.people.queries import TeamView, may_manage_team, teams
from course.supervised_sessions import actions, queries
from course.supervised_sessions.actions import NewSession
from course.supervised_sessions.forms import PlanForm
from course.supervised_sessions.queries import SupervisedSessionView
from course.supervised_sessions.rules import (
    PAPER_DAYS,
    ROOM_LIFETIME,
    code_in_groups,
    day_mistake,
    may_enter_paper,
    people_mistake,
    session_state,
    takes_people,
)
from course.supervised_sessions.views.kiosk import open_room_here
from course.supervised_sessions.views.page_context import pages, part_title, step_title
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number, sent_numbers
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


def session_or_404(session_id: int) -> SupervisedSessionView:
    """A session that the viewer may run: their own, or any of them for an administrator."""
    g.here = "people"
    return queries.supervised_session(db(), current_user.person, session_id) or abort(404)


@pages.get("/supervised")
@requires_permission(Permission.RUN_SESSIONS)
def overview() -> str:
    """The sessions of the viewer; all of them for an administrator."""
    g.here = "people"
    today = civil_date(now(), app_state().config.time_zone)
    found = queries.supervised_sessions(db(), current_user.person)
    rows = [(one, part_title(one.kind, one.ref), session_state(one.dates, today)) for one in found]
    return render_template("supervised_sessions/overview.html", rows=rows)


@pages.route("/supervised/new", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SESSIONS)
def plan() -> Response | WsgiResponse:
    """Plan a session: what it is about, where and when, and who is expected."""
    g.here = "people"
    viewer = current_user.person
    form, team = PlanForm(), query_number("team")
    form.part.choices = _part_choices()
    choosable = queries.choosable_people(db(), viewer, team)
    ticked = ticked_people()
    expected = [person.id for person in choosable if person.id in ticked]
    mistake = ""
    if form.is_submitted():
        # Everything that is wrong is said together.
        valid, mistake, part = form.validate_on_submit(), people_mistake(expected, ticked), form.chosen_part()
        if _fits(form) and valid and not mistake and part is not None:
            planned = NewSession(*part, form.place.data or "", form.held_on.day)
            with unit_of_work() as session:
                number = actions.plan_session(signed_in_context(session), planned, expected)
            return redirect_after_post(url_for("supervised_sessions.detail", session_id=number))
    page = render_template("supervised_sessions/plan.html", form=form, people=choosable, ticked=ticked, mistake=mistake,
                           teams=teams_to_choose(), team=team)  # fmt: skip
    return make_response(page, 422 if form.errors or mistake else 200)


def _fits(form: PlanForm) -> bool:
    """Whether the day of a submitted form is one on which a session can be held; an error is added to the field."""
    if not form.is_submitted() or form.held_on.errors:
        return False
    wrong = day_mistake(form.held_on.data, civil_date(now(), app_state().config.time_zone))
    if wrong:
        form.held_on.errors = [wrong]
    return not form.errors


def ticked_people() -> set[int]:
    """The ids of the people who are ticked in the form that was sent."""
    return set(sent_numbers("person"))


def _part_choices() -> list[tuple[str, str]]:
    modules = [(f"module:{one.id}", _("Module: %(title)s", title=one.title)) for one in library().modules.values()]
    return [*modules, ("final", part_title("final", "")), ("refresher", part_title("refresher", ""))]


def teams_to_choose() -> list[TeamView]:
    """The teams whose people the viewer can expect in a session."""
    return [one for one in teams(db()) if may_manage_team(db(), current_user.person, one.id)]


@pages.get("/supervised/<int(max=2147483647):session_id>")
@requires_permission(Permission.RUN_SESSIONS)
def detail(session_id: int) -> str:
    """A session: who is expected, who was there, and what can be done now."""
    found = session_or_404(session_id)
    today = civil_date(now(), app_state().config.time_zone)
    state, people = session_state(found.dates, today), queries.attendees(db(), current_user.person, session_id)
    return render_template(
        "supervised_sessions/detail.html",
        supervised=found,
        title=part_title(found.kind, found.ref),
        state=state,
        people=people,
        step_title=step_title,
        takes_people=takes_people(state),
        # Some have one: otherwise the sheet of everybody is what is needed.
        codes_missing=len({one.has_code for one in people}) > 1,
        takes_paper=may_enter_paper(found.dates, today),
        prints_paper=found.closed_at is None and today <= found.held_on,
        paper_days=PAPER_DAYS,
        hours=int(ROOM_LIFETIME.total_seconds() / 3600),
    )


@pages.post("/supervised/<int(max=2147483647):session_id>/codes")
@requires_permission(Permission.RUN_SESSIONS)
def codes(session_id: int) -> Response | WsgiResponse:
    """Make new codes, and show them once: as the attendance sheet that is to be printed. `only=new` in the form makes them for
    those who have none, and the codes of the others go on working."""
    found = session_or_404(session_id)
    people = queries.attendees(db(), current_user.person, session_id)
    if request.form.get("only") == "new":
        people = [one for one in people if not one.has_code]
    if found.closed_at is not None or not people:
        flash(_("No codes were made. The session is closed, or no one who is expected needs one."))
        return redirect_after_post(url_for("supervised_sessions.detail", session_id=session_id))
    with unit_of_work() as session:
        secret = str(current_app.config["SECRET_KEY"])
        made = actions.make_codes(signed_in_context(session), secret, session_id, [one.id for one in people])
    page = render_template(
        "supervised_sessions/sheet.html", supervised=found, title=part_title(found.kind, found.ref), made_at=now(),
        rows=[(one, code_in_groups(made[one.id])) for one in people if one.id in made],
    )  # fmt: skip
    return make_response(page)


@pages.post("/supervised/<int(max=2147483647):session_id>/room")
@requires_permission(Permission.RUN_SESSIONS)
def open_room(session_id: int) -> WsgiResponse:
    """Turn this browser into a room of the session. Whoever does it is signed out of this browser at once."""
    found = session_or_404(session_id)
    at = now()
    today = civil_date(at, app_state().config.time_zone)
    token = None
    if session_state(found.dates, today) == "today":
        user = current_user
        with unit_of_work() as session:
            token = actions.open_room(signed_in_context(session, at), session_id)
            if token is not None:
                end_sign_in_session(session, user.nonce, user.person.id, at)
    if token is None:
        flash(_("No room was opened. That is possible on the day of the session, until it is closed."))
        return redirect_after_post(url_for("supervised_sessions.detail", session_id=session_id))
    open_room_here(token)
    return redirect_after_post(url_for("supervised_sessions.room"))


@pages.post("/supervised/<int(max=2147483647):session_id>/close")
@requires_permission(Permission.RUN_SESSIONS)
def close(session_id: int) -> WsgiResponse:
    """Close a session: nobody answers in its rooms from now on."""
    session_or_404(session_id)
    with unit_of_work() as session:
        closed = actions.close_session(signed_in_context(session), session_id)
    if closed:
        flash(_("The session is closed. Everyone who was still signed in has been signed out."))
    else:
        flash(_("The session had been closed before."))
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=session_id))
