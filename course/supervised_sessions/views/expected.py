"""Who is expected in a session that was planned before: adding people, and taking them off until they begin."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.supervised_sessions import actions, queries
from course.supervised_sessions.queries import SupervisedSessionView
from course.supervised_sessions.rules import MAX_PEOPLE, people_mistake, session_state, takes_people
from course.supervised_sessions.views.manage import session_or_404, teams_to_choose, ticked_people
from course.supervised_sessions.views.page_context import pages, part_title
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


def _detail(session_id: int) -> WsgiResponse:
    return redirect_after_post(url_for("supervised_sessions.detail", session_id=session_id))


def _say_over(session_id: int) -> WsgiResponse:
    flash(
        _("Nothing has changed. People can be added and taken off until the session is closed or its day has passed.")
    )
    return _detail(session_id)


def _is_over(found: SupervisedSessionView) -> bool:
    return not takes_people(session_state(found.dates, civil_date(now(), app_state().config.time_zone)))


@pages.route("/supervised/<int(max=2147483647):session_id>/people", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SESSIONS)
def add_people(session_id: int) -> Response | WsgiResponse:
    """Add people to a session, from those of the viewer who are not expected in it yet."""
    found, team, ticked = session_or_404(session_id), query_number("team"), ticked_people()
    if _is_over(found):
        # Whoever only follows an old link finds the state on the page of the session.
        return _say_over(session_id) if request.method == "POST" else _detail(session_id)
    viewer = current_user.person
    expected = {one.person_id for one in queries.attendees(db(), viewer, session_id)}
    choosable = [one for one in queries.choosable_people(db(), viewer, team) if one.id not in expected]
    chosen = [person.id for person in choosable if person.id in ticked]
    mistake = ""
    if request.method == "POST":
        # Whom somebody else has added meanwhile is no mistake: they are expected, as was asked.
        wanted = ticked - expected
        if wanted or not ticked:
            mistake = people_mistake(chosen, wanted, MAX_PEOPLE - found.people)
        if not mistake:
            return _add(session_id, chosen)
    page = render_template(
        "supervised_sessions/add.html", supervised=found, title=part_title(found.kind, found.ref), people=choosable,
        ticked=ticked, mistake=mistake, teams=teams_to_choose(), team=team,
    )  # fmt: skip
    return make_response(page, 422 if mistake else 200)


def _add(session_id: int, chosen: list[int]) -> WsgiResponse:
    outcome: actions.AddingOutcome = "added"
    if chosen:
        with unit_of_work() as session:
            outcome = actions.add_people(signed_in_context(session), session_id, chosen)
    if outcome == "over":
        return _say_over(session_id)
    if outcome == "full":
        flash(_("No one was added: someone else has added people too, and a session is for 200 people or fewer."))
    elif chosen:
        count = len(chosen)
        flash(ngettext("%(num)s person is added. Make codes for those who have none.",
                       "%(num)s people are added. Make codes for those who have none.", count))  # fmt: skip
    else:
        flash(_("They were added before. Nothing has changed."))
    return _detail(session_id)


@pages.post("/supervised/<int(max=2147483647):session_id>/people/<int(max=2147483647):person_id>/remove")
@requires_permission(Permission.RUN_SESSIONS)
def remove_person(session_id: int, person_id: int) -> WsgiResponse:
    """Take a person off a session before they begin."""
    session_or_404(session_id)
    people = queries.attendees(db(), current_user.person, session_id)
    one = next((one for one in people if one.person_id == person_id), None) or abort(404)
    with unit_of_work() as session:
        outcome = actions.remove_person(signed_in_context(session), session_id, person_id)
    if outcome == "over":
        return _say_over(session_id)
    words = {
        "removed": _("%(name)s is not expected any more. A code that they have does not work.", name=one.name),
        "begun": _("%(name)s stays: they have signed in, signed the sheet or been given questions.", name=one.name),
        "gone": _("%(name)s was taken off before. Nothing has changed.", name=one.name),
    }
    flash(words[outcome])
    return _detail(session_id)
