"""Signing in through a provider with SAML: the metadata of the course, and where the provider's answer arrives."""

from __future__ import annotations

from flask import abort, make_response, render_template, request
from flask_login import current_user

from course.auth.rules import local_path
from course.clock import now
from course.identity_providers import actions, queries
from course.identity_providers.rules.flow import SignInFlow
from course.identity_providers.rules.identity import ProviderIdentity
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.identity_providers.rules.saml_request import service_metadata
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.views.page_context import (
    ViewResponse,
    pages,
    problem_page,
    provider_or_404,
    saml_client_of,
    service_addresses,
)
from course.identity_providers.views.sign_in import finish_flow, flow_of_browser
from course.web.access import public
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, unit_of_work


def saml_provider_or_404(provider_id: int) -> ProviderSettings:
    """A provider with SAML."""
    provider = provider_or_404(provider_id)
    return provider if provider.kind == "saml" else abort(404)


@pages.get("/sign-in/with/<int(max=2147483647):provider_id>/saml/metadata")
@public
def saml_metadata(provider_id: int) -> ViewResponse:
    """The metadata of the course for a provider: how it calls itself, where it takes answers, and the key of its requests."""
    provider = saml_provider_or_404(provider_id)
    certificate = queries.saml_settings(db(), provider.id).signing_certificate
    response = make_response(service_metadata(service_addresses(provider_id), certificate))
    response.mimetype = "application/samlmetadata+xml"
    return response


@pages.post("/sign-in/with/<int(max=2147483647):provider_id>/saml")
@public
def saml_answer(provider_id: int) -> ViewResponse:
    """Where the browser brings the answer of the provider, by a form on the provider's page.

    That page is on another site, so the browser leaves out the cookies of this one. A page with the same form, which comes from
    this site, sends the answer once more, now with them. That page keeps nothing and says nothing about the answer.
    """
    provider = saml_provider_or_404(provider_id)
    answer, state = request.form.get("SAMLResponse", ""), request.form.get("RelayState", "")
    flow = flow_of_browser(provider_id, state)
    if flow is not None:
        return finish_flow(provider, flow, lambda: _redeem(provider, flow, answer))
    if "here" not in request.form:
        page = render_template("identity_providers/saml_answer.html", name=provider.name, answer=answer, state=state)
        return make_response(page)
    if current_user.is_authenticated:  # the page before this one, reached by "Back"
        return redirect_after_post(local_path(None))
    return problem_page(provider, ProviderProblem.STATE)


def _redeem(provider: ProviderSettings, flow: SignInFlow, answer: str) -> tuple[ProviderIdentity, str]:
    """Who signed in at the provider, by an assertion that did not sign anybody in before. Raises ProviderError."""
    client = saml_client_of(provider)
    discard_request_state()
    asserted = client.accept(flow, answer, flow.signed_in_since)
    with unit_of_work() as session:
        is_first = actions.use_assertion(session, asserted.mark, asserted.ends_at, now())
    if not is_first:
        raise ProviderError(ProviderProblem.USED)
    return asserted.identity, ""
