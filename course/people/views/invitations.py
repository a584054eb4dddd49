"""Inviting people to choose a password."""

from __future__ import annotations

from collections.abc import Sequence

from flask import abort, flash, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.jobs.actions import enqueue
from course.people import actions, queries
from course.people.jobs import INVITATIONS, invitation_timestamp
from course.people.views.page_context import pages
from course.translation import gettext as _
from course.translation import ngettext
from course.web.access import Permission, requires_permission
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.post("/<int(max=2147483647):person_id>/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite(person_id: int) -> WsgiResponse:
    """Send the invitation, perhaps again; the link in an earlier one stops working. The form says when they were invited
    last: of two presses only the first sends one."""
    person = queries.person_overview(db(), person_id) or abort(404)
    if person.active:
        flash(_("%(name)s already has a password and does not need an invitation.", name=person.name))
        return redirect_after_post(url_for("dashboard.people"))
    if not person.takes_mail:
        flash(_("%(name)s has no e-mail address. Make a one-time code for them instead.", name=person.name))
        return redirect_after_post(url_for("dashboard.people"))
    inviter, sent = current_user.person, False
    if "seen" not in request.form or request.form["seen"] == invitation_timestamp(person.invited_at):
        with unit_of_work() as session:
            sent = actions.invite(signed_in_context(session), person.id, inviter.name, person.invited_at)
    if not sent:
        flash(
            _(
                "%(name)s has just been invited. We are sending the e-mail to %(email)s.",
                name=person.name,
                email=person.email,
            )
        )
    elif person.invited_at is None:
        flash(_("We are sending an invitation to %(email)s.", email=person.email))
    else:
        flash(
            _(
                "We are sending a new invitation to %(email)s. The link in the earlier one no longer works.",
                email=person.email,
            )
        )
    return redirect_after_post(url_for("dashboard.people"))


@pages.post("/invite")
@requires_permission(Permission.MANAGE_PEOPLE)
def invite_all_pending() -> WsgiResponse:
    """Invite all who have not chosen a password."""
    return send_invitations(queries.people_without_password(db()), url_for("dashboard.people"))


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
            enqueue(signed_in_context(session), INVITATIONS, arguments)
        flash(ngettext("We are sending %(num)s invitation.", "We are sending %(num)s invitations.", len(found)))
    else:
        flash(_("Everyone has already been invited."))
    return redirect_after_post(back)
