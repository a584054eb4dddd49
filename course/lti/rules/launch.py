"""The signed message of a launch, checked as LTI 1.3 and its security framework ask, and what it says."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from course.lti.rules.problems import LtiError, LtiProblem
from course.lti.rules.registration import MAX_PASSING_ADDRESS_LENGTH, is_platform_address
from course.lti.rules.targets import LinkTarget, read_target
from course.people.rules import normalise_email, normalise_line

CLOCK_SKEW = 120  # seconds that the clocks of two servers may differ
MAX_AGE = 600  # seconds: a message is made when the browser comes to the platform
MAX_TEXT = 255  # characters: LTI limits ids to them, and titles are cut to them
MAX_SERVICE_ADDRESS = 1000  # characters
VERSION = "1.3.0"
RESOURCE_LINK, DEEP_LINKING = "LtiResourceLinkRequest", "LtiDeepLinkingRequest"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
GRADES_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
LEARNER_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
_ROLE_OF_CONTEXT = "http://purl.imsglobal.org/vocab/lis/v2/membership"


@dataclass(frozen=True)
class ExpectedMessage:
    """What the message of a launch has to say."""

    issuer: str
    client_id: str
    nonce: str
    deployments: tuple[str, ...]


@dataclass(frozen=True)
class PlatformUser:
    """The person at the platform, as it describes them. `email` and `name` are empty if it does not say them."""

    subject: str
    email: str = ""
    name: str = ""
    is_learner: bool = True

    @property
    def address(self) -> str:
        """The address as this course stores addresses; empty if there is none that could be one."""
        found = normalise_email(self.email)
        return found if "@" in found and len(found) <= 254 else ""


@dataclass(frozen=True)
class PlatformContext:
    """The course or group at the platform in which the link stands. `members_address` is empty if its members cannot be asked
    for."""

    context: str
    title: str
    members_address: str = ""


@dataclass(frozen=True)
class PlatformLink:
    """The link that was opened, and where its grades go; an empty address if the platform takes none."""

    resource_link: str
    title: str
    line_item: str = ""
    line_items: str = ""
    grade_scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LaunchMessage:
    """Somebody opens the course by a link."""

    deployment: str
    user: PlatformUser
    context: PlatformContext | None
    link: PlatformLink
    target: LinkTarget


@dataclass(frozen=True)
class ContentMessage:
    """Somebody wants to choose what a link shall open (deep linking)."""

    deployment: str
    return_address: str
    data: str
    takes_line_item: bool


def check_message(claims: Mapping[str, Any], expected: ExpectedMessage, at: datetime) -> None:
    """Raise LtiError unless the claims of a message with a valid signature are for this course, from this platform and one of its
    deployments, about this launch, and of this moment."""
    if claims.get("iss") != expected.issuer:
        raise LtiError(LtiProblem.ISSUER, str(claims.get("iss"))[:200])
    _check_audience(claims, expected.client_id)
    _check_time(claims, at.timestamp())
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce.isascii() or not hmac.compare_digest(nonce, expected.nonce):
        raise LtiError(LtiProblem.NONCE)
    if claims.get(f"{CLAIM}version") != VERSION:
        raise LtiError(LtiProblem.VERSION, str(claims.get(f"{CLAIM}version"))[:100])
    if claims.get(f"{CLAIM}message_type") not in (RESOURCE_LINK, DEEP_LINKING):
        raise LtiError(LtiProblem.MESSAGE, str(claims.get(f"{CLAIM}message_type"))[:100])
    deployment = claims.get(f"{CLAIM}deployment_id")
    if not isinstance(deployment, str) or deployment not in expected.deployments:
        raise LtiError(LtiProblem.DEPLOYMENT, str(deployment)[:200])


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise LtiError(LtiProblem.AUDIENCE, str(audience)[:200])
    party = claims.get("azp")
    if (party is not None and party != client_id) or (party is None and len(audiences) > 1):
        raise LtiError(LtiProblem.AUTHORISED_PARTY, str(party)[:200])


def _check_time(claims: Mapping[str, Any], seconds: float) -> None:
    if _seconds(claims, "exp") + CLOCK_SKEW <= seconds:
        raise LtiError(LtiProblem.EXPIRED)
    issued = _seconds(claims, "iat")
    if issued - CLOCK_SKEW > seconds:
        raise LtiError(LtiProblem.TOO_EARLY)
    if issued + MAX_AGE + CLOCK_SKEW <= seconds:
        raise LtiError(LtiProblem.EXPIRED)
    if "nbf" in claims and _seconds(claims, "nbf") - CLOCK_SKEW > seconds:
        raise LtiError(LtiProblem.TOO_EARLY)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
        raise LtiError(LtiProblem.EXPIRED, name)
    return float(value)


def read_message(claims: Mapping[str, Any], modules: Collection[str]) -> LaunchMessage | ContentMessage:
    """What checked claims say. `modules` are the modules that a link can open. Raises LtiError."""
    deployment = str(claims[f"{CLAIM}deployment_id"])
    if claims[f"{CLAIM}message_type"] == DEEP_LINKING:
        return _content_message(deployment, _part(claims, f"{DEEP_LINKING_CLAIM}deep_linking_settings"))
    resource = _part(claims, f"{CLAIM}resource_link")
    link = _text(resource, "id")
    if not link or len(link) > MAX_TEXT:
        raise LtiError(LtiProblem.LINK)
    grades = _part(claims, GRADES_CLAIM)
    return LaunchMessage(
        deployment,
        _user(claims),
        _context(claims),
        PlatformLink(
            link, _line(resource, "title"), _service(grades, "lineitem"), _service(grades, "lineitems"),
            _texts(grades, "scope"),
        ),
        read_target(_part(claims, f"{CLAIM}custom"), modules),
    )  # fmt: skip


def launch_language(claims: Mapping[str, Any]) -> str:
    """The language in which the platform speaks with the person (Core 1.3, section 5.4.5), a tag of BCP 47; empty if it does not
    say."""
    return _text(_part(claims, f"{CLAIM}launch_presentation"), "locale")[:35]


def _user(claims: Mapping[str, Any]) -> PlatformUser:
    subject = claims.get("sub")
    # A launch without a subject is that of a guest (Core 1.3, section 5.3.6): there is nobody whose training it could be.
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_TEXT or not subject.isprintable():
        raise LtiError(LtiProblem.SUBJECT)
    name = _text(claims, "name") or f"{_text(claims, 'given_name')} {_text(claims, 'family_name')}"
    roles = [one for one in _texts(claims, f"{CLAIM}roles") if one.startswith(_ROLE_OF_CONTEXT)]
    return PlatformUser(subject, _text(claims, "email"), normalise_line(name)[:200], LEARNER_ROLE in roles or not roles)


def _context(claims: Mapping[str, Any]) -> PlatformContext | None:
    found = _part(claims, f"{CLAIM}context")
    number = _text(found, "id")
    if not number or len(number) > MAX_TEXT:
        return None
    title = _line(found, "title") or _line(found, "label") or number
    return PlatformContext(number, title, _service(_part(claims, MEMBERS_CLAIM), "context_memberships_url"))


def _content_message(deployment: str, found: Mapping[str, Any]) -> ContentMessage:
    address = _text(found, "deep_link_return_url")
    if not is_platform_address(address, MAX_PASSING_ADDRESS_LENGTH):
        raise LtiError(LtiProblem.REQUEST, "deep_link_return_url")
    if "ltiResourceLink" not in _texts(found, "accept_types"):
        raise LtiError(LtiProblem.NOTHING_TO_CHOOSE, ", ".join(_texts(found, "accept_types"))[:200])
    data = found.get("data")
    return ContentMessage(
        deployment, address, data if isinstance(data, str) else "", found.get("accept_lineitem") in (True, "true")
    )


def _part(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) and value.isprintable() else ""


def _line(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return normalise_line(value)[:MAX_TEXT] if isinstance(value, str) else ""


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = found.get(name)
    return tuple(one for one in value[:100] if isinstance(one, str)) if isinstance(value, list) else ()


def _service(found: Mapping[str, Any], name: str) -> str:
    """The address of a service of the platform; empty if it names none that can be asked."""
    address = _text(found, name)
    try:
        scheme = urlsplit(address).scheme
    except ValueError:
        return ""
    fits = len(address) <= MAX_SERVICE_ADDRESS and " " not in address and scheme in ("http", "https")
    return address if fits else ""
