"""The tree of teams, and the page of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.people import actions
from course.people import queries as people
from course.people.actions import Refusal
from course.people.forms import selected_team_id, team_choices
from course.people.views.invitations import send_invitations
from course.teams import queries
from course.teams.forms import ChangeTeamForm, ChooseManagerForm, CloseTeamForm, MergeTeamForm, TreeDateForm
from course.teams.queries import TeamDetail
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import Form, is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import WriteSession, db, signed_in_context, unit_of_work

pages = Blueprint("teams", __name__)
PageResponse = Response | WsgiResponse


@pages.before_request
def _set_nav_section() -> None:
    g.here = "people"


@pages.get("")
@requires_permission(Permission.MANAGE_PEOPLE)
def tree() -> PageResponse:
    """All teams, today or as they were at the end of a past day."""
    at, form = now(), TreeDateForm(request.args)
    day = form.on.data if form.validate() else None
    if day is not None:
        # The end of the day, so that the changes of the day are shown.
        at = min(at, datetime.combine(day, time.max, ZoneInfo(app_state().config.time_zone)).astimezone(UTC))
    page = render_template(
        "teams/tree.html",
        form=form,
        on=day,
        teams=queries.team_tree(db(), at),
        counts=queries.member_counts(db(), at),
        managers=people.manager_counts(db()) if day is None else None,
        unmanaged={one.id for one in people.teams_without_manager(db())} if day is None else set(),
    )
    return make_response(page, 422 if form.errors else 200)


@pages.get("/<int(max=2147483647):team_id>")
@requires_permission(Permission.MANAGE_PEOPLE)
def team(team_id: int) -> str:
    """A team: its members, the teams below it, and its changes."""
    found, at = queries.team_detail(db(), team_id, now()) or abort(404), now()
    waiting = (
        people.people_without_password(db(), people.members_below(db(), team_id)) if found.closed_at is None else []
    )
    return render_template(
        "teams/team.html",
        team=found,
        waiting=waiting,
        at=at,
        managers=people.team_managers(db(), team_id),
        manager_form=found.closed_at is None,
    )


def _manager_form(team_id: int) -> ChooseManagerForm:
    form = ChooseManagerForm()
    form.person.choices = {"": _("Choose a person")} | {
        str(number): name for number, name in people.possible_managers(db(), team_id).items()
    }
    return form


@pages.route("/<int(max=2147483647):team_id>/managers", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def choose_manager(team_id: int) -> PageResponse:
    """Make somebody a manager of the team."""
    found, form = _open_team_or_404(team_id), _manager_form(team_id)
    if form.validate_on_submit():
        other = form.other.data or ""
        person_id = people.person_id_by_key(db(), other) if other else selected_team_id(form.person.data)
        if person_id is None:
            field = form.other if other else form.person
            field.errors = [
                _("No one here has this e-mail address or staff number.") if other else _("Choose a person.")
            ]
        else:
            return _grant_manager(found, person_id)
    page = render_template("teams/choose_manager.html", team=found, manager_form=form)
    return make_response(page, 422 if form.errors else 200)


def _grant_manager(found: TeamDetail, person_id: int) -> PageResponse:
    try:
        with unit_of_work() as session:
            refused = actions.grant_role(signed_in_context(session), person_id, "manager", found.id)
    except LookupError:
        flash(_("This person has left in the meantime. Nothing has changed."))
        return redirect_after_post(url_for("teams.team", team_id=found.id))
    named = people.person_overview(db(), person_id)
    flash(
        str(refused.message)
        if refused
        else _("%(name)s is now a manager of %(team)s.", name=named.name if named else "", team=found.name)
    )
    return redirect_after_post(url_for("teams.team", team_id=found.id))


@pages.post("/<int(max=2147483647):team_id>/managers/<int(max=2147483647):grant_id>/end")
@requires_permission(Permission.MANAGE_PEOPLE)
@needs_recent_sign_in
def end_manager(team_id: int, grant_id: int) -> PageResponse:
    """Somebody does not manage the team any more."""
    found = _open_team_or_404(team_id)
    held = next((one for one in people.team_managers(db(), team_id) if one.grant_id == grant_id), None)
    refused: Refusal | None = None
    if held is not None:
        with unit_of_work() as session:
            refused = actions.revoke_role(signed_in_context(session), held.person_id, grant_id)
            if refused is not None:
                session.rollback()  # nothing was done, so the same form may come again
    if held is None or refused is not None:
        flash(str(refused.message) if refused else _("They do not manage this team any more. Nothing has changed."))
    elif people.team_managers(db(), team_id):
        flash(_("%(name)s no longer manages %(team)s.", name=held.name, team=found.name))
    else:
        flash(
            _("%(name)s no longer manages %(team)s. It now has no manager of its own.", name=held.name, team=found.name)
        )
    return redirect_after_post(url_for("teams.team", team_id=team_id))


@pages.post("/<int(max=2147483647):team_id>/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite(team_id: int) -> PageResponse:
    """Invite the members of a team and of the teams below it who have not chosen a password."""
    _open_team_or_404(team_id)
    ids = people.members_below(db(), team_id)
    return send_invitations(people.people_without_password(db(), ids), url_for("teams.team", team_id=team_id))


@pages.route("/<int(max=2147483647):team_id>/change", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def change(team_id: int) -> PageResponse:
    """Rename a team, move it in the tree, or both."""
    found = _open_team_or_404(team_id)
    shown = {"name": found.name, "parent": str(found.parent.id) if found.parent else ""}
    form = ChangeTeamForm(data=shown | {"was": shown_fingerprint(shown)})
    form.parent.choices = team_choices(people.teams(db()), _("None: it is at the top"))

    def apply_change(session: WriteSession) -> Refusal | None:
        name, reason = form.name.data or "", form.reason.data or ""
        return actions.change_team(
            signed_in_context(session), team_id, name, selected_team_id(form.parent.data), reason
        )

    if form.validate_on_submit() and is_outdated(form, shown):
        return _act_page(form, found, _("Rename or move"), _("Save"))
    return _handle_change(form, found, _("Rename or move"), _("Save"), apply_change)


@pages.route("/<int(max=2147483647):team_id>/merge", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def merge(team_id: int) -> PageResponse:
    """Merge a team into another."""
    found = _open_team_or_404(team_id)
    form = MergeTeamForm()
    others = [team for team in people.teams(db()) if team.id != team_id]
    form.into.choices = team_choices(others, _("Choose a team"))

    def apply_change(session: WriteSession) -> Refusal | None:
        into = selected_team_id(form.into.data)
        if into is None:
            return Refusal("into", _("Choose a team."))
        return actions.merge_teams(signed_in_context(session), team_id, into, form.reason.data or "")

    return _handle_change(form, found, _("Merge"), _("Merge the teams"), apply_change)


@pages.route("/<int(max=2147483647):team_id>/close", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_PEOPLE)
def close(team_id: int) -> PageResponse:
    """Close a team without members."""
    form = CloseTeamForm()

    def apply_change(session: WriteSession) -> Refusal | None:
        return actions.close_team(signed_in_context(session), team_id, form.reason.data or "")

    return _handle_change(form, _open_team_or_404(team_id), _("Close"), _("Close the team"), apply_change)


def _open_team_or_404(team_id: int) -> TeamDetail:
    """An open team; 404 otherwise. The second press of a button is redirected to the page of the closed team."""
    found = queries.team_detail(db(), team_id, now())
    if found is not None and found.closed_at is not None and request.method == "POST":
        flash(_("%(name)s is already closed. Nothing has changed.", name=found.name))
        abort(redirect_after_post(url_for("teams.team", team_id=team_id)))
    return found if found is not None and found.closed_at is None else abort(404)


def _handle_change(
    form: Form, found: TeamDetail, verb: str, button: str, apply_change: Callable[[WriteSession], Refusal | None]
) -> PageResponse:
    """Show the form; once it is valid, apply the change and redirect to the team."""
    if form.validate_on_submit():
        try:
            with unit_of_work() as session:
                refused = apply_change(session)
                if refused is not None:
                    session.rollback()  # nothing was changed, so the same form may be sent again
        except LookupError:
            flash(_("%(name)s was closed in the meantime. Nothing has changed.", name=found.name))
            return redirect_after_post(url_for("teams.team", team_id=found.id))
        if refused is None:
            flash(_("Saved. You can still see how it was before."))
            return redirect_after_post(url_for("teams.team", team_id=found.id))
        form[refused.field].errors = [refused.message]
    return _act_page(form, found, verb, button)


def _act_page(form: Form, found: TeamDetail, verb: str, button: str) -> PageResponse:
    page = render_template("teams/act.html", form=form, team=found, verb=verb, button=button)
    return make_response(page, 422 if form.errors else 200)
