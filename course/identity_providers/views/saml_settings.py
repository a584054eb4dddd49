"""Setting up providers with SAML, testing them, and signing requests to them."""

from __future__ import annotations

from flask import flash, g, make_response, render_template, request, url_for

from course.clock import now
from course.identity_providers import actions, queries
from course.identity_providers.connection_test import ConnectionStep
from course.identity_providers.rules.problems import ProviderError
from course.identity_providers.rules.saml_request import make_signing_key
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.saml_client import INSTALL_COMMAND, is_saml_installed
from course.identity_providers.saml_connection_test import check_saml_connection, key_is_locked_step
from course.identity_providers.saml_forms import SamlProviderForm, saml_provider_data
from course.identity_providers.views.page_context import (
    ViewResponse,
    pages,
    saml_client_of,
    service_addresses,
)
from course.identity_providers.views.saml import saml_provider_or_404
from course.people.queries import teams
from course.translation import gettext as _
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, runs_locally
from course.web.forms import Form, is_outdated, shown_fingerprint
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work


@pages.route("/providers/saml/new", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def add_saml_provider() -> ViewResponse:
    """Set a provider with SAML up."""
    form = _form()
    if form.validate_on_submit():
        with unit_of_work() as session:
            number = actions.add_saml_provider(
                signed_in_context(session), form.details(), form.saml_details(), app_state().config.secret_key
            )
        flash(_("Saved. Now test the connection."))
        return redirect_after_post(url_for("identity_providers.change_saml_provider", provider_id=number))
    return _page(form, None)


@pages.route("/providers/saml/<int(max=2147483647):provider_id>", methods=["GET", "POST"])
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change_saml_provider(provider_id: int) -> ViewResponse:
    """The settings of a provider with SAML."""
    provider = saml_provider_or_404(provider_id)
    shown = saml_provider_data(provider, queries.saml_settings(db(), provider_id))
    form = _form(**shown, was=shown_fingerprint(shown))
    if form.validate_on_submit() and not is_outdated(form, shown, with_entered=True):
        with unit_of_work() as session:
            refusal = actions.change_saml_provider(
                signed_in_context(session), provider_id, form.details(), form.saml_details(),
                app_state().config.secret_key,
            )  # fmt: skip
        if refusal is None:
            flash(_("Saved."))
            return redirect_after_post(url_for("identity_providers.change_saml_provider", provider_id=provider_id))
        form.active.errors = [refusal]
    return _page(form, provider)


def _form(**data: object) -> SamlProviderForm:
    return SamlProviderForm(teams(db()), runs_locally(), data=data or None)


def _page(
    form: SamlProviderForm, provider: ProviderSettings | None, steps: list[ConnectionStep] | None = None
) -> ViewResponse:
    g.here = "organisation"
    page = render_template(
        "identity_providers/saml_provider.html",
        form=form,
        provider=provider,
        steps=steps,
        service=service_addresses(provider.id) if provider else None,
        signs_requests=provider is not None and bool(queries.saml_settings(db(), provider.id).signing_certificate),
        is_installed=is_saml_installed(),
        install_command=INSTALL_COMMAND,
    )
    return make_response(page, 422 if form.errors else 200)


@pages.post("/providers/saml/<int(max=2147483647):provider_id>/test")
@requires_permission(Permission.RUN_SYSTEM)
def test_saml_provider(provider_id: int) -> ViewResponse:
    """Read the metadata of the provider, and say in words what is wrong."""
    provider = saml_provider_or_404(provider_id)
    if not Form().validate_on_submit():
        return redirect_after_post(url_for("identity_providers.change_saml_provider", provider_id=provider_id))
    saml = queries.saml_settings(db(), provider_id)
    try:
        client = saml_client_of(provider)
        discard_request_state()
        steps = check_saml_connection(client)
    except ProviderError:
        steps = [key_is_locked_step()]
    shown = saml_provider_data(provider, saml)
    shown["was"] = shown_fingerprint(shown)
    form = SamlProviderForm(teams(db()), runs_locally(), formdata=None, data=shown)
    return _page(form, provider, steps)


@pages.post("/providers/saml/<int(max=2147483647):provider_id>/key")
@requires_permission(Permission.RUN_SYSTEM)
@needs_recent_sign_in
def change_signing_key(provider_id: int) -> ViewResponse:
    """Make a key with which requests to a provider are signed, or take it away."""
    saml_provider_or_404(provider_id)
    if Form().validate_on_submit():
        wants_key = request.form.get("key") == "new"
        key = make_signing_key("course", now()) if wants_key else None
        with unit_of_work() as session:
            actions.set_signing_key(signed_in_context(session), provider_id, key, app_state().config.secret_key)
        flash(
            _("Requests are signed now. Give the metadata of this course to the provider again.")
            if wants_key
            else _("Requests are no longer signed.")
        )
    return redirect_after_post(url_for("identity_providers.change_saml_provider", provider_id=provider_id))
