"""The test of a provider that administrators run from its page: each step in words, with what to do if it fails."""

from __future__ import annotations

from dataclasses import dataclass

from course.identity_providers.provider_client import ProviderClient
from course.identity_providers.rules.discovery import ProviderMetadata
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.translation import gettext as _


@dataclass(frozen=True)
class ConnectionStep:
    """One step of the test: whether it went well, what was seen, and what to do otherwise."""

    is_fine: bool
    words: str
    advice: str = ""


def check_connection(client: ProviderClient, redirect_uri: str) -> list[ConnectionStep]:
    """Ask the provider for all that a sign-in needs, without what is kept in memory. The first failure ends it."""
    try:
        metadata = client.metadata(fresh=True)
        steps = [
            ConnectionStep(True, _("The provider answers and describes itself as %(issuer)s.", issuer=metadata.issuer))
        ]
    except ProviderError as error:
        return [_failure(error)]
    try:
        count = len(client.keys(metadata, fresh=True).keys)
        steps.append(ConnectionStep(True, _("Its keys for signatures can be read: %(count)s.", count=count)))
    except ProviderError as error:
        return [*steps, _failure(error)]
    refused = client.secret_problem(metadata, redirect_uri)
    if refused is not None:
        return [*steps, _failure(refused)]
    return [
        *steps,
        ConnectionStep(
            True,
            _("It did not refuse client ID and secret."),
            _(
                "Some providers check the redirect address and the secret only when a person signs in. Sign in once to be sure."
            ),
        ),
        *_hints(metadata, bool(client.settings.groups) or client.settings.signs_out),
    ]


def _hints(metadata: ProviderMetadata, signs_out: bool) -> list[ConnectionStep]:
    """What is missing at the provider without which signing in still works."""
    hints = []
    if metadata.challenge_methods is not None and "S256" not in metadata.challenge_methods:
        hints.append(
            ConnectionStep(
                False,
                _("It does not say that it supports PKCE with S256."),
                _("Signing in works, but a stolen code could be used. Look for PKCE in the settings of the provider."),
            )
        )
    if not metadata.sends_auth_time:
        hints.append(
            ConnectionStep(
                False,
                _("It does not say that it sends the time of a sign-in (auth_time)."),
                _(
                    "Signing in works, but people cannot confirm with it that it is them. Switch auth_time on in its settings for "
                    "this client, or ask people to set up a passkey or an authenticator app here."
                ),
            )
        )
    if signs_out and not metadata.end_session_endpoint:
        hints.append(
            ConnectionStep(
                False,
                _("It has no address for signing out."),
                _("Signing out here leaves people signed in there. On shared devices they have to sign out there too."),
            )
        )
    return hints


def _failure(error: ProviderError) -> ConnectionStep:
    """What went wrong, and what to do about it."""
    p, seen = ProviderProblem, error.detail
    words, advice = {
        p.UNREACHABLE: (
            _("The provider cannot be reached: %(seen)s.", seen=seen),
            _(
                "Check the discovery address, and that this server may open connections to it. An address in your own network "
                "has to be named in PRIVATE_PROVIDER_HOSTS on the server."
            ),
        ),
        p.NOT_JSON: (
            _("The answer is not JSON."),
            _("Open the discovery address in a browser. It has to end with /.well-known/openid-configuration."),
        ),
        p.INCOMPLETE: (
            _("The discovery document does not say %(seen)s, or says something that is no address.", seen=seen),
            _("This may not be an OpenID Connect provider. Ask the people who run it for the discovery address."),
        ),
        p.OTHER_ISSUER: (
            _("The provider calls itself %(seen)s, which does not belong to this discovery address.", seen=seen),
            _("Enter the address that the provider calls itself, with /.well-known/openid-configuration behind it."),
        ),
        p.NO_CODE_FLOW: (
            _("The provider does not offer the authorisation code flow."),
            _("Allow the response type “code” for this client at the provider."),
        ),
        p.NO_KEYS: (
            _("The provider publishes no key with which signatures could be checked."),
            _("Ask the people who run the provider: its JWKS is empty or cannot be read."),
        ),
        p.CLIENT_REFUSED: (
            _("The provider refuses the client ID or the client secret: %(seen)s.", seen=seen),
            _("Copy both again. A secret may have expired, or been replaced by another one."),
        ),
    }.get(error.problem, (str(error), ""))
    return ConnectionStep(False, words, advice)
