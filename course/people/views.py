"""People and teams: who is there, and adding to them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.jobs.actions import enqueue
from course.people import actions, queries
from course.people.actions import Refusal
from course.people.events import RecordOpened
from course.people.forms import AddPersonForm, AddTeamForm, PathwayForm, selected_team_id, team_choices
from course.people.jobs import INVITATIONS, invitation, invitation_timestamp
from course.people.rules import normalise_line
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import query_number
from course.web.template_filters import plural, redirect_after_post
from course.web.unit_of_work import db, publish_after_response, unit_of_work

pages = Blueprint("people", __name__)


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


@pages.get("")
@requires_permission(Permission.SEE_PEOPLE)
def list_people() -> str:
    """The people whom the viewer may see, a page at a time; `q` finds some of them."""
    words, page = normalise_line(request.args.get("q", "")), query_number("page") or 1
    found = queries.people_page(db(), current_user.person, words, page)
    return render_template("people/list.html", found=found, words=words, settings=SETTINGS, at=now())


@pages.route("/add", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def add_person() -> Response | WsgiResponse:
    """Add somebody, and mail them a link with which to choose a password."""
    form = AddPersonForm()
    form.team.choices = team_choices(queries.teams(db()), "No team yet")
    if form.validate_on_submit():
        at, by = now(), current_user.person.id
        name, email = form.name.data or "", form.email.data or ""
        mail, team = invitation(name, current_user.person.name), selected_team_id(form.team.data)
        with unit_of_work() as session:
            added = actions.add_person(session, name, email, team, form.role.data, at, by)
            if not isinstance(added, Refusal):
                if form.pathway.data:
                    actions.choose_pathway(session, [added.id], form.pathway.data, "", by, at)
                actions.invite(session, added.id, mail, at, by)
        if not isinstance(added, Refusal):
            flash(f"{added.name} has been added. An invitation is on its way to {added.email}.")
            return redirect_after_post(url_for("people.list_people"))
        form[added.field].errors = [added.message]
    return make_response(render_template("people/add.html", form=form), 422 if form.errors else 200)


@pages.route("/<int(max=2147483647):person_id>/pathway", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def pathway(person_id: int) -> Response | WsgiResponse:
    """Choose the setting in which somebody reads the course."""
    person = queries.person_overview(db(), person_id) or abort(404)
    form = PathwayForm(data={"pathway": person.pathway})
    del form.team
    if form.validate_on_submit():
        return _save_pathway(form, [person.id], person.name)
    page = render_template("people/pathway.html", form=form, name=person.name, address=f"/people/{person.id}/pathway")
    return make_response(page, 422 if form.errors else 200)


@pages.route("/pathways", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def pathways() -> Response | WsgiResponse:
    """Choose it for everybody in a team and in those below it."""
    form = PathwayForm()
    form.team.choices = team_choices(queries.teams(db()), "Choose a team")
    if form.validate_on_submit():
        team = selected_team_id(form.team.data)
        if team is not None:
            return _save_pathway(form, queries.members_below(db(), team), "Everybody there")
        form.team.errors = ["Choose a team."]
    page = render_template("people/pathway.html", form=form, name=None, address="/people/pathways")
    return make_response(page, 422 if form.errors else 200)


def _save_pathway(form: PathwayForm, people: list[int], name: str) -> WsgiResponse:
    by, setting = current_user.person.id, SETTINGS[form.pathway.data]
    with unit_of_work() as session:
        changed = actions.choose_pathway(session, people, form.pathway.data, form.reason.data or "", by, now())
    number = "1 person" if changed == 1 else f"{changed} people"
    flash(f"{name} now reads the course in the setting “{setting}”. That is a change for {number}.")
    return redirect_after_post(url_for("people.list_people"))


@pages.post("/<int(max=2147483647):person_id>/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite(person_id: int) -> WsgiResponse:
    """Send the invitation, perhaps again; the link in an earlier one stops working. The form says when they were invited
    last: of two presses only the first sends one."""
    person = queries.person_overview(db(), person_id) or abort(404)
    if person.active:
        flash(f"{person.name} has chosen a password already, and needs no invitation.")
        return redirect_after_post(url_for("people.list_people"))
    mail, sent = invitation(person.name, current_user.person.name), False
    if "seen" not in request.form or request.form["seen"] == invitation_timestamp(person.invited_at):
        with unit_of_work() as session:
            sent = actions.invite(session, person.id, mail, now(), current_user.person.id, person.invited_at)
    if not sent:
        flash(f"{person.name} has just been invited. The mail is on its way to {person.email}.")
    elif person.invited_at is None:
        flash(f"An invitation is on its way to {person.email}.")
    else:
        flash(f"A new invitation is on its way to {person.email}. The link in the earlier one no longer works.")
    return redirect_after_post(url_for("people.list_people"))


@pages.post("/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite_all_pending() -> WsgiResponse:
    """Invite all who have not chosen a password."""
    return send_invitations(queries.people_without_password(db()), url_for("people.list_people"))


pages.app_template_filter("moment_sent")(invitation_timestamp)


def send_invitations(people: Sequence[queries.Invitee], back: str) -> WsgiResponse:
    """Mail an invitation to those of them who were not invited; with `who=all` in the form also, once more, to those who
    were invited before the page was made that it stood on. Then back to that page."""
    asked = request.form.get("at", "")
    again = request.form.get("who") == "all"
    found = [
        one for one in people if one.invited_at is None or (again and invitation_timestamp(one.invited_at) < asked)
    ]
    if found:
        wanted = {str(one.id): invitation_timestamp(one.invited_at) for one in found}
        arguments = {"people": wanted, "sender": current_user.person.name}
        with unit_of_work() as session:
            enqueue(session, INVITATIONS, arguments, current_user.person.id, now())
        flash(f"{plural(len(found), 'invitation is', 'invitations are')} on the way.")
    else:
        flash("All of them have been invited already.")
    return redirect_after_post(back)


@pages.route("/teams/add", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def add_team() -> Response | WsgiResponse:
    """Open a team; shows those that there are."""
    form = AddTeamForm()
    teams = queries.teams(db())
    form.parent.choices = team_choices(teams, "No other team: it stands at the top")
    if form.validate_on_submit():
        name, parent = form.name.data or "", selected_team_id(form.parent.data)
        try:
            with unit_of_work() as session:
                actions.add_team(session, name, parent, now(), current_user.person.id)
            flash(f"The team {name} has been added.")
            return redirect_after_post(url_for("people.add_team"))
        except actions.TeamNameTakenError as error:
            form.name.errors = [str(error)]
    page = render_template("people/add_team.html", form=form, teams=teams)
    return make_response(page, 422 if form.errors else 200)


def publish_record_opened(person_id: int) -> None:
    """Tell that the viewer is shown a page about the training of this person. One's own page is nobody's business."""
    at, viewer = now(), int(current_user.person.id)
    if viewer != person_id:
        publish_after_response(RecordOpened(person_id, viewer, civil_date(at, app_state().config.time_zone), at))


DEPUTY_READ_ONLY = (
    "You can look at this as a deputy. What concerns somebody else is recorded by their manager or an administrator, "
    "never by a deputy, and never about the manager who made you one."
)


def recordable_person(person_id: int) -> queries.PersonView:
    """Somebody about whom the viewer may record something, or do something that concerns them. Whoever may not see them
    finds nothing; whoever only sees them is told that."""
    viewer = current_user.person
    found = queries.visible_person(db(), viewer, person_id) or abort(404)
    if not queries.may_record(db(), viewer, person_id):
        abort(403, DEPUTY_READ_ONLY)
    return found
