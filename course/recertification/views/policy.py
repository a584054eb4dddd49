"""The recertification policy, for everybody and for each pathway, and the form for a new policy version with its
preview."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, abort, flash, g, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as WsgiResponse

from course.content.schema import SETTINGS
from course.recertification import actions, queries
from course.recertification.forms import PathwayPolicyForm, PolicyForm
from course.recertification.rules import Policy, PolicyImpact, describe_policy, preview_policy_change
from course.recertification.rules.pathway_policy import own_pathway_policy
from course.recertification.rules.policy import GENERAL, policy_in_force
from course.recertification.views.page_context import pages, today, zone
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

PREVIEW_LIMIT = 50
_PATHWAYS: dict[str, str] = {str(name): words for name, words in SETTINGS.items()}


@pages.get("/policy")
@requires_permission(Permission.MANAGE_ORGANISATION)
def policies() -> str:
    """The policy in words for everybody and for each pathway, and every policy version with author, date and reason."""
    g.here = "organisation"
    versions, day = queries.policies(db(), zone()), today()
    return render_template(
        "recertification/policies.html",
        general=describe_policy(_general_policy(versions)),
        own={name: _describe_or_blank(own_pathway_policy(versions, name, day)) for name in _PATHWAYS},
        versions=[(version, describe_policy(version.policy)) for version in queries.policy_history(db())],
        ways=_PATHWAYS,
    )


def _describe_or_blank(policy: Policy | None) -> str:
    return describe_policy(policy) if policy else ""


def _general_policy(versions: list[Policy]) -> Policy:
    general = [policy for policy in versions if policy.pathway is None]
    return policy_in_force(general, today()) or general[-1]


@pages.route("/policy/everybody", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """The form for a new policy version for everybody. The affected people are shown before the version is saved."""
    current = _general_policy(queries.policies(db(), zone()))
    return _policy_form_page(PolicyForm(obj=current), current, None)


@pages.route("/policy/pathway/<pathway>", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
def pathway_policy(pathway: str) -> Response | WsgiResponse:
    """The form for a new policy version for one pathway."""
    if pathway not in _PATHWAYS:
        abort(404)
    versions = queries.policies(db(), zone())
    pathway_version = own_pathway_policy(versions, pathway, today())
    current = pathway_version or _general_policy(versions)
    form = PathwayPolicyForm(obj=current)
    if request.method == "GET" and pathway_version is None:
        form.kind.data = GENERAL
    return _policy_form_page(form, replace(current, pathway=pathway), pathway)


def _policy_form_page(form: PolicyForm, current: Policy, pathway: str | None) -> Response | WsgiResponse:
    """The form, the preview of the version that was entered, or the redirect after it was saved."""
    g.here = "organisation"
    day = today()
    impact: PolicyImpact | None = None
    fingerprint = ""
    if form.validate_on_submit():
        new_version = form.policy(day, current)
        versions = queries.policies(db(), zone())
        everybody = {f"{one.name} ({one.login})": one.facts for one in queries.people(db(), zone())}
        impact = preview_policy_change(everybody, versions, [*versions, new_version], day)
        # Without the entered one itself, so that what is sent twice is known as saved.
        fingerprint = form.fingerprint([version for version in versions if version != new_version])
        if form.confirmed.data == fingerprint:
            with unit_of_work() as session:
                is_new = actions.add_policy_version(signed_in_context(session), new_version, form.reason.data or "")
            saved = _(
                "Saved. It affects %(affected)s of %(everybody)s people.",
                affected=len(impact.affected),
                everybody=len(everybody),
            )
            flash(saved if is_new else _("This was saved before. Nothing has changed."))
            return redirect_after_post(url_for("recertification.policies"))
    page = render_template(
        "recertification/policy.html",
        form=form,
        address=request.path,
        name=_PATHWAYS[pathway] if pathway else None,
        words=describe_policy(current),
        preview=impact,
        fingerprint=fingerprint,
        shown=PREVIEW_LIMIT,
    )
    return make_response(page, 422 if form.errors else 200)
