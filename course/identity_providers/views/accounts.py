"""The linked accounts of the person, and how somebody else signs in."""

from __future__ import annotations

from flask import abort, flash, g, make_response, render_template, url_for
from flask_login import current_user

from course.identity_providers import actions, queries
from course.identity_providers.rules.policy import must_use_provider
from course.identity_providers.views.page_context import ViewResponse, pages
from course.passwords.queries import has_chosen_password
from course.people.queries import person_overview
from course.translation import gettext as _
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.get("/me/accounts")
@sign_in_required
def my_accounts() -> ViewResponse:
    """The accounts at providers that are linked to the person, and those that can be."""
    g.here = "me"
    person_id = current_user.person.id
    links = queries.links_of(db(), person_id)
    linked = {one.provider_id for one in links}
    return make_response(
        render_template(
            "identity_providers/my_accounts.html",
            links=links,
            others=[one for one in queries.active_providers(db()) if one.id not in linked],
            has_password=has_chosen_password(db(), person_id),
            must_use=_required_name(person_id),
        )
    )


def _required_name(person_id: int) -> str:
    """The name of the provider that the person has to use; empty if there is none."""
    required = queries.required_provider(db())
    if required is None:
        return ""
    subject = queries.sign_in_subject(db(), person_id, required.provider_id)
    return required.name if must_use_provider(required, subject) else ""


@pages.post("/me/accounts/<int(max=2147483647):link_id>/unlink")
@sign_in_required
@needs_recent_sign_in
def unlink(link_id: int) -> ViewResponse:
    """End a link of the person, if another way to sign in is left."""
    with unit_of_work() as session:
        refusal = actions.unlink_own_account(signed_in_context(session), link_id)
    flash(refusal or _("The account is no longer linked to you."))
    return redirect_after_post(url_for("identity_providers.my_accounts"))


@pages.get("/people/<int(max=2147483647):person_id>/accounts")
@requires_permission(Permission.RUN_SYSTEM)
def person_accounts(person_id: int) -> ViewResponse:
    """The accounts at providers that are linked to somebody, and whether they have a password."""
    g.here = "people"
    person = person_overview(db(), person_id) or abort(404)
    return make_response(
        render_template(
            "identity_providers/person.html",
            person=person,
            links=queries.links_of(db(), person_id),
            has_password=has_chosen_password(db(), person_id),
            must_use=_required_name(person_id),
        )
    )


@pages.post("/people/<int(max=2147483647):person_id>/accounts/<int(max=2147483647):link_id>/unlink")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def unlink_person(person_id: int, link_id: int) -> ViewResponse:
    """End a link of somebody. Their sign-in sessions end."""
    if person_id == current_user.person.id:
        abort(404)
    with unit_of_work() as session:
        ended = actions.unlink_account(signed_in_context(session), person_id, link_id)
    flash(
        _("The account is no longer linked. They have been signed out everywhere.")
        if ended
        else _("This account is not linked any more.")
    )
    return redirect_after_post(url_for("identity_providers.person_accounts", person_id=person_id))
