"""Answers of a provider with SAML: what is accepted, and everything that must not be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from course.clock import now
from course.identity_providers.provider_client import ProviderNetwork
from course.identity_providers.rules.flow import SignInFlow, new_flow
from course.identity_providers.rules.identity import ProviderIdentity
from course.identity_providers.rules.problems import ProviderError
from course.identity_providers.rules.saml_request import ServiceAddresses, make_signing_key, service_metadata
from course.identity_providers.rules.saml_settings import AttributeNames, SamlSettings
from course.identity_providers.rules.settings import ProviderSettings
from course.identity_providers.saml_client import SamlClient
from tests.identity_providers.saml_provider import (
    EMAIL,
    ENTITY_ID,
    GROUPS,
    NAME,
    SUBJECT,
    SamlIdentityProvider,
    encoded,
    replaced,
)

BASE = "http://127.0.0.1:8000/sign-in/with/7/saml"
SERVICE = ServiceAddresses(f"{BASE}/metadata", BASE)
SETTINGS = ProviderSettings(
    7, "saml", "Riverside ID", "", "", None, "", ("example.org",), (), "", False, None, False, False, True
)
Change = Callable[[str], str]


def _client(idp: SamlIdentityProvider, **changed: str) -> SamlClient:
    saml = SamlSettings(idp.metadata, AttributeNames(**changed))
    return SamlClient(SETTINGS, saml, None, SERVICE, ProviderNetwork(), now())


def _flow() -> SignInFlow:
    return new_flow(7, "", 0, now())


def _answer(idp: SamlIdentityProvider, client: SamlClient, flow: SignInFlow, **changed: object) -> str:
    return idp.answer(client.authorization_address(flow, ""), service_metadata(SERVICE, ""), **changed)  # type: ignore[arg-type]


def _problem(client: SamlClient, flow: SignInFlow, xml: str) -> str:
    with pytest.raises(ProviderError) as refused:
        client.accept(flow, encoded(xml))
    return str(refused.value.problem)


@pytest.mark.parametrize(
    "edit",
    [
        replaced(f'Destination="{BASE}"', 'Destination="Sam Okafor"'),
        replaced(f'Recipient="{BASE}"', 'Recipient="Sam Okafor"'),
        replaced(f"{BASE}/metadata", "Sam Okafor"),
        replaced(ENTITY_ID, "Sam Okafor"),
        replaced("status:Success", "status:Responder Sam Okafor"),
        replaced('Version="2.0"', 'Version="Sam Okafor"'),
    ],
    ids=["destination", "recipient", "audience", "issuer", "status", "version"],
)
def test_what_is_refused_says_nothing_that_is_not_signed(saml_provider: SamlIdentityProvider, edit: Change) -> None:
    client, flow = _client(saml_provider), _flow()
    with pytest.raises(ProviderError) as refused:
        client.accept(flow, encoded(edit(_answer(saml_provider, client, flow))))
    assert "Sam" not in refused.value.detail


def test_a_right_answer_says_who_signed_in(saml_provider: SamlIdentityProvider) -> None:
    client, flow = _client(saml_provider), _flow()
    asserted = client.accept(flow, encoded(_answer(saml_provider, client, flow)))
    assert asserted.identity == ProviderIdentity(
        f"saml 7 {ENTITY_ID}", SUBJECT, "sam@example.org", False, "Sam Okafor", groups=frozenset()
    )
    assert now() < asserted.ends_at < now() + timedelta(hours=2)


ATTRIBUTES = (
    '<ns1:AttributeStatement><ns1:Attribute Name="{email}"><ns1:AttributeValue>Sam@Example.org</ns1:AttributeValue>'
    '</ns1:Attribute><ns1:Attribute Name="{name}"><ns1:AttributeValue>Sam O</ns1:AttributeValue></ns1:Attribute>'
    '<ns1:Attribute Name="{groups}"><ns1:AttributeValue>staff</ns1:AttributeValue><ns1:AttributeValue>leads'
    "</ns1:AttributeValue></ns1:Attribute></ns1:AttributeStatement>"
)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ({"email": EMAIL, "name": NAME, "groups": GROUPS}, {}),
        ({"email": "post", "name": "call", "groups": "memberOf"}, {"email": "post", "name": "call"}),
    ],
)
def test_attributes_are_found_by_their_usual_names_and_by_chosen_ones(
    names: dict[str, str], chosen: dict[str, str], saml_provider: SamlIdentityProvider
) -> None:
    client, flow = _client(saml_provider, **chosen), _flow()
    edit = replaced("<ns1:AttributeStatement>.*</ns1:AttributeStatement>", ATTRIBUTES.format(**names))
    identity = client.accept(flow, encoded(_answer(saml_provider, client, flow, edit=edit))).identity
    assert (identity.address, identity.name) == ("sam@example.org", "Sam O")
    assert identity.groups == frozenset(("staff", "leads"))


def _without(what: str) -> Change:
    return replaced(f' {what}="[^"]*"', "")


LONG_AGO, FAR_AHEAD = "2020-01-01T00:00:00Z", "2060-01-01T00:00:00Z"
# Each is changed before the provider signs it, so that the signature is right.
SIGNED_BUT_WRONG: list[tuple[str, Change]] = [
    ("audience", replaced("<ns1:Audience>.*?</ns1:Audience>", "<ns1:Audience>https://other.example</ns1:Audience>")),
    ("audience", replaced("<ns1:AudienceRestriction>.*?</ns1:AudienceRestriction>", "")),
    ("audience", replaced("<ns1:Conditions .*?</ns1:Conditions>", "")),
    ("recipient", replaced('Recipient="[^"]*"', f'Recipient="{BASE}/more"')),
    ("recipient", replaced('Recipient="[^"]*"', 'Recipient="http://127.0.0.1:8000/sign-in/with/8/saml"')),
    ("recipient", _without("Recipient")),
    ("recipient", replaced('Destination="[^"]*"', f'Destination="{BASE}/more"')),
    ("another request", replaced('(?<=SubjectConfirmationData )(.*?)InResponseTo="[^"]*"', r'\1InResponseTo="other"')),
    ("another request", replaced('(<ns1:SubjectConfirmationData.*?) InResponseTo="[^"]*"', r"\1")),
    ("another request", _without("InResponseTo")),
    ("another request", replaced("cm:bearer", "cm:holder-of-key")),
    ("issuer", replaced(f"(<ns1:Assertion .*?){ENTITY_ID}", r"\1https://other.example")),
    ("issuer", replaced(f">{ENTITY_ID}</ns1:Issuer><ns0:Status>", ">https://other.example</ns1:Issuer><ns0:Status>")),
    ("expired", replaced('(<ns1:SubjectConfirmationData.*?NotOnOrAfter=)"[^"]*"', rf'\1"{LONG_AGO}"')),
    ("expired", replaced('(<ns1:Conditions.*?NotOnOrAfter=)"[^"]*"', rf'\1"{LONG_AGO}"')),
    ("expired", replaced('(<ns1:SubjectConfirmationData.*?) NotOnOrAfter="[^"]*"', r"\1")),
    ("expired", replaced("<ns1:AuthnStatement ", f'<ns1:AuthnStatement SessionNotOnOrAfter="{LONG_AGO}" ')),
    ("issued in the future", replaced('NotBefore="[^"]*"', f'NotBefore="{FAR_AHEAD}"')),
    ("subject", replaced("nameid-format:persistent", "nameid-format:transient")),
    ("subject", replaced(f">{SUBJECT}<", f">{'9' * 300}<")),
    ("refused at the provider", replaced("status:Success", "status:Responder")),
]


@pytest.mark.parametrize(("problem", "edit"), SIGNED_BUT_WRONG)
def test_an_answer_with_a_right_signature_is_refused_if_it_is_not_for_this_course_and_moment(
    problem: str, edit: Change, saml_provider: SamlIdentityProvider
) -> None:
    client, flow = _client(saml_provider), _flow()
    assert _problem(client, flow, _answer(saml_provider, client, flow, edit=edit)) == problem


ASSERTION = re.compile("<ns1:Assertion .*</ns1:Assertion>", re.DOTALL)
SIGNATURE = re.compile("<ns2:Signature .*</ns2:Signature>", re.DOTALL)


def _part(pattern: re.Pattern[str], xml: str) -> str:
    found = pattern.search(xml)
    assert found is not None
    return found[0]


def _forged(xml: str, number: str = "forged") -> str:
    """The assertion of an answer without its signature, and about somebody else."""
    bare = (
        SIGNATURE.sub("", _part(ASSERTION, xml)).replace(SUBJECT, "boss").replace("sam@example.org", "boss@example.org")
    )
    return re.sub('(?<= ID=)"[^"]*"', f'"{number}"', bare, count=1)


def _first_forged_then_right(xml: str) -> str:
    return ASSERTION.sub(lambda found: _forged(xml) + found[0], xml)


def _right_first_then_forged(xml: str) -> str:
    return ASSERTION.sub(lambda found: found[0] + _forged(xml), xml)


def _right_one_inside_extensions(xml: str) -> str:
    moved = ASSERTION.sub(lambda _found: _forged(xml), xml)
    return moved.replace("<ns0:Status>", f"<ns0:Extensions>{_part(ASSERTION, xml)}</ns0:Extensions><ns0:Status>")


def _right_one_inside_the_signature_of_the_forged_one(xml: str) -> str:
    right = _part(ASSERTION, xml)
    carrier = _part(SIGNATURE, xml).replace("</ns2:Signature>", f"<ns2:Object>{right}</ns2:Object></ns2:Signature>")
    forged = _forged(xml).replace("</ns1:Issuer>", f"</ns1:Issuer>{carrier}", 1)
    return ASSERTION.sub(lambda _found: forged, xml)


def _other_element_with_the_same_number(xml: str) -> str:
    """What is signed is found by a number that two elements have; the first of them is no assertion."""
    right = _part(ASSERTION, xml)
    number = _part(re.compile('(?<= ID=)"[^"]*"'), right)
    return xml.replace(
        "<ns0:Status>", f'<ns0:Extensions><x:y xmlns:x="urn:x" ID={number}/></ns0:Extensions><ns0:Status>'
    )


TAMPERED: list[tuple[str, Change]] = [
    ("signature", replaced("sam@example.org", "boss@example.org")),
    ("signature", replaced(SUBJECT, "boss")),
    ("signature", lambda xml: SIGNATURE.sub("", xml)),
    ("signature", replaced('Reference URI="#', 'Reference URI="#x')),
    ("signature", replaced("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256")),
    ("structure of the answer", _first_forged_then_right),
    ("structure of the answer", _right_first_then_forged),
    ("structure of the answer", _right_one_inside_extensions),
    ("structure of the answer", _right_one_inside_the_signature_of_the_forged_one),
    ("structure of the answer", _other_element_with_the_same_number),
    # Signatures leave comments out, and some parsers end a text at one.
    ("structure of the answer", replaced(SUBJECT, "9f2d<!-- -->41c0")),
    ("structure of the answer", replaced("sam@example.org", "sam@example.org<!---->.evil.example")),
    ("structure of the answer", replaced(SUBJECT, "9f2d<?x?>41c0")),
    ("structure of the answer", replaced(SUBJECT, f"<![CDATA[{SUBJECT}]]>")),
    ("structure of the answer", lambda xml: re.sub(r"^(<\?xml.*?\?>)", r'\1<!DOCTYPE x [<!ENTITY a "b">]>', xml)),
    ("structure of the answer", lambda xml: re.sub(r"^<\?xml.*?\?>", '<?xml version="1.0" encoding="UTF-7"?>', xml)),
    ("structure of the answer", lambda _xml: "<html/>"),
    ("structure of the answer", lambda _xml: "Good morning"),
    ("structure of the answer", lambda _xml: ""),
    ("structure of the answer", lambda xml: xml + " " * 200_000),
]


@pytest.fixture(scope="module")
def signed(saml_provider: SamlIdentityProvider) -> tuple[SamlClient, SignInFlow, str]:
    """A right answer that the tests below tamper with."""
    client, flow = _client(saml_provider), _flow()
    return client, flow, _answer(saml_provider, client, flow)


@pytest.mark.parametrize(("problem", "change"), TAMPERED)
def test_an_answer_that_was_changed_after_it_was_signed_is_refused(
    problem: str, change: Change, signed: tuple[SamlClient, SignInFlow, str]
) -> None:
    client, flow, xml = signed
    tampered = change(xml)
    assert tampered != xml
    assert _problem(client, flow, tampered) == problem
    assert client.accept(flow, encoded(xml)).identity.subject == SUBJECT


def test_what_is_not_base64_is_refused(signed: tuple[SamlClient, SignInFlow, str]) -> None:
    client, flow, _xml = signed
    with pytest.raises(ProviderError, match="structure"):
        client.accept(flow, "not base64: ä")


def test_an_answer_that_another_key_signed_or_that_only_the_response_signs_is_refused(
    tmp_path_factory: pytest.TempPathFactory, saml_provider: SamlIdentityProvider
) -> None:
    client, flow = _client(saml_provider), _flow()
    stranger = SamlIdentityProvider(tmp_path_factory.mktemp("stranger"))
    assert _problem(client, flow, _answer(stranger, client, flow)) == "signature"
    xml = _answer(saml_provider, client, flow, is_signed=False, sign_response=True)
    assert "SignatureValue" in xml
    assert _problem(client, flow, xml) == "signature"


def test_an_answer_to_another_flow_is_refused(signed: tuple[SamlClient, SignInFlow, str]) -> None:
    client, _flow_of_answer, xml = signed
    assert _problem(client, _flow(), xml) == "another request"


def test_whoever_has_to_prove_again_who_they_are_has_to_have_signed_in_there_since(
    saml_provider: SamlIdentityProvider,
) -> None:
    client, flow = _client(saml_provider), replace(_flow(), again=True)
    edit = replaced('AuthnInstant="[^"]*"', f'AuthnInstant="{LONG_AGO}"')
    xml = saml_provider.answer(
        client.authorization_address(flow, "", again=True), service_metadata(SERVICE, ""), edit=edit
    )
    assert saml_provider.requests[-1].force_authn == "true"
    assert client.accept(flow, encoded(xml)).identity.subject == SUBJECT
    with pytest.raises(ProviderError, match="not signed in anew"):
        client.accept(flow, encoded(xml), signed_in_since=now())


def test_the_provider_accepts_signed_requests_and_knows_the_key_from_the_metadata_of_the_course(
    saml_provider: SamlIdentityProvider,
) -> None:
    key, certificate = make_signing_key("course", now())
    client, flow = replace(_client(saml_provider), signing_key=key), _flow()
    address = client.authorization_address(flow, "")
    xml = saml_provider.answer(address, service_metadata(SERVICE, certificate))
    assert client.accept(flow, encoded(xml)).identity.subject == SUBJECT
    with pytest.raises(Exception, match="not signed correctly"):
        saml_provider.answer(address.replace("RelayState=", "RelayState=x"), service_metadata(SERVICE, certificate))
