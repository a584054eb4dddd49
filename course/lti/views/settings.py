"""Pages for administrators: which platforms are registered, by hand or by themselves, and how they are set."""

from __future__ import annotations

import secrets

from flask import abort, flash, g, make_response, render_template, request, session, url_for

from course.lti import actions, queries
from course.lti.connection_test import PlatformTestStep, check_platform
from course.lti.forms import PlatformForm, platform_data
from course.lti.rules.own_key import make_key
from course.lti.rules.registration import PlatformSettings
from course.lti.rules.sealed import RegistrationInvitation
from course.lti.views.page_context import (
    ViewResponse,
    connection_to,
    pages,
    platform_or_404,
    tool_addresses,
)
from course.people.forms import selected_team_id, team_choices
from course.people.queries import teams
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.addresses import public_url_for
from course.web.app_state import app_state, runs_locally
from course.web.forms import is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

_NUMBER = "<int(max=2147483647):registration_id>"
_INVITATION = "lti_invitation"  # in the cookie: the link that the next page shows once


@pages.get("/platforms")
@requires_permission(Permission.RUN_SYSTEM)
def list_platforms() -> ViewResponse:
    """The registered platforms; and once, after it was made, the link with which one registers itself."""
    g.here = "organisation"
    page = make_response(
        render_template(
            "lti/platforms.html",
            platforms=queries.platforms(db()),
            counts=queries.account_counts(db()),
            invitation=session.pop(_INVITATION, None),
            tool=tool_addresses(),
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.post("/platforms/invitation")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def invite() -> ViewResponse:
    """Make a link with which a platform registers itself. Nothing is stored but that somebody did."""
    with unit_of_work() as unit:
        context = signed_in_context(unit)
        invitation = RegistrationInvitation(int(context.now.timestamp()), context.person_id, secrets.token_urlsafe(12))
        actions.record_invitation(context)
    text = invitation.seal(app_state().config.secret_key)
    session[_INVITATION] = public_url_for("lti_protocol.register", invitation=text)
    return redirect_after_post(url_for("lti.list_platforms", _anchor="invitation"))


@pages.route("/platforms/new", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def add_platform() -> ViewResponse:
    """Register a platform by hand. It is off until it was tested."""
    form = _form()
    if form.validate_on_submit():
        details, key = form.details(), make_key()
        with unit_of_work() as unit:
            secret_key = app_state().config.secret_key
            number = actions.add_platform(signed_in_context(unit), details, key, secret_key, "off")
        if number is not None:
            flash(_("Saved. Now test the connection, then switch it on."))
            return redirect_after_post(url_for("lti.show_platform", registration_id=number))
        form.client_id.errors = [_("This platform is registered already with this client ID.")]
    return _edit_page(form, None)


@pages.get(f"/platforms/{_NUMBER}")
@requires_permission(Permission.RUN_SYSTEM)
def show_platform(registration_id: int) -> ViewResponse:
    """A platform: whether it is on, what it may do, its courses and links."""
    return _platform_page(platform_or_404(registration_id))


def _platform_page(settings: PlatformSettings, steps: list[PlatformTestStep] | None = None) -> ViewResponse:
    g.here = "organisation"
    every = teams(db())
    names = {one.id: one.name for one in every}
    page = render_template(
        "lti/platform.html",
        platform=settings,
        key=queries.own_key(db(), settings.id),
        people=queries.account_counts(db()).get(settings.id, 0),
        contexts=queries.contexts(db(), settings.id),
        links=queries.grade_links(db(), settings.id),
        team_name=names.get(settings.team_id) if settings.team_id else None,
        team_choices=list(team_choices(every, str(_("As for the platform"))).items()),
        steps=steps,
        tool=tool_addresses(),
    )
    return make_response(page)


@pages.route(f"/platforms/{_NUMBER}/change", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change_platform(registration_id: int) -> ViewResponse:
    """Change what is known of a platform, and what it may do."""
    settings = platform_or_404(registration_id)
    shown = platform_data(settings)
    form = _form(**shown, was=shown_fingerprint(shown))
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        with unit_of_work() as unit:
            changed = actions.change_platform(signed_in_context(unit), registration_id, form.details())
        if changed is not None:
            flash(_("Saved.") if changed else _("Nothing has changed."))
            return redirect_after_post(url_for("lti.show_platform", registration_id=registration_id))
        form.client_id.errors = [_("Another platform is registered with this issuer and client ID.")]
    return _edit_page(form, settings)


def _form(**data: object) -> PlatformForm:
    return PlatformForm(teams(db()), runs_locally(), app_state().config.private_provider_hosts, data=data or None)


def _edit_page(form: PlatformForm, settings: PlatformSettings | None) -> ViewResponse:
    g.here = "organisation"
    page = render_template("lti/edit.html", form=form, platform=settings, tool=tool_addresses())
    return make_response(page, 422 if form.errors else 200)


@pages.post(f"/platforms/{_NUMBER}/on")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def switch_on(registration_id: int) -> ViewResponse:
    """Let people come from the platform; this confirms one that registered itself."""
    platform_or_404(registration_id)
    with unit_of_work() as unit:
        done = actions.switch_platform(signed_in_context(unit), registration_id, "on")
    flash(_("People can open the course from there.") if done else _("It is on already."))
    return redirect_after_post(url_for("lti.show_platform", registration_id=registration_id))


@pages.post(f"/platforms/{_NUMBER}/off")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def switch_off(registration_id: int) -> ViewResponse:
    """Let nobody come from the platform any more. What is known of it stays."""
    platform_or_404(registration_id)
    with unit_of_work() as unit:
        done = actions.switch_platform(signed_in_context(unit), registration_id, "off")
    flash(_("No one can open the course from there.") if done else _("It is off already."))
    return redirect_after_post(url_for("lti.show_platform", registration_id=registration_id))


@pages.post(f"/platforms/{_NUMBER}/key")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def replace_key(registration_id: int) -> ViewResponse:
    """Sign with a new key from now on."""
    platform_or_404(registration_id)
    key = make_key()
    with unit_of_work() as unit:
        actions.replace_key(signed_in_context(unit), registration_id, key, app_state().config.secret_key)
    flash(_("The course signs with a new key. The platform fetches it by itself from the keyset address."))
    return redirect_after_post(url_for("lti.show_platform", registration_id=registration_id))


@pages.post(f"/platforms/{_NUMBER}/test")
@requires_permission(Permission.RUN_SYSTEM)
def test_platform(registration_id: int) -> ViewResponse:
    """Ask the platform for all that is needed, and say in words what is wrong."""
    settings = platform_or_404(registration_id)
    connection = connection_to(settings)
    discard_request_state()
    return _platform_page(settings, check_platform(connection))


@pages.post(f"/platforms/{_NUMBER}/teams")
@requires_permission(Permission.RUN_SYSTEM)
def set_teams(registration_id: int) -> ViewResponse:
    """To which team the people of each course at the platform are added."""
    platform_or_404(registration_id)
    open_teams = {one.id: one.name for one in teams(db())}
    chosen, overtaken = {}, []
    for one in queries.contexts(db(), registration_id):
        entered = selected_team_id(request.form.get(f"team-{one.id}", str(one.team_id or "")))
        if entered is not None and entered not in open_teams and entered != one.team_id:
            abort(400)
        shown = selected_team_id(request.form.get(f"was-{one.id}", str(one.team_id or "")))
        if entered == shown:
            continue  # left as the page showed it: somebody else may have chosen another one since
        if one.team_id in (shown, entered):
            chosen[one.id] = entered
        else:
            overtaken.append((one.title, open_teams.get(one.team_id or 0, _("As for the platform"))))
    with unit_of_work() as unit:
        done = actions.set_context_teams(signed_in_context(unit), registration_id, chosen)
    if done or not overtaken:
        flash(_("Saved.") if done else _("Nothing has changed."))
    for title, team in overtaken:
        flash(
            _(
                "%(title)s: someone else chose “%(team)s” after you opened this page. Choose again to replace that.",
                title=title,
                team=team,
            )
        )
    return redirect_after_post(url_for("lti.show_platform", registration_id=registration_id, _anchor="teams"))
