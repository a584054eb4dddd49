"""The accounts at platforms that are linked to somebody: for administrators, and for the person."""

from __future__ import annotations

from flask import Flask, abort, flash, g, make_response, render_template, url_for
from flask_login import current_user

from course.auth.actions import grant_sign_in
from course.auth.provider_hooks import PLATFORM_HOOK
from course.auth.sign_in_session import renew_sign_in_session
from course.content.loaded_course import library as whole_library
from course.lti import actions, queries
from course.lti.rules.accounts import own_unlink_refusal
from course.lti.views.page_context import ViewResponse, pages
from course.people.queries import person_overview
from course.translation import gettext as _
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.get("/people/<int(max=2147483647):person_id>/platforms")
@requires_permission(Permission.RUN_SYSTEM)
def person_platforms(person_id: int) -> ViewResponse:
    """The accounts at platforms that are linked to somebody."""
    g.here = "people"
    person = person_overview(db(), person_id) or abort(404)
    return make_response(
        render_template("lti/person.html", person=person, accounts=queries.accounts_of(db(), person_id))
    )


@pages.post("/people/<int(max=2147483647):person_id>/platforms/<int(max=2147483647):account_id>/unlink")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def unlink(person_id: int, account_id: int) -> ViewResponse:
    """End the link of an account. The sign-in sessions of the person end."""
    with unit_of_work() as unit:
        ended = actions.unlink_account(signed_in_context(unit), person_id, account_id)
    flash(
        _("The account is no longer linked. They have been signed out everywhere.")
        if ended
        else _("This account is not linked any more.")
    )
    return redirect_after_post(url_for("lti.person_platforms", person_id=person_id))


def init(app: Flask) -> None:
    """Let the page of the account know whose accounts at platforms are linked."""
    app.extensions[PLATFORM_HOOK] = lambda person_id: queries.comes_from_platform(db(), person_id)


@pages.get("/me/platforms")
@sign_in_required
def my_platforms() -> ViewResponse:
    """The accounts at platforms with which the person opens the course."""
    g.here = "me"
    ways = queries.own_ways(db(), current_user.person.id)
    refusal = own_unlink_refusal(ways.has_password, ways.has_provider)
    return make_response(render_template("lti/my_platforms.html", accounts=ways.accounts, refusal=refusal))


@pages.post("/me/platforms/<int(max=2147483647):account_id>/unlink")
@sign_in_required
@needs_recent_sign_in
def unlink_own(account_id: int) -> ViewResponse:
    """End the link of an account by LTI to the person, if another way to come in is left. Their other sign-in sessions end."""
    return _unlink_own("lti", account_id)


@pages.post("/me/platforms/cmi5/<int(max=2147483647):account_id>/unlink")
@sign_in_required
@needs_recent_sign_in
def unlink_own_cmi5(account_id: int) -> ViewResponse:
    """The same for an account by cmi5."""
    return _unlink_own("cmi5", account_id)


def _unlink_own(system: queries.PlatformSystem, account_id: int) -> ViewResponse:
    person_id, nonce, library = current_user.person.id, current_user.nonce, whole_library()
    with unit_of_work() as unit:
        refusal = actions.unlink_own_account(signed_in_context(unit), library, system, account_id, nonce)
        granted = grant_sign_in(unit, person_id) if refusal is None else None
    if granted is not None:
        renew_sign_in_session(granted)
    flash(refusal or _("The account is no longer linked to you. You have been signed out everywhere else."))
    return redirect_after_post(url_for("lti.my_platforms"))
