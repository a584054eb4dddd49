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
from course.recertification.rules import Policy, Preview, describe, preview
from course.recertification.rules.pathway_policy import own_rule
from course.recertification.rules.policy import GENERAL, in_force
from course.recertification.views.page_context import pages, today, zone
from course.web.access import Permission, may
from course.web.template_filters import seen_redirect
from course.web.unit_of_work import db, unit_of_work

SHOWN = 50
_WAYS: dict[str, str] = {str(name): words for name, words in SETTINGS.items()}


@pages.get("/policy")
@may(Permission.MANAGE_ORGANISATION)
def policies() -> str:
    """The rule in words for everybody and for each pathway, and every version of it with who, when and why."""
    g.here = "organisation"
    known, day = queries.policies(db(), zone()), today()
    return render_template(
        "recertification/policies.html",
        general=describe(_general(known)),
        own={name: _described(own_rule(known, name, day)) for name in _WAYS},
        versions=[(version, describe(version.policy)) for version in queries.history(db())],
        ways=_WAYS,
    )


def _described(policy: Policy | None) -> str:
    return describe(policy) if policy else ""


def _general(known: list[Policy]) -> Policy:
    general = [policy for policy in known if policy.pathway is None]
    return in_force(general, today()) or general[-1]


@pages.route("/policy/everybody", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def policy() -> Response | WsgiResponse:
    """Another version of the rule for everybody; who would be affected is shown before it is saved."""
    current = _general(queries.policies(db(), zone()))
    return _change(PolicyForm(obj=current), current, None)


@pages.route("/policy/pathway/<pathway>", methods=["GET", "POST"])
@may(Permission.MANAGE_ORGANISATION)
def pathway_policy(pathway: str) -> Response | WsgiResponse:
    """The same for those of one pathway."""
    if pathway not in _WAYS:
        abort(404)
    known = queries.policies(db(), zone())
    own = own_rule(known, pathway, today())
    current = own or _general(known)
    form = PathwayPolicyForm(obj=current)
    if request.method == "GET" and own is None:
        form.kind.data = GENERAL
    return _change(form, replace(current, pathway=pathway), pathway)


def _change(form: PolicyForm, current: Policy, pathway: str | None) -> Response | WsgiResponse:
    """The form, the preview of what was entered, or the way back when it was saved."""
    g.here = "organisation"
    day = today()
    seen: Preview | None = None
    if form.validate_on_submit():
        wanted = form.policy(day, current)
        known = queries.policies(db(), zone())
        everybody = {f"{one.name} ({one.email})": one.facts for one in queries.people(db(), zone())}
        seen = preview(everybody, known, [*known, wanted], day)
        if form.confirmed.data == form.mark():
            with unit_of_work() as session:
                new = actions.make_policy(session, wanted, day, form.reason.data or "", current_user.person.id, now())
            saved = f"Saved. It affects {len(seen.touched)} of {len(everybody)} people."
            flash(saved if new else "This was saved before. Nothing has changed.")
            return seen_redirect(url_for("recertification.policies"))
    page = render_template(
        "recertification/policy.html",
        form=form,
        address=request.path,
        name=_WAYS[pathway] if pathway else None,
        words=describe(current),
        preview=seen,
        shown=SHOWN,
    )
    return make_response(page, 422 if form.errors else 200)
