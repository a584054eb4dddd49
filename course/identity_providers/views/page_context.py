"""What the pages of identity providers share: their blueprint, the client of a provider, and addresses to register there."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template
from werkzeug.wrappers import Response as WsgiResponse

from course.clock import now
from course.encryption import SecretLockedError, unlock_secret
from course.identity_providers import queries
from course.identity_providers.provider_client import ProviderClient, ProviderNetwork
from course.identity_providers.rules.problems import ProviderError, ProviderProblem, problem_words
from course.identity_providers.rules.saml_request import ServiceAddresses
from course.identity_providers.rules.saml_settings import signing_key_purpose
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.saml_client import SamlClient
from course.web.addresses import public_url_for
from course.web.app_state import app_state, runs_locally
from course.web.unit_of_work import db

pages = Blueprint("identity_providers", __name__)
ViewResponse = Response | WsgiResponse
# Nothing is wrong here, but with another server (RFC 4918, 11.4): a monitor must not take it for a failure of the course.
UNREACHABLE_STATUS = 424


def provider_or_404(provider_id: int) -> ProviderSettings:
    return queries.provider(db(), provider_id) or abort(404)


def client_of(provider: ProviderSettings) -> ProviderClient:
    """The client of a provider at this moment. Raises ProviderError if its secret cannot be decrypted."""
    config = app_state().config
    secret = ""
    if provider.secret_locked is not None:
        try:
            secret = unlock_secret(provider.secret_locked, config.secret_key, provider.secret_purpose).decode()
        except SecretLockedError as error:
            raise ProviderError(ProviderProblem.CLIENT_LOCKED) from error
    return ProviderClient(provider, secret, _network(), now())


def saml_client_of(provider: ProviderSettings) -> SamlClient:
    """The client of a provider with SAML at this moment. Raises ProviderError if its signing key cannot be decrypted."""
    saml, key = queries.saml_settings(db(), provider.id), None
    if saml.signing_key_locked is not None:
        purpose = signing_key_purpose(provider.id)
        try:
            key = unlock_secret(saml.signing_key_locked, app_state().config.secret_key, purpose)
        except SecretLockedError as error:
            raise ProviderError(ProviderProblem.CLIENT_LOCKED) from error
    return SamlClient(provider, saml, key, service_addresses(provider.id), _network(), now())


def browser_client_of(provider: ProviderSettings) -> ProviderClient | SamlClient:
    """What knows where the browser goes, of whatever kind the provider is. Raises ProviderError."""
    return saml_client_of(provider) if provider.kind == "saml" else client_of(provider)


def _network() -> ProviderNetwork:
    return ProviderNetwork(runs_locally(), app_state().config.private_provider_hosts)


def service_addresses(provider_id: int) -> ServiceAddresses:
    """How the course calls itself to a provider with SAML, and where it takes answers. Both have the provider's number in them,
    so that an answer of one provider cannot be used for another."""
    return ServiceAddresses(
        public_url_for("identity_providers.saml_metadata", provider_id=provider_id),
        public_url_for("identity_providers.saml_answer", provider_id=provider_id),
    )


def redirect_uri(provider_id: int) -> str:
    """Where the provider sends browsers back to."""
    return public_url_for("identity_providers.come_back", provider_id=provider_id)


def signed_out_uri() -> str:
    """Where the provider sends browsers after signing out there."""
    return public_url_for("auth.sign_in")


def problem_page(provider: ProviderSettings, problem: ProviderProblem, linking: bool = False) -> Response:
    """The page of a sign-in, or of linking an account, that did not succeed."""
    what, advice = problem_words(problem, provider.name)
    page = render_template("identity_providers/problem.html", what=what, advice=advice, linking=linking)
    return make_response(page, UNREACHABLE_STATUS if problem == ProviderProblem.UNREACHABLE else 403)
