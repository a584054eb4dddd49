"""A platform that registers itself (LTI Dynamic Registration 1.0): what it says about itself, what it is sent, what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from course.lti.rules.launch import DEEP_LINKING, RESOURCE_LINK
from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import is_platform_address

_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
GRADE_SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
)
MEMBERS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = (*GRADE_SCOPES, MEMBERS_SCOPE)


@dataclass(frozen=True)
class PlatformConfiguration:
    """What a platform says about itself."""

    issuer: str
    login_address: str
    token_address: str
    token_audience: str
    keys_address: str
    registration_address: str
    name: str


@dataclass(frozen=True)
class ToolAddresses:
    """Where a platform reaches the course."""

    login: str
    launch: str
    keys: str


@dataclass(frozen=True)
class GrantedRegistration:
    """What a platform answers: the client ID of the course there, and its first deployment, if it made one."""

    client_id: str
    deployment: str


def read_configuration(found: Mapping[str, Any], address: str) -> PlatformConfiguration:
    """The configuration that was at this address. Raises LtiError (CONFIGURATION): something is missing, or the platform speaks for
    another host (section 3.5.1)."""
    issuer = _address(found, "issuer")
    if urlsplit(issuer).hostname != urlsplit(address).hostname:
        raise LtiError(LtiProblem.CONFIGURATION, f"issuer {issuer}")
    about = found.get(_CONFIGURATION)
    product = str(about.get("product_family_code", "")) if isinstance(about, dict) else ""
    host = urlsplit(issuer).hostname or ""
    name = f"{product.capitalize()} ({host})" if product.isalnum() else host
    audience = found.get("authorization_server")
    return PlatformConfiguration(
        issuer, _address(found, "authorization_endpoint"), _address(found, "token_endpoint"),
        audience if isinstance(audience, str) and is_platform_address(audience) else "",
        _address(found, "jwks_uri"), _address(found, "registration_endpoint"), name[:60],
    )  # fmt: skip


def _address(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not is_platform_address(value):
        raise LtiError(LtiProblem.CONFIGURATION, name)
    return value


def registration_request(title: str, description: str, tool: ToolAddresses) -> dict[str, Any]:
    """What the course says about itself."""
    label = title[:100]
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login,
        "redirect_uris": [tool.launch],
        "client_name": label,
        "jwks_uri": tool.keys,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        _TOOL: {
            "domain": urlsplit(tool.launch).netloc,
            "target_link_uri": tool.launch,
            "description": description,
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "messages": [
                {"type": RESOURCE_LINK, "target_link_uri": tool.launch, "label": label},
                {"type": DEEP_LINKING, "target_link_uri": tool.launch, "label": label},
            ],
        },
    }


def read_registration(found: Mapping[str, Any]) -> GrantedRegistration:
    """The answer of a platform. Raises LtiError (REGISTRATION_REFUSED) without a client ID."""
    client_id, tool = found.get("client_id"), found.get(_TOOL)
    if not isinstance(client_id, str) or not 0 < len(client_id) <= 255 or not client_id.isprintable():
        raise LtiError(LtiProblem.REGISTRATION_REFUSED, "no client_id")
    deployment = tool.get("deployment_id") if isinstance(tool, dict) else None
    text = str(deployment) if isinstance(deployment, (str, int)) and not isinstance(deployment, bool) else ""
    return GrantedRegistration(client_id, text if len(text) <= 255 else "")
