"""The claims of an ID token, checked as OpenID Connect Core 1.0 asks (sections 3.1.3.7 and 3.1.3.8), and who they are about."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from course.identity_providers.rules.discovery import TENANT_PLACE
from course.identity_providers.rules.identity import MAX_SUBJECT_LENGTH, ProviderIdentity, ProviderTrust
from course.identity_providers.rules.problems import ProviderError, ProviderProblem

CLOCK_SKEW = 120  # seconds that the clocks of two servers may differ
MAX_AGE = 600  # seconds: an ID token is made when the code is exchanged
MAX_GROUPS = 2000
# Signed with a key of the provider; never "none", and never with a secret that the course also knows.
SIGNATURE_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",  # not translated: a name
    "EdDSA",  # not translated: a name
)
_HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}


@dataclass(frozen=True)
class ExpectedToken:
    """What the ID token of a sign-in has to say. `signed_in_since`: the person was asked for a fresh sign-in at the provider
    (`max_age`) at this moment."""

    issuer: str
    client_id: str
    nonce: str
    signed_in_since: datetime | None = None


def check_claims(claims: Mapping[str, Any], expected: ExpectedToken, trust: ProviderTrust, at: datetime) -> None:
    """Raise ProviderError unless the claims of an ID token with a valid signature are for this client, from this issuer,
    about this sign-in, and of this moment."""
    if claims.get("iss") != _issuer(claims, expected.issuer, trust):
        raise ProviderError(ProviderProblem.ISSUER, str(claims.get("iss"))[:200])
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise ProviderError(ProviderProblem.AUDIENCE, str(audience)[:200])
    party = claims.get("azp")
    if (party is not None and party != expected.client_id) or (party is None and len(audiences) > 1):
        raise ProviderError(ProviderProblem.AUTHORISED_PARTY, str(party)[:200])
    seconds = at.timestamp()
    if _time(claims, "exp") + CLOCK_SKEW <= seconds:
        raise ProviderError(ProviderProblem.EXPIRED)
    issued = _time(claims, "iat")
    if issued - CLOCK_SKEW > seconds:
        raise ProviderError(ProviderProblem.TOO_EARLY)
    if issued + MAX_AGE + CLOCK_SKEW <= seconds:
        raise ProviderError(ProviderProblem.EXPIRED)
    if "nbf" in claims and _time(claims, "nbf") - CLOCK_SKEW > seconds:
        raise ProviderError(ProviderProblem.TOO_EARLY)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce.isascii() or not hmac.compare_digest(nonce, expected.nonce):
        raise ProviderError(ProviderProblem.NONCE)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH or not subject.isprintable():
        raise ProviderError(ProviderProblem.SUBJECT)
    if expected.signed_in_since is not None:
        _check_fresh(claims, expected.signed_in_since, at)


def _check_fresh(claims: Mapping[str, Any], since: datetime, at: datetime) -> None:
    """Raise ProviderError unless the person signed in at the provider since then. A provider that was asked for `max_age` has
    to send `auth_time` (section 3.1.2.1); one that ignored both would pass an old session off as a fresh sign-in."""
    signed_in_at = _signed_in_at(claims)
    if signed_in_at is None:
        raise ProviderError(ProviderProblem.NO_AUTH_TIME)
    skew = timedelta(seconds=CLOCK_SKEW)
    if signed_in_at + skew < since:
        raise ProviderError(ProviderProblem.NOT_FRESH)
    if signed_in_at - skew > at:
        raise ProviderError(ProviderProblem.TOO_EARLY)


def _signed_in_at(claims: Mapping[str, Any]) -> datetime | None:
    """When the person signed in at the provider; None if the token does not say it in seconds."""
    value = claims.get("auth_time")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e11:
        return None
    return datetime.fromtimestamp(value, UTC)


def check_access_token(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    """Raise ProviderError if the ID token names an access token (at_hash) and this is another one. `algorithm` is that of
    the signature of the ID token."""
    expected = claims.get("at_hash")
    if expected is None or access_token is None:
        return
    name = "sha512" if algorithm in ("EdDSA", "Ed25519") else _HASHES.get(algorithm[-3:], "sha256")
    digest = hashlib.new(name, access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(expected, str) or not expected.isascii() or not hmac.compare_digest(half, expected.encode()):
        raise ProviderError(ProviderProblem.AT_HASH)


def _issuer(claims: Mapping[str, Any], issuer: str, trust: ProviderTrust) -> str:
    """The issuer that the token has to name. For Microsoft it is that of the token's tenant, which has to be allowed."""
    if trust.kind != "microsoft":
        return issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or tenant.lower() not in {one.lower() for one in trust.tenants}:
        raise ProviderError(ProviderProblem.TENANT, str(tenant)[:100])
    return issuer.replace(TENANT_PLACE, tenant)


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
        raise ProviderError(ProviderProblem.EXPIRED, name)
    return float(value)


def read_identity(
    claims: Mapping[str, Any], userinfo: Mapping[str, Any], trust: ProviderTrust, groups_claim: str
) -> ProviderIdentity:
    """Who checked claims are about. What the ID token does not say is taken from the userinfo, if that is about the same
    subject; address and verification always come from the same of the two. Raises ProviderError."""
    if userinfo and userinfo.get("sub") != claims.get("sub"):
        raise ProviderError(ProviderProblem.SUBJECT, "userinfo")
    with_address = claims if _text(claims, "email") else userinfo
    subject, tenant = str(claims["sub"]), ""
    if trust.kind == "microsoft":
        # `sub` is another one for each client, so that another registration would lose everyone.
        tenant, subject = _text(claims, "tid").lower(), _text(claims, "oid").lower()
        if not subject:
            raise ProviderError(ProviderProblem.SUBJECT, "oid")
    return ProviderIdentity(
        issuer=str(claims["iss"]),
        subject=subject,
        email=_text(with_address, "email"),
        # Some providers send a text. Only what says true is true.
        email_verified=with_address.get("email_verified") in (True, "true"),
        name=_text(claims, "name") or _text(userinfo, "name") or _parts_of_name(claims) or _parts_of_name(userinfo),
        username=_text(claims, "preferred_username") or _text(userinfo, "preferred_username"),
        groups=_groups(claims, userinfo, groups_claim),
        tenant=tenant,
        signed_in_at=_signed_in_at(claims),
    )


def _parts_of_name(claims: Mapping[str, Any]) -> str:
    """The name of somebody whose provider sends its parts only, as ADFS and Amazon Cognito do unless told otherwise."""
    return f"{_text(claims, 'given_name')} {_text(claims, 'family_name')}".strip()


def _groups(claims: Mapping[str, Any], userinfo: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The groups; None if neither says them. Microsoft names a place to ask where there are too many (`_claim_names`)."""
    for source in (claims, userinfo):
        value = source.get(name)
        if isinstance(value, str):
            return frozenset((value,))
        if isinstance(value, list):
            return frozenset(one for one in value[:MAX_GROUPS] if isinstance(one, str))
    return None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value[:500] if isinstance(value, str) and value.isprintable() else ""
