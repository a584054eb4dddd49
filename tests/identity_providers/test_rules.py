"""The rules of signing in through a provider, as tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from course.identity_providers.rules.domains import is_covered, public_domains, read_domains, wrong_domains
from course.identity_providers.rules.flow import (
    SessionOrigin,
    new_flow,
    open_flow,
    open_origin,
    seal_flow,
    seal_origin,
)
from course.identity_providers.rules.groups import GroupGrant, GroupRow, pathway_of, plan_groups
from course.identity_providers.rules.identity import (
    AddressOwner,
    Decision,
    KnownPeople,
    LinkByAddress,
    LinkedPerson,
    MakeAccount,
    ProviderIdentity,
    ProviderTrust,
    RefuseSignIn,
    SignInLinked,
    decide_sign_in,
    link_refusal,
)
from course.identity_providers.rules.policy import (
    RequiredProvider,
    SignInSubject,
    must_use_provider,
    requirement_refusal,
    unlink_refusal,
)
from course.identity_providers.rules.problems import PROBLEM_WORDS, ProviderProblem, problem_words

P = ProviderProblem
AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
ISSUER = "https://id.example"
SECRET = "a secret key of these tests, long enough"

VERIFIED = ProviderIdentity(ISSUER, "1", "Sam@Example.org", True, "Sam Okafor")
UNVERIFIED = ProviderIdentity(ISSUER, "1", "sam@example.org", False, "Sam Okafor")
NO_ADDRESS = ProviderIdentity(ISSUER, "1", "", False, "Sam Okafor", "sam.okafor")
PLAIN = ProviderTrust()
MAKES = ProviderTrust(makes_accounts=True)
DOMAIN = ProviderTrust(("example.org",), makes_accounts=True)
OTHER_DOMAIN = ProviderTrust(("example.net",), makes_accounts=True)
MICROSOFT = ProviderTrust(makes_accounts=True, kind="microsoft", tenants=("t",))
MICROSOFT_DOMAIN = ProviderTrust(("example.org",), True, "microsoft", ("t",))
NOBODY = KnownPeople()
OWNER = KnownPeople(owner=AddressOwner(7))


def _refused(problem: ProviderProblem) -> RefuseSignIn:
    return RefuseSignIn(problem)


# What the provider may say, who signs in there, who is known here, and what follows.
DECISIONS: list[tuple[ProviderTrust, ProviderIdentity, KnownPeople, Decision]] = [
    # A link decides, whatever the address is.
    (PLAIN, UNVERIFIED, KnownPeople(LinkedPerson(3, False)), SignInLinked(3)),
    (PLAIN, NO_ADDRESS, KnownPeople(LinkedPerson(3, False)), SignInLinked(3)),
    (PLAIN, VERIFIED, KnownPeople(LinkedPerson(3, False), AddressOwner(7)), SignInLinked(3)),
    (MAKES, VERIFIED, KnownPeople(LinkedPerson(3, True)), _refused(P.LEFT)),
    # The address links where the provider verified it, or an administrator named its domain.
    (PLAIN, VERIFIED, OWNER, LinkByAddress(7)),
    (PLAIN, UNVERIFIED, OWNER, _refused(P.ADDRESS_NOT_VERIFIED)),
    (DOMAIN, UNVERIFIED, OWNER, LinkByAddress(7)),
    (OTHER_DOMAIN, UNVERIFIED, OWNER, _refused(P.ADDRESS_NOT_VERIFIED)),
    (OTHER_DOMAIN, VERIFIED, OWNER, LinkByAddress(7)),
    # Microsoft verifies nothing, whatever it says.
    (MICROSOFT, VERIFIED, OWNER, _refused(P.ADDRESS_NOT_VERIFIED)),
    (MICROSOFT_DOMAIN, UNVERIFIED, OWNER, LinkByAddress(7)),
    # Somebody who cannot be it.
    (PLAIN, VERIFIED, KnownPeople(owner=AddressOwner(7, has_left=True)), _refused(P.LEFT)),
    (PLAIN, VERIFIED, KnownPeople(owner=AddressOwner(7, has_other_link=True)), _refused(P.ADDRESS_OF_ANOTHER)),
    (PLAIN, VERIFIED, KnownPeople(owner=AddressOwner(7, was_unlinked=True)), _refused(P.UNLINKED)),
    # Nobody has the address.
    (PLAIN, VERIFIED, NOBODY, _refused(P.NOT_KNOWN)),
    (MAKES, VERIFIED, NOBODY, MakeAccount("Sam Okafor", email="sam@example.org")),
    (MAKES, UNVERIFIED, NOBODY, _refused(P.ADDRESS_NOT_VERIFIED)),
    (DOMAIN, UNVERIFIED, NOBODY, MakeAccount("Sam Okafor", email="sam@example.org")),
    (OTHER_DOMAIN, VERIFIED, NOBODY, _refused(P.NOT_KNOWN)),
    # No address: never a link, but a new person, unless domains say who belongs here.
    (PLAIN, NO_ADDRESS, NOBODY, _refused(P.NOT_KNOWN)),
    (MAKES, NO_ADDRESS, NOBODY, MakeAccount("Sam Okafor", sign_in_name="sam.okafor")),
    (DOMAIN, NO_ADDRESS, NOBODY, _refused(P.NOT_KNOWN)),
    (MAKES, ProviderIdentity(ISSUER, "1", name="Sam"), NOBODY, _refused(P.NO_LOGIN)),
    (MAKES, NO_ADDRESS, KnownPeople(taken_sign_in_names=frozenset({"sam.okafor"})), _refused(P.NAME_TAKEN)),
    (
        MAKES,
        ProviderIdentity(ISSUER, "1", "no address", True, "Sam", "sam"),
        NOBODY,
        MakeAccount("Sam", sign_in_name="sam"),
    ),
]


@pytest.mark.parametrize(("trust", "identity", "known", "decision"), DECISIONS)
def test_who_signs_in(trust: ProviderTrust, identity: ProviderIdentity, known: KnownPeople, decision: Decision) -> None:
    assert decide_sign_in(trust, identity, known) == decision


@pytest.mark.parametrize(
    ("linked", "has_other", "problem"),
    [
        (None, False, None),
        (LinkedPerson(1, False), True, None),
        (LinkedPerson(2, False), False, P.LINKED_TO_ANOTHER),
        (None, True, P.ANOTHER_LINKED),
    ],
)
def test_who_may_link_an_account_to_themselves(
    linked: LinkedPerson | None, has_other: bool, problem: ProviderProblem | None
) -> None:
    assert link_refusal(1, linked, has_other) == problem


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (ProviderIdentity(ISSUER, "1", "ada.brook@example.org"), "ada.brook"),
        (ProviderIdentity(ISSUER, "1", username="ab12@school"), "ab12"),
        (ProviderIdentity(ISSUER, "subject"), "subject"),
        (ProviderIdentity(ISSUER, "1", name="  Ada \u200b Brook "), "Ada Brook"),
    ],
)
def test_everybody_gets_a_name(identity: ProviderIdentity, name: str) -> None:
    assert identity.display_name == name


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("a@example.org", True),
        ("a@EXAMPLE.org", True),
        ("a@sub.example.org", False),
        ("a@example.org.evil.example", False),
        ("a@notexample.org", False),
        ("a@gmail.com", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_a_domain_covers_its_own_addresses_only(address: str, covered: bool) -> None:
    assert is_covered(address, ("example.org", "gmail.com")) is covered


def test_domains_are_read_as_people_enter_them() -> None:
    assert read_domains("@Example.org, example.net\nexample.org.") == ("example.org", "example.net")
    assert wrong_domains(("example.org", "sam@example.org", "localhost", "-a.org", "a_b.org")) == [
        "sam@example.org", "localhost", "-a.org", "a_b.org",
    ]  # fmt: skip
    assert public_domains(("example.org", "gmail.com", "outlook.com")) == ["gmail.com", "outlook.com"]


TABLE = (
    GroupRow("staff", team_id=1),
    GroupRow("leads", team_id=2, role="manager", pathway="school"),
    GroupRow("hr", role="hr", pathway="leaders"),
    GroupRow("admins", role="administrator"),
)
TEAM, LEAD, HR, ADMIN = GroupGrant("team", 1), GroupGrant("manager", 2), GroupGrant("hr"), GroupGrant("administrator")


@pytest.mark.parametrize(
    ("groups", "held", "given", "give", "take"),
    [
        ({"staff"}, set(), set(), {TEAM}, set()),
        ({"staff", "hr"}, {TEAM}, {TEAM}, {HR}, set()),
        ({"leads"}, set(), set(), {GroupGrant("team", 2), LEAD}, set()),
        # Gone from the group: taken if the table gave it, and never if it was given by hand.
        (set(), {TEAM, HR}, {HR}, set(), {HR}),
        (set(), {TEAM, HR}, set(), set(), set()),
        ({"admins"}, {HR}, {HR}, {ADMIN}, {HR}),
        # Held by hand already: nothing is given, so nothing is taken later.
        ({"hr"}, {HR}, set(), set(), set()),
        # An administrator only by a row that says so, and groups are compared exactly.
        ({"Admins", "administrator"}, set(), set(), set(), set()),
        # The provider does not say the groups.
        (None, {TEAM, HR}, {HR}, set(), set()),
    ],
)
def test_what_groups_give_and_take(
    groups: set[str] | None, held: set[GroupGrant], given: set[GroupGrant], give: set[GroupGrant], take: set[GroupGrant]
) -> None:
    plan = plan_groups(TABLE, groups, held, given)
    assert (set(plan.give), set(plan.take)) == (give, take)


def test_of_several_pathways_the_first_row_counts() -> None:
    assert pathway_of([TABLE[0], TABLE[2], TABLE[1]]) == "leaders"
    assert pathway_of([TABLE[0]]) is None


REQUIRED = RequiredProvider(1, "ID", (), frozenset({9}))
WITH_DOMAINS = RequiredProvider(1, "ID", ("example.org",), frozenset())


@pytest.mark.parametrize(
    ("required", "person", "must"),
    [
        (None, SignInSubject(1, "a@example.org", True), False),
        (REQUIRED, SignInSubject(1, "a@example.org", False), True),
        (REQUIRED, SignInSubject(9, "a@example.org", True), False),
        (REQUIRED, SignInSubject(1, None, False), False),
        (REQUIRED, SignInSubject(1, "a@nowhere.invalid", False), False),
        (REQUIRED, SignInSubject(1, None, True), True),
        (WITH_DOMAINS, SignInSubject(1, "a@example.org", False), True),
        (WITH_DOMAINS, SignInSubject(1, "a@example.net", False), False),
        (WITH_DOMAINS, SignInSubject(1, "a@example.net", True), True),
    ],
)
def test_who_has_to_use_the_required_provider(
    required: RequiredProvider | None, person: SignInSubject, must: bool
) -> None:
    assert must_use_provider(required, person) is must


@pytest.mark.parametrize(
    ("active", "signed_in", "exceptions", "words"),
    [
        (False, AT, [1], "Switch this provider on"),
        (True, None, [1], "No administrator has signed in"),
        (True, AT - timedelta(hours=1), [1], "No administrator has signed in"),
        (True, AT + timedelta(hours=1), [], "at least one"),
        (True, AT + timedelta(hours=1), [1, 2, 3], "at most two"),
        (True, AT + timedelta(hours=1), [4], "Only an administrator"),
        (True, AT + timedelta(hours=1), [1, 2], None),
    ],
)
def test_when_a_provider_can_be_required(
    active: bool, signed_in: datetime | None, exceptions: list[int], words: str | None
) -> None:
    refusal = requirement_refusal(active, AT, signed_in, exceptions, {1, 2, 3})
    assert (refusal is None) if words is None else (words in (refusal or ""))


@pytest.mark.parametrize(
    ("has_password", "others", "must", "refused"),
    [
        (True, 0, False, False),
        (False, 0, False, True),
        (False, 1, False, False),
        (True, 0, True, True),
        (True, 1, True, False),
    ],
)
def test_somebody_unlinks_only_what_is_not_their_last_way_to_sign_in(
    has_password: bool, others: int, must: bool, refused: bool
) -> None:
    assert (unlink_refusal(has_password, others, must) is not None) is refused


def test_a_flow_opens_only_for_its_state_its_provider_and_ten_minutes() -> None:
    flow = new_flow(4, "/me", 0, AT)
    sealed = seal_flow(flow, SECRET)
    assert open_flow(sealed, flow.state, 4, SECRET, AT + timedelta(minutes=9)) == flow
    assert open_flow(sealed, flow.state, 5, SECRET, AT) is None
    assert open_flow(sealed, "another", 4, SECRET, AT) is None
    assert open_flow(sealed, flow.state, 4, SECRET, AT + timedelta(minutes=11)) is None
    assert open_flow(sealed, flow.state, 4, SECRET + "!", AT) is None
    assert open_flow(sealed[:-2], flow.state, 4, SECRET, AT) is None
    assert open_flow("ÿ", flow.state, 4, SECRET, AT) is None
    # What is sealed for another purpose is no flow.
    assert open_flow(seal_origin(SessionOrigin(4, 1), SECRET), flow.state, 4, SECRET, AT) is None


def test_an_origin_fits_into_a_cookie_also_with_a_long_token() -> None:
    assert open_origin(seal_origin(SessionOrigin(1, 2, "token"), SECRET), SECRET) == SessionOrigin(1, 2, "token")
    long = seal_origin(SessionOrigin(1, 2, "t" * 5000), SECRET)
    assert len(long) < 3800
    assert open_origin(long, SECRET) == SessionOrigin(1, 2)


@pytest.mark.parametrize("problem", list(ProviderProblem))
def test_every_problem_has_words_with_the_name_of_the_provider(problem: ProviderProblem) -> None:
    what, advice = problem_words(problem, "100% ID")
    assert advice.endswith(".")
    assert "%(" not in what + advice
    assert problem in PROBLEM_WORDS or "100% ID" in what
