"""What a provider says about itself (OpenID Connect Discovery 1.0), read and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from course.identity_providers.rules.identity import ProviderKind
from course.identity_providers.rules.problems import ProviderError, ProviderProblem

WELL_KNOWN = "/.well-known/openid-configuration"
TENANT_PLACE = "{tenantid}"  # in the issuer of Microsoft for several tenants
MAX_ADDRESS_LENGTH = 500  # characters


@dataclass(frozen=True)
class ProviderMetadata:
    """The addresses of a provider and what it supports. `issuer` may have TENANT_PLACE in it. `sends_auth_time`: unless it lists
    its claims without that one, it may say when somebody signed in."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_auth_methods: tuple[str, ...] = ("client_secret_basic",)
    challenge_methods: tuple[str, ...] | None = None
    sends_issuer: bool = False
    sends_auth_time: bool = True

    def token_auth_method(self, has_secret: bool) -> str:
        """How the client authenticates at the token endpoint."""
        if not has_secret:
            return "none"
        if "client_secret_basic" in self.token_auth_methods or "client_secret_post" not in self.token_auth_methods:
            return "client_secret_basic"
        return "client_secret_post"


def discovery_address(entered: str) -> str:
    """The address of the discovery document: what was entered, or the issuer that was entered with what belongs behind it."""
    address = entered.strip()
    return address if address.endswith(WELL_KNOWN) else address.rstrip("/") + WELL_KNOWN


def read_json(data: bytes) -> dict[str, Any]:
    """The object in an answer. Raises ProviderError."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProviderError(ProviderProblem.NOT_JSON) from error
    if not isinstance(found, dict):
        raise ProviderError(ProviderProblem.NOT_JSON)
    return found


def read_metadata(data: bytes, address: str, kind: ProviderKind) -> ProviderMetadata:
    """The metadata in the answer from a discovery address.

    Raises ProviderError: NOT_JSON, INCOMPLETE, OTHER_ISSUER (section 4.3: the issuer is the address without its end; only
    Microsoft puts TENANT_PLACE there), or NO_CODE_FLOW.
    """
    found = read_json(data)
    issuer = _address_in(found, "issuer")
    if kind == "microsoft":
        same_host = urlsplit(issuer).hostname == urlsplit(address).hostname
        if not same_host or (TENANT_PLACE not in issuer and not _is_issuer_of(issuer, address)):
            raise ProviderError(ProviderProblem.OTHER_ISSUER, issuer)
    elif not _is_issuer_of(issuer, address):
        raise ProviderError(ProviderProblem.OTHER_ISSUER, issuer)
    if "code" not in _texts(found, "response_types_supported", ("code",)):
        raise ProviderError(ProviderProblem.NO_CODE_FLOW)
    methods = found.get("code_challenge_methods_supported")
    return ProviderMetadata(
        issuer,
        _address_in(found, "authorization_endpoint"),
        _address_in(found, "token_endpoint"),
        _address_in(found, "jwks_uri"),
        _address_in(found, "userinfo_endpoint", required=False),
        _address_in(found, "end_session_endpoint", required=False),
        _texts(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",)),
        None if methods is None else _texts(found, "code_challenge_methods_supported", ()),
        found.get("authorization_response_iss_parameter_supported") is True,
        "auth_time" in _texts(found, "claims_supported", ("auth_time",)),
    )


def _is_issuer_of(issuer: str, address: str) -> bool:
    return issuer.rstrip("/") + WELL_KNOWN == address


def _address_in(found: dict[str, Any], name: str, required: bool = True) -> str:
    value = found.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not _is_web_address(value):
        raise ProviderError(ProviderProblem.INCOMPLETE, name)
    return value


def _is_web_address(text: str) -> bool:
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        return False
    return scheme in ("http", "https") and len(text) <= MAX_ADDRESS_LENGTH and text.isprintable()


def _texts(found: dict[str, Any], name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    value = found.get(name)
    if value is None:
        return otherwise
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
