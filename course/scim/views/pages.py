"""Administrators' pages of connections to identity providers."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, session, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.api_tokens import queries as api_tokens
from course.clock import now
from course.content.schema import SETTINGS
from course.dates import civil_date
from course.people.forms import selected_team_id, team_choices
from course.people.queries import teams
from course.scim.actions import connections as actions
from course.scim.actions.grants import apply_grants
from course.scim.actions.groups import add_rule, end_rule
from course.scim.forms import CHOOSE_PATHWAY, CHOOSE_TEAM, NAME_TAKEN, AddConnectionForm, GroupRuleForm
from course.scim.queries import connections as queries
from course.scim.rules.grants import Grant
from course.scim.views.addresses import service_address
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

pages = Blueprint("scim", __name__)
PageResponse = Response | WsgiResponse
_NEW_TOKEN_KEY = "scim_token"  # noqa: S105 (a name in the session of a browser)
_PORTION = 100  # people to whom a rule is applied in one unit of work


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@pages.route("", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def connections() -> PageResponse:
    """All connections, and the form that adds one."""
    form = AddConnectionForm()
    if form.validate_on_submit():
        with unit_of_work() as unit:
            added = actions.add_connection(signed_in_context(unit), form.name.data or "")
        if added is not None:
            flash(_("The connection was added. Make a token for it now."))
            return redirect_after_post(url_for("scim.connection", connection_id=added))
        form.name.errors = [NAME_TAKEN]
    page = render_template("scim/connections.html", form=form, connections=queries.connections(db()))
    return make_response(page, 422 if form.errors else 200)


@pages.get("/<int:connection_id>")
@requires_permission(Permission.RUN_SYSTEM)
def connection(connection_id: int) -> Response:
    """One connection: its address and tokens, what it owns, its groups, and what it called last."""
    found = next((one for one in queries.connections(db()) if one.id == connection_id), None) or abort(404)
    today = civil_date(now(), app_state().config.time_zone)
    ids = queries.token_ids(db(), connection_id)
    new_connection, new_token = session.pop(_NEW_TOKEN_KEY, (None, None))
    page = render_template(
        "scim/connection.html",
        connection=found,
        address=service_address(),
        tokens=[one for one in api_tokens.tokens(db(), today, scim=True) if one.id in ids],
        today=today,
        new_token=new_token if new_connection == connection_id else None,
        groups=queries.groups(db(), connection_id),
        failed=queries.recent_calls(db(), connection_id, failed=True),
        calls=queries.recent_calls(db(), connection_id),
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/<int:connection_id>/token")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def make_token(connection_id: int) -> PageResponse:
    """Make a token, which is shown once; the others go on working."""
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        found = actions.lock_connection(unit, connection_id) or abort(404)
        # The token is stored only in the session cookie of this browser until the next page, which shows it once.
        session[_NEW_TOKEN_KEY] = (connection_id, actions.make_connection_token(context, found))
    return redirect_after_post(url_for("scim.connection", connection_id=connection_id, _anchor="new"))


@pages.post("/<int:connection_id>/token/<int:token_id>/revoke")
@requires_permission(Permission.RUN_SYSTEM)
def revoke_token(connection_id: int, token_id: int) -> PageResponse:
    """Revoke a token: it stops working at once."""
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        found = actions.lock_connection(unit, connection_id) or abort(404)
        revoked = actions.revoke_connection_token(context, found, token_id)
    flash(_("The token no longer works.") if revoked else _("This token was already revoked."))
    return redirect_after_post(url_for("scim.connection", connection_id=connection_id))


@pages.post("/<int:connection_id>/administrators")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def own_administrators(connection_id: int) -> PageResponse:
    """Say whether the connection may change administrators and auditors."""
    owned = request.form.get("owned") == "yes"
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        found = actions.lock_connection(unit, connection_id) or abort(404)
        actions.set_administrators_owned(context, found, owned)
    flash(
        _("This connection can now change administrators and auditors.")
        if owned
        else _("This connection can no longer change administrators and auditors.")
    )
    return redirect_after_post(url_for("scim.connection", connection_id=connection_id))


@pages.route("/<int:connection_id>/end", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def end(connection_id: int) -> PageResponse:
    """End a connection, after a page that says what that means."""
    shown = next((one for one in queries.connections(db()) if one.id == connection_id), None) or abort(404)
    if request.method == "GET":
        return make_response(render_template("scim/end.html", connection=shown))
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        found = actions.lock_connection(unit, connection_id)
        if found is not None:
            actions.end_connection(context, found)
    flash(_("The connection has ended. Its people are changed here from now on."))
    return redirect_after_post(url_for("scim.connections"))


@pages.route("/<int:connection_id>/groups/<int:group_id>", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def group(connection_id: int, group_id: int) -> PageResponse:
    """Say what a group gives its members, and give it to those who are in it."""
    shown = next((one for one in queries.groups(db(), connection_id) if one.id == group_id), None) or abort(404)
    form = GroupRuleForm()
    form.team.choices = team_choices(teams(db()), _("Choose a team"))
    form.pathway.choices = {"": _("Choose a pathway")} | dict(SETTINGS)
    if form.validate_on_submit() and (grant := _grant(form)) is not None:
        with unit_of_work() as unit:
            context = signed_in_context(unit)
            actions.lock_connection(unit, connection_id) or abort(404)
            found = queries.group_of(unit, connection_id, group_id) or abort(404)
            added = add_rule(context, found, grant)
        _apply_to_members(connection_id, group_id)
        flash(_("Saved.") if added else _("The group gives this already, or the team is closed. Nothing has changed."))
        return redirect_after_post(url_for("scim.group", connection_id=connection_id, group_id=group_id))
    connection_name = next((one.name for one in queries.connections(db()) if one.id == connection_id), "")
    page = render_template(
        "scim/group.html", form=form, group=shown, connection_id=connection_id, connection_name=connection_name,
        settings=SETTINGS,
    )  # fmt: skip
    return make_response(page, 422 if form.errors else 200)


@pages.post("/<int:connection_id>/rules/<int:rule_id>/end")
@requires_permission(Permission.RUN_SYSTEM)
def end_group_rule(connection_id: int, rule_id: int) -> PageResponse:
    """A group does not give something any more: its members lose it, unless they have it by hand as well."""
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        actions.lock_connection(unit, connection_id) or abort(404)
        rule, found = queries.rule_with_group(unit, connection_id, rule_id) or abort(404)
        ended, group_id = end_rule(context, rule, found), found.id
    _apply_to_members(connection_id, group_id)
    flash(_("The members of the group no longer get this.") if ended else _("The group did not give this any more."))
    return redirect_after_post(url_for("scim.group", connection_id=connection_id, group_id=group_id))


def _grant(form: GroupRuleForm) -> Grant | None:
    """What was chosen; None, with an error at its field, if something is missing."""
    kind = str(form.kind.data)
    if kind == "pathway":
        if not form.pathway.data:
            form.pathway.errors = [CHOOSE_PATHWAY]
            return None
        return Grant(kind, None, form.pathway.data)
    team = selected_team_id(form.team.data)
    if team is None:
        form.team.errors = [CHOOSE_TEAM]
        return None
    return Grant(kind, team)


def _apply_to_members(connection_id: int, group_id: int) -> None:
    """Give and take what the groups of the members mean now, in portions, so that nobody else waits for long."""
    members = queries.member_people(db(), group_id)
    for start in range(0, len(members), _PORTION):
        with unit_of_work() as unit:
            found = actions.lock_connection(unit, connection_id)
            if found is None:
                return
            context = signed_in_context(unit)
            apply_grants(actions.connection_context(context, found), found, members[start : start + _PORTION])
