"""The policy of renewal with its preview, and everybody's own standing on "My training"."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, g, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.dates import civil_date
from course.refreshers import actions, queries
from course.refreshers.forms import PolicyForm
from course.refreshers.rules import Preview, Standing, describe, preview, standing
from course.refreshers.rules.policy import in_force
from course.web.access import Permission, may
from course.web.html import seen_redirect
from course.web.session import db
from course.web.site import state

pages = Blueprint("refreshers", __name__)


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


@pages.app_context_processor
def _standing() -> dict[str, object]:
    """`my_standing()` for the page "My training": asked for only where it is shown."""
    return {"my_standing": my_standing}


def my_standing() -> Standing | None:
    """Where the person who is signed in stands; None before the set-up."""
    zone = state().config.time_zone
    policies = queries.policies(db(), zone)
    found = queries.people(db(), zone, [current_user.person.id])
    return standing(found[0].facts, policies, _today()) if policies and found else None


@pages.route("/policy", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """The rule in words, a form for another version of it, and whom that would touch before it is saved."""
    g.here = "organisation"
    zone, today = state().config.time_zone, _today()
    known = queries.policies(db(), zone)
    current = in_force(known, today) or known[-1]
    form = PolicyForm(obj=current)
    seen: Preview | None = None
    if form.validate_on_submit():
        wanted = form.policy(today)
        everybody = {f"{one.name} ({one.email})": one.facts for one in queries.people(db(), zone)}
        seen = preview(everybody, known, [*known, wanted], today)
        if form.confirmed.data == form.mark():
            by = current_user.person.id
            actions.make_policy(db(), wanted, today, form.reason.data or "", by, now())
            flash(f"Saved. It touches {len(seen.touched)} of {len(everybody)} people.")
            return seen_redirect(url_for("refreshers.policy"))
    page = render_template(
        "refreshers/policy.html", form=form, words=describe(current), preview=seen, versions=known[::-1]
    )
    return make_response(page, 422 if form.errors else 200)
