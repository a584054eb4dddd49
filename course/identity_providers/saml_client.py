"""Talks to an identity provider by SAML 2.0: its metadata, the request to sign in, and the answer with its signature.

The answer is checked twice: by rules/saml_response, and by python3-saml, which needs xmlsec and is installed only where SAML is
used. Metadata from an address are kept in the memory of the process for an hour; an answer that does not fit their keys
fetches them again, so that a provider can change its key at any time.
"""

from __future__ import annotations

import base64
import importlib.util
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from course.identity_providers.provider_client import KEPT_FOR, ProviderNetwork
from course.identity_providers.rules.flow import SignInFlow
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.identity_providers.rules.saml_metadata import REDIRECT_BINDING, SamlMetadata, read_saml_metadata
from course.identity_providers.rules.saml_request import (
    POST_BINDING,
    ServiceAddresses,
    redirect_address,
    request_id,
    sign_in_request,
)
from course.identity_providers.rules.saml_response import (
    AssertedIdentity,
    ExpectedAnswer,
    asserted_identity,
    check_answer,
    only_assertion,
    response_text,
)
from course.identity_providers.rules.saml_settings import AttributeNames, SamlSettings
from course.identity_providers.rules.settings import ProviderSettings

INSTALL_COMMAND = "pip install --no-deps --require-hashes -r deploy/requirements-saml.txt"
_MAX_KEPT = 100
_lock = threading.Lock()
_kept: dict[str, tuple[datetime, SamlMetadata]] = {}
P = ProviderProblem


def is_saml_installed() -> bool:
    """Whether python3-saml is there; it is an extra of the installation."""
    return importlib.util.find_spec("onelogin") is not None


@dataclass(frozen=True)
class SamlClient:
    """One provider with the key that signs requests to it (PEM; None for none), as it is asked at a moment."""

    settings: ProviderSettings
    saml: SamlSettings
    signing_key: bytes | None
    service: ServiceAddresses
    network: ProviderNetwork
    at: datetime

    def metadata(self, fresh: bool = False) -> SamlMetadata:
        """What the provider says about itself. Raises ProviderError."""
        if self.saml.metadata_xml:
            return read_saml_metadata(self.saml.metadata_xml.encode())
        address = self.settings.discovery
        with _lock:
            found = _kept.get(address)
        if not fresh and found is not None and timedelta(0) <= self.at - found[0] <= KEPT_FOR:
            return found[1]
        accepted = {"Accept": "application/samlmetadata+xml, application/xml, text/xml"}
        status, data = self.network.send("GET", address, accepted)
        if status != 200:
            raise ProviderError(P.UNREACHABLE, f"{address}: {status}")
        metadata = read_saml_metadata(data)
        with _lock:
            if len(_kept) >= _MAX_KEPT:
                _kept.clear()
            _kept[address] = (self.at, metadata)
        return metadata

    def authorization_address(self, flow: SignInFlow, _redirect_uri: str, again: bool = False) -> str:
        """Where the browser goes to sign in. `again`: the person proves once more who they are. Raises ProviderError."""
        if not is_saml_installed():
            raise ProviderError(P.NO_SAML)
        destination = self.metadata().sign_in_address
        request = sign_in_request(flow, self.service, destination, self.at, again)
        return redirect_address(destination, request, flow.state, self.signing_key)

    def sign_out_address(self, _id_token: str, _return_to: str) -> str | None:
        """None: signing out here does not sign out at a provider with SAML."""
        return None

    def accept(self, flow: SignInFlow, encoded: str, signed_in_since: datetime | None = None) -> AssertedIdentity:
        """Who signed in, by the SAMLResponse to the request of a flow. Raises ProviderError.

        `signed_in_since`: the person has to have signed in at the provider since then.
        """
        if not is_saml_installed():
            raise ProviderError(P.NO_SAML)
        text = response_text(encoded)
        metadata = self.metadata()
        try:
            return self._accept(metadata, text, flow, signed_in_since)
        except ProviderError as error:
            renewed = self.metadata(fresh=True) if error.problem == P.SIGNATURE else metadata
            if renewed == metadata:
                raise
        return self._accept(renewed, text, flow, signed_in_since)

    def _accept(
        self, metadata: SamlMetadata, text: str, flow: SignInFlow, signed_in_since: datetime | None
    ) -> AssertedIdentity:
        from lxml.etree import LxmlError  # noqa: PLC0415 (few installations need it)
        from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError  # noqa: PLC0415
        from onelogin.saml2.response import OneLogin_Saml2_Response  # noqa: PLC0415
        from onelogin.saml2.settings import OneLogin_Saml2_Settings  # noqa: PLC0415
        from xmlsec import Error as XmlsecError  # noqa: PLC0415

        expected = ExpectedAnswer(metadata.entity_id, self.service, request_id(flow), signed_in_since)
        try:
            settings = OneLogin_Saml2_Settings(_library_settings(metadata, self.service))
            response = OneLogin_Saml2_Response(settings, base64.b64encode(text.encode()).decode())
            root = response.get_xml_document()
            response.check_status()
            assertion = only_assertion(root)
            ends_at = check_answer(root, assertion, expected, self.at)
            response.is_valid(_request(self.service), expected.request, raise_exceptions=True)
        except OneLogin_Saml2_ValidationError as error:
            raise ProviderError(_problem_of(error), f"check {error.code}") from error
        except (OneLogin_Saml2_Error, LxmlError, XmlsecError, ValueError, TypeError, AttributeError) as error:
            raise ProviderError(P.STRUCTURE, type(error).__name__) from error
        names = AttributeNames(
            self.saml.attributes.subject, self.saml.attributes.email, self.saml.attributes.name,
            self.settings.groups_claim,
        )  # fmt: skip
        return asserted_identity(assertion, self.settings.id, expected, names, ends_at)


