"""For administrators: whether a second factor is required, and the second factors and sessions of one person."""

from __future__ import annotations

from flask import abort, flash, g, url_for

from course.auth import actions, queries
from course.auth.forms import FactorPolicyForm, ResetFactorsForm
from course.auth.rules import USUAL_GRACE_DAYS, day_moment
from course.auth.views.page_context import ViewResponse, form_page, pages
from course.clock import now
from course.people.access import recordable_person
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state
from course.web.forms import Form, is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work


@pages.route("/system/second-factor", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def factor_policy() -> ViewResponse:
    """Decide whether whoever sees data of others needs a second factor."""
    g.here = "organisation"
    rules = queries.factor_rules(db())
    holds = rules[-1] if rules else None
    shown = {
        "required": "yes" if holds and holds.is_required else "no",
        "days": holds.grace_days if holds else USUAL_GRACE_DAYS,
    }
    form = FactorPolicyForm(data=shown | {"was": shown_fingerprint(shown)})
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        with unit_of_work() as session:
            changed = actions.decide_factor_policy(
                signed_in_context(session), form.required.data == "yes", form.days.data or 0
            )
        flash(_("Saved.") if changed else _("Nothing was changed."))
        return redirect_after_post(url_for("auth.factor_policy"))
    today = day_moment(now(), app_state().config.time_zone).today
    return form_page("auth/factor_policy.html", form, without=queries.people_without_factor(db(), today))


@pages.route("/people/<int(max=2147483647):person_id>/sign-in", methods=["GET", "POST"])
@requires_permission(Permission.GIVE_EVERY_ROLE)
@needs_recent_sign_in
def person_sign_in(person_id: int) -> ViewResponse:
    """Where somebody is signed in and how; removing their second factors when they have lost them."""
    g.here = "people"
    person = recordable_person(person_id)
    form = ResetFactorsForm()
    if form.validate_on_submit():
        with unit_of_work() as session:
            gone = actions.reset_factors(signed_in_context(session), person_id, form.reason.data or "")
        flash(
            _("Their second step has been removed. They get an e-mail that says so.")
            if gone
            else _("They had none: nothing was removed.")
        )
        return redirect_after_post(url_for("auth.person_sign_in", person_id=person_id))
    found = queries.open_sessions(db(), person_id, day_moment(now(), app_state().config.time_zone))
    return form_page(
        "auth/person_sign_in.html", form, person=person, sessions=found, factors=queries.factors(db(), person_id)
    )


@pages.post("/people/<int(max=2147483647):person_id>/sign-in/end")
@requires_permission(Permission.GIVE_EVERY_ROLE)
@needs_recent_sign_in
def end_person_sessions(person_id: int) -> ViewResponse:
    """Sign somebody out everywhere."""
    recordable_person(person_id)
    form = Form()
    if not form.validate_on_submit():
        abort(400)
    with unit_of_work() as session:
        actions.end_sessions_of(signed_in_context(session), person_id)
    flash(_("They have been signed out everywhere."))
    return redirect_after_post(url_for("auth.person_sign_in", person_id=person_id))
