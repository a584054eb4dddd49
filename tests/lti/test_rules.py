"""What a message of a platform has to say, what a link opens, and who enters with an account, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from course.lti.rules.accounts import (
    AccountDecision,
    AccountHolder,
    AddPerson,
    EnterAs,
    LinkAccount,
    PersonWithAddress,
    decide_account,
)
from course.lti.rules.dynamic_registration import read_configuration, read_registration
from course.lti.rules.launch import (
    CLAIM,
    DEEP_LINKING_CLAIM,
    ContentMessage,
    ExpectedMessage,
    LaunchMessage,
    PlatformUser,
    check_message,
    read_message,
)
from course.lti.rules.problems import PROBLEM_WORDS, LtiError, LtiProblem, problem_words
from course.lti.rules.registration import PlatformSettings, is_platform_address, origin_of
from course.lti.rules.sealed import LaunchTicket, LoginState, mark_of, new_login
from course.lti.rules.targets import LinkTarget, read_target
from tests.conftest import NOW, SECRET
from tests.lti.platform import CLIENT_ID, FakePlatform

FAKE = FakePlatform("https://moodle.example.org")
EXPECTED = ExpectedMessage(FAKE.issuer, CLIENT_ID, "nonce-1", ("1", "2"))
AT = int(NOW.timestamp())
MODULES = ("responding", "voices")


def _claims(**changed: Any) -> dict[str, Any]:
    return FAKE.claims("nonce-1", **{"iat": AT, "exp": AT + 300, **changed})


def _problem(function: Any, *values: Any) -> LtiProblem | None:
    try:
        function(*values)
    except LtiError as error:
        return error.problem
    return None


WRONG_MESSAGES: list[tuple[LtiProblem | None, dict[str, Any]]] = [
    (None, {}),
    (None, {"aud": [CLIENT_ID]}),
    (None, {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}),
    (None, {"deployment_id": "2"}),
    (None, {"iat": AT - 600, "exp": AT + 1}),
    (None, {"iat": AT + 119}),
    (None, {"exp": AT - 119, "iat": AT - 200}),
    (LtiProblem.ISSUER, {"iss": "https://other.example"}),
    (LtiProblem.ISSUER, {"iss": None}),
    (LtiProblem.AUDIENCE, {"aud": "another"}),
    (LtiProblem.AUDIENCE, {"aud": None}),
    (LtiProblem.AUTHORISED_PARTY, {"aud": [CLIENT_ID, "another"]}),
    (LtiProblem.AUTHORISED_PARTY, {"azp": "another"}),
    (LtiProblem.EXPIRED, {"exp": AT - 120}),
    (LtiProblem.EXPIRED, {"exp": None}),
    (LtiProblem.EXPIRED, {"exp": True}),
    (LtiProblem.EXPIRED, {"iat": AT - 720, "exp": AT + 9000}),
    (LtiProblem.EXPIRED, {"iat": "now"}),
    (LtiProblem.TOO_EARLY, {"iat": AT + 121}),
    (LtiProblem.TOO_EARLY, {"nbf": AT + 121}),
    (LtiProblem.NONCE, {"nonce": "nonce-2"}),
    (LtiProblem.NONCE, {"nonce": None}),
    (LtiProblem.NONCE, {"nonce": "ñ"}),
    (LtiProblem.NONCE, {"nonce": "\ud800"}),
    (LtiProblem.VERSION, {"version": "1.1"}),
    (LtiProblem.VERSION, {"version": None}),
    (LtiProblem.MESSAGE, {"message_type": "LtiSubmissionReviewRequest"}),
    (LtiProblem.MESSAGE, {"message_type": ["LtiResourceLinkRequest"]}),
    (LtiProblem.DEPLOYMENT, {"deployment_id": "3"}),
    (LtiProblem.DEPLOYMENT, {"deployment_id": None}),
    (LtiProblem.DEPLOYMENT, {"deployment_id": 1}),
]


@pytest.mark.parametrize(("problem", "changed"), WRONG_MESSAGES, ids=str)
def test_what_a_signed_message_has_to_say(problem: LtiProblem | None, changed: dict[str, Any]) -> None:
    assert _problem(check_message, _claims(**changed), EXPECTED, NOW) == problem


@pytest.mark.parametrize(
    ("problem", "changed"),
    [
        (LtiProblem.SUBJECT, {"sub": None}),
        (LtiProblem.SUBJECT, {"sub": "x" * 256}),
        (LtiProblem.SUBJECT, {"sub": "a\0b"}),
        (LtiProblem.SUBJECT, {"sub": "\ud800"}),
        (LtiProblem.LINK, {"resource_link": None}),
        (LtiProblem.LINK, {"resource_link": {"title": "x"}}),
        (LtiProblem.TARGET, {"custom": {"course_open": "module:nothing"}}),
        (LtiProblem.TARGET, {"custom": {"course_pathway": "pilots"}}),
        (LtiProblem.TARGET, {"custom": {"course_nation": "france"}}),
        (LtiProblem.NOTHING_TO_CHOOSE, FAKE.content_claims(accept_types=["file"])),
        (LtiProblem.REQUEST, FAKE.content_claims(deep_link_return_url="javascript:alert(1)")),
        (LtiProblem.REQUEST, {**FAKE.content_claims(), f"{DEEP_LINKING_CLAIM}deep_linking_settings": None}),
    ],
)
def test_what_a_message_says_has_to_be_complete(problem: LtiProblem, changed: dict[str, Any]) -> None:
    assert _problem(read_message, _claims(**changed), MODULES) == problem


def test_a_launch_says_who_opens_what_and_where_grades_go() -> None:
    found = read_message(_claims(custom={"course_open": "module:voices", "other": "1"}, name=None, family_name="Okafor",
                                 given_name="Sam"), MODULES)  # fmt: skip
    assert isinstance(found, LaunchMessage)
    assert found.target == LinkTarget("module", "voices")
    assert (found.user.name, found.user.address, found.user.is_learner) == ("Sam Okafor", "sam@example.org", True)
    assert found.link.line_item == f"{FAKE.issuer}/items/1"
    assert found.context is not None
    assert found.context.members_address == f"{FAKE.issuer}/members"
    teacher = ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]
    bare = read_message(
        {name: value for name, value in _claims(roles=teacher, context=None).items() if "lti-" not in name}, MODULES
    )
    assert isinstance(bare, LaunchMessage)
    assert (bare.user.is_learner, bare.context, bare.link.line_item, bare.link.grade_scopes) == (False, None, "", ())
    asked = read_message(_claims(**FAKE.content_claims()), MODULES)
    assert asked == ContentMessage("1", f"{FAKE.issuer}/return", "opaque-7", takes_line_item=True)
    token = f"{FAKE.issuer}/return?data={'e' * 1000}"  # as Canvas and Sakai carry theirs
    asked = read_message(_claims(**FAKE.content_claims(deep_link_return_url=token)), MODULES)
    assert isinstance(asked, ContentMessage)
    assert asked.return_address == token


def test_addresses_of_services_that_cannot_be_asked_are_left_out() -> None:
    claims = _claims(**{"https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
        "lineitem": "file:///etc/passwd", "lineitems": "https://x.example/" + "a" * 1000, "scope": "all",
    }})  # fmt: skip
    found = read_message(claims, MODULES)
    assert isinstance(found, LaunchMessage)
    assert (found.link.line_item, found.link.line_items, found.link.grade_scopes) == ("", "", ())
    claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = {"lineitem": "https://[::1", "scope": []}
    found = read_message(claims, MODULES)
    assert isinstance(found, LaunchMessage)
    assert found.link.line_item == ""


@pytest.mark.parametrize(
    ("custom", "target"),
    [
        ({}, LinkTarget()),
        ({"course_open": "course", "course_pathway": ""}, LinkTarget()),
        ({"course_open": "$Nothing.replaced"}, LinkTarget()),
        ({"course_open": "refresher", "course_nation": "wales"}, LinkTarget("refresher", nation="wales")),
        ({"course_open": "module:voices", "course_pathway": "clubs"}, LinkTarget("module", "voices", "clubs")),
        ({"course_open": "voices"}, None),
        ({"course_open": "module:"}, None),
        ({"course_open": ["course"]}, None),
    ],
)
def test_what_custom_parameters_open(custom: dict[str, Any], target: LinkTarget | None) -> None:
    if target is None:
        assert _problem(read_target, custom, MODULES) == LtiProblem.TARGET
    else:
        assert read_target(custom, MODULES) == target
        assert read_target(target.parameters(), MODULES) == target


SETTINGS = PlatformSettings(
    3, "Moodle", FAKE.issuer, CLIENT_ID, f"{FAKE.issuer}/auth", "", "", "", (), "on", False, False, False, None, ("1",)
)
USER, NAMELESS = PlatformUser("u-1", "Sam@Example.org", "Sam Okafor"), PlatformUser("u-1")
HELD, OWNED = AccountHolder(7, has_left=False), PersonWithAddress(8)


@pytest.mark.parametrize(
    ("trust", "user", "holder", "owner", "decision"),
    [
        ("", USER, HELD, None, EnterAs(7)),
        ("links adds", USER, AccountHolder(7, has_left=True), None, LtiProblem.LEFT),
        ("", USER, HELD, OWNED, EnterAs(7)),
        ("", USER, None, OWNED, LtiProblem.ADDRESS_OF_ANOTHER),
        ("adds", USER, None, OWNED, LtiProblem.ADDRESS_OF_ANOTHER),
        ("links", USER, None, OWNED, LinkAccount(8)),
        ("links", USER, None, replace(OWNED, has_left=True), LtiProblem.LEFT),
        ("links", USER, None, replace(OWNED, has_other_account=True), LtiProblem.ADDRESS_OF_ANOTHER),
        ("links", USER, None, replace(OWNED, was_unlinked=True), LtiProblem.UNLINKED),
        ("links", USER, None, replace(OWNED, has_unlinked=True), LtiProblem.ADDRESS_OF_ANOTHER),
        ("links", USER, None, None, LtiProblem.NOT_KNOWN),
        ("", NAMELESS, None, None, LtiProblem.NOT_KNOWN),
        ("adds", USER, None, None, AddPerson("Sam Okafor", email="sam@example.org")),
        ("adds", replace(USER, name=""), None, None, AddPerson("sam", email="sam@example.org")),
        ("adds", NAMELESS, None, None, AddPerson("platform-3-11a1596efd1b", sign_in_name="platform-3-11a1596efd1b")),
    ],
)  # fmt: skip
def test_who_enters_with_an_account(
    trust: str,
    user: PlatformUser,
    holder: AccountHolder | None,
    owner: PersonWithAddress | None,
    decision: AccountDecision,
) -> None:
    settings = replace(SETTINGS, links_by_address="links" in trust, makes_accounts="adds" in trust)
    assert decide_account(settings, user, holder, owner) == decision


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://moodle.example.org/mod?x=1", "https://moodle.example.org"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://a.example;script-src *", ""),
        ("https://a.example'/", ""),
        ("javascript:alert(1)", ""),
        ("https://[::1", ""),
        ("https://a.example:99999/", ""),
        ("moodle.example.org", ""),
    ],
)
def test_the_origin_of_an_address_says_nothing_more(address: str, origin: str) -> None:
    assert origin_of(address) == origin
    if not origin:
        assert not is_platform_address(address)


def test_a_sealed_value_opens_for_its_purpose_and_time_only() -> None:
    state = new_login(3, "hint", "message", "frame", NOW)
    text = state.seal(SECRET)
    assert LoginState.open(text, SECRET, NOW + timedelta(minutes=10)) == state
    assert LoginState.open(text, SECRET, NOW + timedelta(minutes=11)) is None
    assert LoginState.open(text, SECRET, NOW - timedelta(minutes=2)) is None
    assert LoginState.open(text, "another-secret-of-forty-characters-length", NOW) is None
    assert LaunchTicket.open(text, SECRET, NOW) is None
    assert LoginState.open(text[:-3], SECRET, NOW) is None
    assert LoginState.open("%%%", SECRET, NOW) is None
    assert mark_of(text) == mark_of(text + "==") != mark_of(state.seal(SECRET))
    assert new_login(3, "h" * 900, "m" * 900, "", NOW).login_hint == ""


def test_a_platform_that_registers_speaks_for_its_own_host() -> None:
    address = f"{FAKE.issuer}/.well-known/openid-configuration"
    found = read_configuration(FAKE.configuration(), address)
    assert (found.issuer, found.name) == (FAKE.issuer, "Moodle (moodle.example.org)")
    other = "https://other.example/.well-known/openid-configuration"
    assert _problem(read_configuration, FAKE.configuration(), other) == LtiProblem.CONFIGURATION
    without = {**FAKE.configuration(), "jwks_uri": None}
    assert _problem(read_configuration, without, address) == LtiProblem.CONFIGURATION
    assert read_registration({"client_id": "x"}).deployment == ""
    assert _problem(read_registration, {"client_id": ""}) == LtiProblem.REGISTRATION_REFUSED


def test_every_problem_has_a_sentence_and_what_to_do() -> None:
    assert set(PROBLEM_WORDS) == set(LtiProblem)
    for problem in LtiProblem:
        what, advice = problem_words(problem, "Riverside Moodle")
        assert what.endswith(".")
        assert advice.endswith(".")
        assert "%" not in what + advice
    assert f"{CLAIM}version" in _claims()
