"""The rule of renewal, for everybody and for each pathway, and a form for another version with its preview."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.content.schema import SETTINGS
from course.recertification import actions, queries
from course.recertification.forms import PathwayPolicyForm, PolicyForm
from course.recertification.rules import Policy, PolicyImpact, describe_policy, preview_policy_change
from course.recertification.rules.pathway_policy import own_pathway_policy
from course.recertification.rules.policy import GENERAL, policy_in_force
from course.recertification.views.page_context import pages, today, zone
from course.web.access import Permission, requires_permission
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, unit_of_work

PREVIEW_LIMIT = 50
_PATHWAYS: dict[str, str] = {str(name): words for name, words in SETTINGS.items()}


@pages.get("/policy")
@requires_permission(Permission.MANAGE_ORGANISATION)
def policies() -> str:
    """The rule in words for everybody and for each pathway, and every version of it with who, when and why."""
    g.here = "organisation"
    known, day = queries.policies(db(), zone()), today()
    return render_template(
        "recertification/policies.html",
        general=describe_policy(_general_policy(known)),
        own={name: _describe_or_blank(own_pathway_policy(known, name, day)) for name in _PATHWAYS},
        versions=[(version, describe_policy(version.policy)) for version in queries.policy_history(db())],
        ways=_PATHWAYS,
    )


def _describe_or_blank(policy: Policy | None) -> str:
    return describe_policy(policy) if policy else ""


def _general_policy(known: list[Policy]) -> Policy:
    general = [policy for policy in known if policy.pathway is None]
    return policy_in_force(general, today()) or general[-1]


@pages.route("/policy/everybody", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """Another version of the rule for everybody; who would be affected is shown before it is saved."""
    current = _general_policy(queries.policies(db(), zone()))
    return _policy_form_page(PolicyForm(obj=current), current, None)


@pages.route("/policy/pathway/<pathway>", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def pathway_policy(pathway: str) -> Response | WsgiResponse:
    """The same for those of one pathway."""
    if pathway not in _PATHWAYS:
        abort(404)
    known = queries.policies(db(), zone())
    own = own_pathway_policy(known, pathway, today())
    current = own or _general_policy(known)
    form = PathwayPolicyForm(obj=current)
    if request.method == "GET" and own is None:
        form.kind.data = GENERAL
    return _policy_form_page(form, replace(current, pathway=pathway), pathway)


def _policy_form_page(form: PolicyForm, current: Policy, pathway: str | None) -> Response | WsgiResponse:
    """The form, the preview of what was entered, or the way back when it was saved."""
    g.here = "organisation"
    day = today()
    seen: PolicyImpact | None = None
    if form.validate_on_submit():
        wanted = form.policy(day, current)
        known = queries.policies(db(), zone())
        everybody = {f"{one.name} ({one.email})": one.facts for one in queries.people(db(), zone())}
        seen = preview_policy_change(everybody, known, [*known, wanted], day)
        if form.confirmed.data == form.fingerprint():
            with unit_of_work() as session:
                new = actions.add_policy_version(
                    session, wanted, day, form.reason.data or "", current_user.person.id, now()
                )
            saved = f"Saved. It affects {len(seen.affected)} of {len(everybody)} people."
            flash(saved if new else "This was saved before. Nothing has changed.")
            return redirect_after_post(url_for("recertification.policies"))
    page = render_template(
        "recertification/policy.html",
        form=form,
        address=request.path,
        name=_PATHWAYS[pathway] if pathway else None,
        words=describe_policy(current),
        preview=seen,
        shown=PREVIEW_LIMIT,
    )
    return make_response(page, 422 if form.errors else 200)
