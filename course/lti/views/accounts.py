"""The accounts at platforms that are linked to somebody, for administrators."""

from __future__ import annotations

from flask import abort, flash, g, make_response, render_template, url_for

from course.lti import actions, queries
from course.lti.views.page_context import ViewResponse, pages
from course.people.queries import person_overview
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
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
