"""Setting up providers, testing them, and requiring one."""

from __future__ import annotations

from flask import abort, flash, g, make_response, render_template, url_for

from course.identity_providers import actions, queries
from course.identity_providers.connection_test import ConnectionStep, check_connection
from course.identity_providers.forms import (
    ProviderForm,
    RequireProviderForm,
    provider_data,
)
from course.identity_providers.rules.problems import ProviderError
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.views.page_context import (
    ViewResponse,
    client_of,
    pages,
    provider_or_404,
    redirect_uri,
    signed_out_uri,
)
from course.people.queries import teams
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, runs_locally
from course.web.forms import Form, is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work


@pages.get("/providers")
@requires_permission(Permission.RUN_SYSTEM)
def list_providers() -> ViewResponse:
    """The providers, and which one is required."""
    return _list_page(_requirement_form(fresh=True))


def _requirement_form(fresh: bool = False) -> RequireProviderForm:
    form = RequireProviderForm(formdata=None) if fresh else RequireProviderForm()
    form.provider.choices = {str(one.id): one.name for one in queries.active_providers(db())}
    form.exceptions.choices = {str(number): name for number, name in queries.administrators_with_password(db())}
    return form


def _list_page(form: RequireProviderForm, refusal: str = "") -> ViewResponse:
    g.here = "organisation"
    required = queries.required_provider(db())
    page = render_template(
        "identity_providers/providers.html",
        providers=queries.providers(db()),
        counts=queries.link_counts(db()),
        required=required,
        exception_names=queries.exception_names(db(), required) if required else [],
        form=form,
        refusal=refusal,
    )
    return make_response(page, 422 if form.errors or refusal else 200)


@pages.route("/providers/new", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def add_provider() -> ViewResponse:
    """Set a provider up."""
    form = _provider_form()
    if form.validate_on_submit():
        with unit_of_work() as session:
            number = actions.add_provider(signed_in_context(session), form.details(), app_state().config.secret_key)
        flash(_("Saved. Now test the connection."))
        return redirect_after_post(url_for("identity_providers.change_provider", provider_id=number))
    return _provider_page(form, None)


@pages.route("/providers/<int(max=2147483647):provider_id>", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change_provider(provider_id: int) -> ViewResponse:
    """The settings of a provider."""
    provider = provider_or_404(provider_id)
    if provider.kind == "saml":
        return redirect_after_post(url_for("identity_providers.change_saml_provider", provider_id=provider_id))
    shown = provider_data(provider)
    form = _provider_form(**shown, was=shown_fingerprint(shown))
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        with unit_of_work() as session:
            context = signed_in_context(session)
            refusal = actions.change_provider(context, provider_id, form.details(), app_state().config.secret_key)
        if refusal is None:
            flash(_("Saved."))
            return redirect_after_post(url_for("identity_providers.change_provider", provider_id=provider_id))
        form.active.errors = [refusal]
    return _provider_page(form, provider)


def _provider_form(**data: object) -> ProviderForm:
    return ProviderForm(teams(db()), runs_locally(), data=data or None)


def _provider_page(
    form: ProviderForm, provider: ProviderSettings | None, steps: list[ConnectionStep] | None = None
) -> ViewResponse:
    g.here = "organisation"
    page = render_template(
        "identity_providers/provider.html",
        form=form,
        provider=provider,
        steps=steps,
        redirect_uri=redirect_uri(provider.id) if provider else "",
        signed_out_uri=signed_out_uri(),
    )
    return make_response(page, 422 if form.errors else 200)


@pages.post("/providers/<int(max=2147483647):provider_id>/test")
@requires_permission(Permission.RUN_SYSTEM)
def test_provider(provider_id: int) -> ViewResponse:
    """Ask the provider for all that a sign-in needs, and say in words what is wrong."""
    provider = provider_or_404(provider_id)
    if provider.kind == "saml":
        abort(404)
    if not Form().validate_on_submit():
        return redirect_after_post(url_for("identity_providers.change_provider", provider_id=provider_id))
    discard_request_state()
    try:
        steps = check_connection(client_of(provider), redirect_uri(provider_id))
    except ProviderError:
        steps = [
            ConnectionStep(
                False,
                _("The stored client secret cannot be read: it was encrypted with another secret key of this course."),
                _("Enter the client secret again and save."),
            )
        ]
    shown = provider_data(provider)
    shown["was"] = shown_fingerprint(shown)
    form = ProviderForm(teams(db()), runs_locally(), formdata=None, data=shown)
    return _provider_page(form, provider, steps)


@pages.post("/providers/require")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def require_provider() -> ViewResponse:
    """Require a provider for everyone who can use it."""
    form = _requirement_form()
    if not form.validate_on_submit():
        return _list_page(form)
    exceptions = [int(one) for one in form.exceptions.data or []]
    with unit_of_work() as session:
        refusal = actions.require_provider(signed_in_context(session), int(form.provider.data), exceptions)
    if refusal is not None:
        return _list_page(form, refusal)
    flash(_("From now on everyone who can has to sign in through it."))
    return redirect_after_post(url_for("identity_providers.list_providers"))


@pages.post("/providers/require/end")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def lift_requirement() -> ViewResponse:
    """Let everyone sign in with a password again."""
    with unit_of_work() as session:
        lifted = actions.lift_requirement(signed_in_context(session))
    flash(_("Passwords work again for everyone who has one.") if lifted else _("No provider was required."))
    return redirect_after_post(url_for("identity_providers.list_providers"))
