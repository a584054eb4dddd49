"""The test of a provider with SAML that administrators run from its page: each step in words, with what to do if it fails."""

from __future__ import annotations

import base64
from datetime import timedelta

from course.identity_providers.connection_test import ConnectionStep
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.identity_providers.saml_client import SamlClient, is_saml_installed
from course.identity_providers.saml_forms import metadata_words
from course.translation import gettext as _

_SOON = timedelta(days=30)


def check_saml_connection(client: SamlClient) -> list[ConnectionStep]:
    """All that can be found out before somebody signs in, without what is kept in memory. The first failure ends it."""
    if not is_saml_installed():
        return [
            ConnectionStep(
                False,
                _("The program for SAML is not installed on this server."),
                _("Ask the people who run the server to install it, as docs/identity-providers.md says."),
            )
        ]
    try:
        metadata = client.metadata(fresh=True)
    except ProviderError as error:
        return [_failure(error)]
    steps = [
        ConnectionStep(
            True, _("The metadata can be read. The provider calls itself %(name)s.", name=metadata.entity_id)
        ),
        *_certificate_steps(client, metadata.certificates),
    ]
    if metadata.wants_signed_requests and client.signing_key is None:
        steps.append(
            ConnectionStep(
                False,
                _("The provider accepts only signed requests."),
                _("Choose “Sign requests” on this page, then give the metadata of this course to the provider again."),
            )
        )
    if not client.settings.domains:
        steps.append(
            ConnectionStep(
                False,
                _("No domains are named."),
                _(
                    "A provider with SAML does not say whether an address is verified. Name the domains of your addresses, or "
                    "everyone has to link their account themselves."
                ),
            )
        )
    steps.append(
        ConnectionStep(
            True,
            _("The rest shows at the first sign-in."),
            _("Choose “Link my own account to try it”. If it fails, the log of this course says exactly why."),
        )
    )
    return steps


def _certificate_steps(client: SamlClient, certificates: tuple[str, ...]) -> list[ConnectionStep]:
    """How many certificates there are; the date is for people only, because the metadata decide which keys are trusted."""
    from cryptography import x509  # noqa: PLC0415 (few read certificates)

    ends = [x509.load_der_x509_certificate(base64.b64decode(one)).not_valid_after_utc for one in certificates]
    steps = [
        ConnectionStep(True, _("Its certificates for signatures can be read: %(count)s.", count=len(certificates)))
    ]
    if client.saml.metadata_xml and max(ends) <= client.at + _SOON:
        steps.append(
            ConnectionStep(
                False,
                _("Its certificate ends within 30 days, or has ended."),
                _("The provider will change it. Paste the new metadata here as soon as you have them."),
            )
        )
    return steps


def key_is_locked_step() -> ConnectionStep:
    """The signing key was encrypted with another SECRET_KEY."""
    return ConnectionStep(
        False,
        _("The signing key cannot be read: it was encrypted with another secret key of this course."),
        _("Make a new one under “Sign requests”, and give the metadata of this course to the provider again."),
    )


def _failure(error: ProviderError) -> ConnectionStep:
    if error.problem == ProviderProblem.UNREACHABLE:
        return ConnectionStep(
            False,
            _("The provider cannot be reached: %(seen)s.", seen=error.detail),
            _(
                "Check the metadata address, and that this server may open connections to it. Or paste the metadata. An address "
                "in your own network has to be named in PRIVATE_PROVIDER_HOSTS on the server."
            ),
        )
    return ConnectionStep(False, metadata_words(error))