def _library_settings(metadata: SamlMetadata, service: ServiceAddresses) -> dict[str, Any]:
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": service.entity_id,
            "assertionConsumerService": {"url": service.answers, "binding": POST_BINDING},
        },
        "idp": {
            "entityId": metadata.entity_id,
            "singleSignOnService": {"url": metadata.sign_in_address, "binding": REDIRECT_BINDING},
            "x509certMulti": {"signing": list(metadata.certificates)},
        },
        "security": {
            "wantAssertionsSigned": True,
            "wantAttributeStatement": False,
            "requestedAuthnContext": False,
            "rejectDeprecatedAlgorithm": True,
        },
    }


def _request(service: ServiceAddresses) -> dict[str, Any]:
    """Where the answer arrived, as the library asks for it: by the public address, whatever a proxy says."""
    parts = urlsplit(service.answers)
    return {"https": "on" if parts.scheme == "https" else "off", "http_host": parts.netloc, "script_name": parts.path}


def _problem_of(error: Any) -> ProviderProblem:
    """What an error of the library means."""
    return {
        type(error).STATUS_CODE_IS_NOT_SUCCESS: P.REFUSED_THERE,
        type(error).INVALID_SIGNATURE: P.SIGNATURE,
        type(error).NO_SIGNED_ASSERTION: P.SIGNATURE,
        type(error).NO_SIGNATURE_FOUND: P.SIGNATURE,
        type(error).DEPRECATED_SIGNATURE_METHOD: P.SIGNATURE,
        type(error).DEPRECATED_DIGEST_METHOD: P.SIGNATURE,
        type(error).WRONG_ISSUER: P.ISSUER,
        type(error).WRONG_AUDIENCE: P.AUDIENCE,
        type(error).WRONG_INRESPONSETO: P.OTHER_REQUEST,
        type(error).WRONG_DESTINATION: P.RECIPIENT,
        type(error).ASSERTION_EXPIRED: P.EXPIRED,
        type(error).SESSION_EXPIRED: P.EXPIRED,
        type(error).ASSERTION_TOO_EARLY: P.TOO_EARLY,
    }.get(error.code, P.STRUCTURE)
