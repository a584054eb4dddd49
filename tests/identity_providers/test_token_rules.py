"""What a provider and its tokens have to say, as tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from course.identity_providers.rules.claims import ExpectedToken, check_claims, read_identity
from course.identity_providers.rules.discovery import discovery_address, read_metadata
from course.identity_providers.rules.identity import (
    ProviderTrust,
)
from course.identity_providers.rules.problems import ProviderError, ProviderProblem

P = ProviderProblem
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
ISSUER = "https://id.example"
PLAIN = ProviderTrust()
MICROSOFT = ProviderTrust(makes_accounts=True, kind="microsoft", tenants=("t",))


def _claims(**changed: Any) -> dict[str, Any]:
    seconds = int(AT.timestamp())
    told = {"iss": ISSUER, "sub": "1", "aud": "c", "iat": seconds, "exp": seconds + 300, "nonce": "n", **changed}
    return {name: value for name, value in told.items() if value is not None}


S = int(AT.timestamp())


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, None),
        ({"aud": ["c"]}, None),
        ({"aud": ["c", "d"], "azp": "c"}, None),
        ({"exp": S - 100}, None),  # the clocks differ a little
        ({"exp": S - 130}, P.EXPIRED),
        ({"exp": "soon"}, P.EXPIRED),
        ({"exp": True}, P.EXPIRED),
        ({"exp": float("inf")}, P.EXPIRED),
        ({"iat": S + 100}, None),
        ({"iat": S + 130}, P.TOO_EARLY),
        ({"iat": S - 1000}, P.EXPIRED),
        ({"nbf": S + 130}, P.TOO_EARLY),
        ({"aud": None}, P.AUDIENCE),
        ({"aud": {"c": 1}}, P.AUDIENCE),
        ({"nonce": "m"}, P.NONCE),
        ({"nonce": 1}, P.NONCE),
        ({"sub": 1}, P.SUBJECT),
        ({"sub": "x" * 256}, P.SUBJECT),
        # JSON can hold what no database stores, and no text of Unicode is.
        ({"sub": "a\0b"}, P.SUBJECT),
        ({"sub": "\ud800"}, P.SUBJECT),
        ({"nonce": "\ud800"}, P.NONCE),
        ({"iss": None}, P.ISSUER),
    ],
)
def test_what_an_id_token_has_to_say(changed: dict[str, Any], problem: ProviderProblem | None) -> None:
    found = None
    try:
        check_claims(_claims(**changed), ExpectedToken(ISSUER, "c", "n"), PLAIN, AT)
    except ProviderError as error:
        found = error.problem
    assert found == problem


@pytest.mark.parametrize(
    ("auth_time", "problem"),
    [
        (S, None),
        (S - 40 - 120, None),  # the person was sent there 40 seconds ago, and the clocks differ a little
        (S - 40 - 121, P.NOT_FRESH),
        (S - 8 * 3600, P.NOT_FRESH),
        (S + 120, None),
        (S + 121, P.TOO_EARLY),
        (None, P.NO_AUTH_TIME),
        ("now", P.NO_AUTH_TIME),
        (True, P.NO_AUTH_TIME),
        (float("nan"), P.NO_AUTH_TIME),
        (1e300, P.NO_AUTH_TIME),
    ],
)
def test_where_a_fresh_sign_in_was_asked_for_the_token_says_that_there_was_one(
    auth_time: Any, problem: ProviderProblem | None
) -> None:
    since, found = AT - timedelta(seconds=40), None
    try:
        check_claims(_claims(auth_time=auth_time), ExpectedToken(ISSUER, "c", "n", since), PLAIN, AT)
    except ProviderError as error:
        found = error.problem
    assert found == problem
    check_claims(_claims(auth_time=auth_time), ExpectedToken(ISSUER, "c", "n"), PLAIN, AT)  # an ordinary sign-in


COMMON = "https://login.microsoftonline.com/{tenantid}/v2.0"


@pytest.mark.parametrize(
    ("tenant", "issuer", "problem"),
    [
        ("T", "https://login.microsoftonline.com/T/v2.0", None),
        ("u", "https://login.microsoftonline.com/u/v2.0", P.TENANT),
        (None, "https://login.microsoftonline.com/t/v2.0", P.TENANT),
        ("t", "https://login.microsoftonline.com/u/v2.0", P.ISSUER),
    ],
)
def test_microsoft_names_the_tenant_which_has_to_be_allowed(
    tenant: str | None, issuer: str, problem: ProviderProblem | None
) -> None:
    found = None
    try:
        check_claims(_claims(tid=tenant, iss=issuer), ExpectedToken(COMMON, "c", "n"), MICROSOFT, AT)
    except ProviderError as error:
        found = error.problem
    assert found == problem


def test_an_account_at_microsoft_is_its_tenant_and_its_object() -> None:
    identity = read_identity(_claims(tid="T", oid="O", sub="pairwise"), {}, MICROSOFT, "groups")
    assert (identity.issuer, identity.subject, identity.tenant) == (ISSUER, "o", "t")
    with pytest.raises(ProviderError):
        read_identity(_claims(tid="T"), {}, MICROSOFT, "groups")


@pytest.mark.parametrize(
    ("claims", "userinfo", "groups", "verified"),
    [
        ({"groups": ["a", 1, "b"]}, {}, {"a", "b"}, False),
        ({"groups": "a"}, {}, {"a"}, False),
        ({"groups": []}, {}, set(), False),
        ({"_claim_names": {"groups": "src1"}}, {}, None, False),
        ({}, {"sub": "1", "groups": ["c"]}, {"c"}, False),
        # Address and verification come from one place.
        ({"email": "a@example.org"}, {"sub": "1", "email": "b@example.org", "email_verified": True}, None, False),
        ({}, {"sub": "1", "email": "b@example.org", "email_verified": "true"}, None, True),
        ({"email": "a@example.org", "email_verified": 1}, {}, None, True),
    ],
)
def test_what_is_read_of_a_person(
    claims: dict[str, Any], userinfo: dict[str, Any], groups: set[str] | None, verified: bool
) -> None:
    identity = read_identity(_claims(**claims), userinfo, PLAIN, "groups")
    assert (identity.groups, identity.email_verified) == (groups, verified)


@pytest.mark.parametrize(
    ("claims", "userinfo", "name"),
    [
        ({"name": "Sam O’Neil", "given_name": "Samuel"}, {"sub": "1", "name": "S"}, "Sam O’Neil"),
        ({"given_name": "Sam"}, {"sub": "1", "name": "Sam O’Neil"}, "Sam O’Neil"),
        ({"given_name": "Sam", "family_name": "O’Neil"}, {}, "Sam O’Neil"),
        ({}, {"sub": "1", "given_name": "Sam", "family_name": "O’Neil"}, "Sam O’Neil"),
        ({"email": "s.oneil2@example.org"}, {}, "s.oneil2"),
    ],
)
def test_the_name_is_put_together_where_a_provider_sends_its_parts(
    claims: dict[str, Any], userinfo: dict[str, Any], name: str
) -> None:
    assert read_identity(_claims(**claims), userinfo, PLAIN, "groups").display_name == name


DISCOVERY = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t", "jwks_uri": f"{ISSUER}/j",
    "response_types_supported": ["code"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (json.dumps(DISCOVERY).encode(), None),
        (b"<html>", P.NOT_JSON),
        (b"[]", P.NOT_JSON),
        (b"[" * 100_000, P.NOT_JSON),
        (b"\xff", P.NOT_JSON),
        (json.dumps({**DISCOVERY, "issuer": "https://other.example"}).encode(), P.OTHER_ISSUER),
        (json.dumps({**DISCOVERY, "issuer": 1}).encode(), P.INCOMPLETE),
        (json.dumps({**DISCOVERY, "token_endpoint": None}).encode(), P.INCOMPLETE),
        (json.dumps({**DISCOVERY, "jwks_uri": "javascript:alert(1)"}).encode(), P.INCOMPLETE),
        (json.dumps({**DISCOVERY, "token_endpoint": "https://[::1"}).encode(), P.INCOMPLETE),
        (json.dumps({**DISCOVERY, "authorization_endpoint": f"{ISSUER}/a\r\nX: 1"}).encode(), P.INCOMPLETE),
        (json.dumps({**DISCOVERY, "response_types_supported": ["id_token"]}).encode(), P.NO_CODE_FLOW),
    ],
)
def test_what_a_provider_says_about_itself(data: bytes, problem: ProviderProblem | None) -> None:
    found = None
    try:
        read_metadata(data, discovery_address(ISSUER), "openid")
    except ProviderError as error:
        found = error.problem
    assert found == problem


def test_only_microsoft_may_leave_the_tenant_open_in_its_issuer() -> None:
    address = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"
    data = json.dumps({**DISCOVERY, "issuer": COMMON}).encode()
    assert read_metadata(data, address, "microsoft").issuer == COMMON
    with pytest.raises(ProviderError):
        read_metadata(data, address, "openid")
    with pytest.raises(ProviderError):
        read_metadata(data, address.replace("login.microsoftonline.com", "evil.example"), "microsoft")
