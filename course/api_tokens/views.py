"""The tokens of programs: the list, and making and revoking one."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, session, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.api_tokens import actions, queries
from course.api_tokens.forms import MakeTokenForm
from course.api_tokens.rules import API_SCOPES, DEFAULT_LIFETIME, SCIM_SCOPE, latest_last_day, token_mistake
from course.clock import now
from course.dates import civil_date
from course.people.forms import selected_team_id, team_choices
from course.people.queries import teams
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

MAX_READS = 200  # rows of what was read on one page
pages = Blueprint("api_tokens", __name__)
_NEW_TOKEN_KEY = "api_token"  # noqa: S105 (a name in the session of a browser)


@pages.before_request
def _set_section() -> None:
    g.here = "organisation"


@pages.get("")
@requires_permission(Permission.RUN_SYSTEM)
def overview() -> Response:
    """All tokens of the API with their state, and the one that was just made, which is shown once."""
    new_token = session.pop(_NEW_TOKEN_KEY, None)
    today = civil_date(now(), app_state().config.time_zone)
    page = make_response(
        render_template(
            "api_tokens/overview.html",
            tokens=queries.tokens(db(), today),
            today=today,
            new_token=new_token,
            scopes=API_SCOPES,
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.route("/make", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def make() -> Response | WsgiResponse:
    """Make a token in the name of the person who is signed in."""
    today = civil_date(now(), app_state().config.time_zone)
    form = MakeTokenForm(last_day=today + DEFAULT_LIFETIME)
    form.team.choices = team_choices(teams(db()), _("Everyone"))
    if form.validate_on_submit():
        name, scopes = form.name.data or "", form.scopes.data or []
        mistake = token_mistake(scopes, form.last_day.day, today)
        if mistake is None:
            with unit_of_work() as unit:
                # The token is stored only in the session cookie of this browser until the next page, which shows it once.
                session[_NEW_TOKEN_KEY] = actions.make_token(
                    signed_in_context(unit), name, scopes, form.last_day.day,
                    selected_team_id(form.team.data),
                )  # fmt: skip
            return redirect_after_post(url_for("api_tokens.overview", _anchor="new"))
        form.last_day.errors = [mistake]
    page = render_template("api_tokens/make.html", form=form, latest=latest_last_day(today))
    return make_response(page, 422 if form.errors else 200)


@pages.get("/<int:token_id>")
@requires_permission(Permission.RUN_SYSTEM)
def reads(token_id: int) -> str:
    """What was read with a token, the newest days first."""
    today = civil_date(now(), app_state().config.time_zone)
    token = queries.token(db(), token_id, today) or abort(404)
    return render_template(
        "api_tokens/reads.html",
        token=token,
        today=today,
        reads=queries.reads(db(), token_id, MAX_READS),
        most=MAX_READS,
    )


@pages.post("/<int:token_id>/revoke")
@requires_permission(Permission.RUN_SYSTEM)
def revoke(token_id: int) -> WsgiResponse:
    """Revoke a token: it stops working at once."""
    token = queries.token(db(), token_id, civil_date(now(), app_state().config.time_zone)) or abort(404)
    if SCIM_SCOPE in token.scopes:
        abort(404)  # it is revoked on the page of SCIM
    with unit_of_work() as unit:
        revoked = actions.revoke_token(signed_in_context(unit), token_id)
    flash(_("The token no longer works.") if revoked else _("This token was already revoked."))
    return redirect_after_post(url_for("api_tokens.overview"))
