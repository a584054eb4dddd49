"""The answer of a provider with SAML: what has to be true of it besides its signature, and who it is about.

The library that checks the signature accepts an assertion without an audience, a recipient or a request, and finds what was
signed by a number that may occur twice. So all of that is required here, on the same parsed document.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from course.identity_providers.rules.claims import CLOCK_SKEW, MAX_GROUPS
from course.identity_providers.rules.groups import MAX_GROUP_LENGTH
from course.identity_providers.rules.identity import MAX_SUBJECT_LENGTH, ProviderIdentity
from course.identity_providers.rules.problems import ProviderError, ProviderProblem
from course.identity_providers.rules.saml_metadata import PROTOCOL, SIGNATURE
from course.identity_providers.rules.saml_request import EMAIL_FORMAT, ServiceAddresses
from course.identity_providers.rules.saml_settings import (
    GROUPS_ELSEWHERE,
    USUAL_EMAIL,
    USUAL_GIVEN_NAME,
    USUAL_GROUPS,
    USUAL_NAME,
    USUAL_SURNAME,
    USUAL_USER_NAME,
    AttributeNames,
)

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
MAX_RESPONSE_LENGTH = 200_000  # characters of base64
_RESPONSE = f"{{{PROTOCOL}}}Response"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_TRANSFORMS = frozenset((
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#",
))  # fmt: skip
_DECLARATION = re.compile(
    r"""\s*<\?xml version=["']1\.0["'](?: encoding=["'][Uu][Tt][Ff]-8["'])?(?: standalone=["']\w+["'])?\s*\?>"""
)
_SKEW = timedelta(seconds=CLOCK_SKEW)
P = ProviderProblem


@dataclass(frozen=True)
class ExpectedAnswer:
    """What the answer to a request has to say. `signed_in_since`: the person has to have signed in there since then."""

    issuer: str
    service: ServiceAddresses
    request: str
    signed_in_since: datetime | None = None


@dataclass(frozen=True)
class AssertedIdentity:
    """Who signed in. `mark` is by what it is known that the assertion was used, `ends_at` is when it ends by itself."""

    identity: ProviderIdentity
    mark: str
    ends_at: datetime


def response_text(encoded: str) -> str:
    """The XML of a SAMLResponse. Raises ProviderError (STRUCTURE) for what no provider sends and what makes parsers disagree
    about the same bytes: comments, processing instructions, DTDs, CDATA, other encodings."""
    if len(encoded) > MAX_RESPONSE_LENGTH:
        raise ProviderError(P.STRUCTURE, "too long")
    try:
        text = base64.b64decode("".join(encoded.split()), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ProviderError(P.STRUCTURE, "not base64 of UTF-8") from error
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text
    if "<!" in text or "<?" in text or "\x00" in text:
        raise ProviderError(P.STRUCTURE, "comment, declaration or instruction")
    return text.strip()


def only_assertion(root: Element) -> Element:
    """The one assertion of a response, which is signed itself. Raises ProviderError: STRUCTURE or SIGNATURE."""
    if root.tag != _RESPONSE:
        raise ProviderError(P.STRUCTURE, "no response")
    numbers = [value for one in root.iter() for name, value in one.attrib.items() if name.lower() == "id"]
    if len(set(numbers)) != len(numbers):
        raise ProviderError(P.STRUCTURE, "a number occurs twice")
    if next(root.iter(f"{ASSERTION}EncryptedAssertion"), None) is not None:
        raise ProviderError(P.STRUCTURE, "the assertion is encrypted")
    found = list(root.iter(f"{ASSERTION}Assertion"))
    if len(found) != 1 or not any(child is found[0] for child in root):
        raise ProviderError(P.STRUCTURE, f"{len(found)} assertions")
    _check_signature_places(root, found[0])
    return found[0]


def _check_signature_places(root: Element, assertion: Element) -> None:
    own = assertion.findall(f"{SIGNATURE}Signature")
    if len(own) != 1:
        raise ProviderError(P.SIGNATURE, "the assertion is not signed")
    of_response = root.findall(f"{SIGNATURE}Signature")
    if len(list(root.iter(f"{SIGNATURE}Signature"))) != len(own) + len(of_response) or len(of_response) > 1:
        raise ProviderError(P.STRUCTURE, "signatures in other places")
    if next(root.iter(f"{SIGNATURE}Object"), None) is not None:
        raise ProviderError(P.STRUCTURE, "something inside a signature")
    for owner, signature in ((assertion, own[0]), *((root, one) for one in of_response)):
        references = list(signature.iter(f"{SIGNATURE}Reference"))
        if len(references) != 1 or references[0].get("URI") != f"#{owner.get('ID', '')}":
            raise ProviderError(P.SIGNATURE, "another element is signed")
        if not {one.get("Algorithm") for one in signature.iter(f"{SIGNATURE}Transform")} <= _TRANSFORMS:
            raise ProviderError(P.SIGNATURE, "another transformation")


def check_answer(root: Element, assertion: Element, expected: ExpectedAnswer, at: datetime) -> datetime:
    """Raise ProviderError unless a response and its assertion are for this course, from this provider, about this request and of
    this moment. Returns when the assertion ends."""
    if root.get("InResponseTo") != expected.request:
        raise ProviderError(P.OTHER_REQUEST)
    if root.get("Destination", expected.service.answers) != expected.service.answers:
        raise ProviderError(P.RECIPIENT, "Destination")
    issuers = [_text(one) for one in assertion.findall(f"{ASSERTION}Issuer")]
    if issuers != [expected.issuer]:
        raise ProviderError(P.ISSUER)
    _check_conditions(assertion, expected.service.entity_id, at)
    _check_statement(assertion, expected.signed_in_since, at)
    return _check_confirmation(assertion, expected, at)


def _check_conditions(assertion: Element, entity_id: str, at: datetime) -> None:
    found = assertion.findall(f"{ASSERTION}Conditions")
    if len(found) != 1:
        raise ProviderError(P.AUDIENCE, "no conditions")
    _check_period(found[0], at)
    restrictions = found[0].findall(f"{ASSERTION}AudienceRestriction")
    audiences = [{_text(one) for one in each.findall(f"{ASSERTION}Audience")} for each in restrictions]
    if not audiences or not all(entity_id in each for each in audiences):
        raise ProviderError(P.AUDIENCE)


def _check_statement(assertion: Element, signed_in_since: datetime | None, at: datetime) -> None:
    found = assertion.findall(f"{ASSERTION}AuthnStatement")
    if len(found) != 1:
        raise ProviderError(P.STRUCTURE, f"{len(found)} statements about a sign-in")
    end = _moment(found[0], "SessionNotOnOrAfter")
    if end is not None and end <= at - _SKEW:
        raise ProviderError(P.EXPIRED)
    signed_in = _moment(found[0], "AuthnInstant")
    if signed_in_since is not None and (signed_in is None or signed_in < signed_in_since - _SKEW):
        raise ProviderError(P.NOT_FRESH)


def _check_confirmation(assertion: Element, expected: ExpectedAnswer, at: datetime) -> datetime:
    """When the first confirmation that is right ends; without one, what is wrong with the last."""
    problem = ProviderError(P.OTHER_REQUEST, "no confirmation")
    for one in assertion.findall(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation"):
        data = one.find(f"{ASSERTION}SubjectConfirmationData")
        if one.get("Method") != _BEARER or data is None:
            continue
        try:
            return _check_bearer(data, expected, at)
        except ProviderError as error:
            problem = error
    raise problem


def _check_bearer(data: Element, expected: ExpectedAnswer, at: datetime) -> datetime:
    """SAML 2.0 Profiles, section 4.1.4.3."""
    if data.get("InResponseTo") != expected.request:
        raise ProviderError(P.OTHER_REQUEST)
    if data.get("Recipient") != expected.service.answers:
        raise ProviderError(P.RECIPIENT, "Recipient")
    _check_period(data, at)
    end = _moment(data, "NotOnOrAfter")
    if end is None:
        raise ProviderError(P.EXPIRED, "no end")
    return end + _SKEW


def _check_period(one: Element, at: datetime) -> None:
    begin, end = _moment(one, "NotBefore"), _moment(one, "NotOnOrAfter")
    if begin is not None and begin > at + _SKEW:
        raise ProviderError(P.TOO_EARLY)
    if end is not None and end <= at - _SKEW:
        raise ProviderError(P.EXPIRED)


def _moment(one: Element, name: str) -> datetime | None:
    """A moment in an attribute, which is in UTC. One that cannot be read is as bad as one that is over."""
    text = one.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ProviderError(P.EXPIRED, name) from error


def asserted_identity(
    assertion: Element, provider_id: int, expected: ExpectedAnswer, names: AttributeNames, ends_at: datetime
) -> AssertedIdentity:
    """Who a checked assertion is about. Raises ProviderError (SUBJECT).

    The issuer has the provider's number in it: with SAML a provider chooses its name itself, and must not take the accounts of
    another one by choosing that one's.
    """
    values = _attributes(assertion)
    found = assertion.findall(f"{ASSERTION}Subject/{ASSERTION}NameID")
    name_id, format_ = (_text(found[0]), found[0].get("Format", "")) if len(found) == 1 else ("", "")
    subject = next(iter(values.get(names.subject, ())), "") if names.subject else _subject(found, expected.issuer)
    if not 0 < len(subject) <= MAX_SUBJECT_LENGTH:
        raise ProviderError(P.SUBJECT, "no permanent NameID" if not subject else "too long")
    email = _first(values, (names.email,) if names.email else USUAL_EMAIL)
    identity = ProviderIdentity(
        issuer=f"saml {provider_id} {expected.issuer}",
        subject=subject,
        email=email or (name_id if format_ == EMAIL_FORMAT else ""),
        name=_name(values, names),
        username=_first(values, USUAL_USER_NAME),
        groups=_groups(values, names),
        signed_in_at=_moment(next(assertion.iter(f"{ASSERTION}AuthnStatement")), "AuthnInstant"),
    )
    number = f"SAML assertion {identity.issuer} {assertion.get('ID', '')}"
    return AssertedIdentity(identity, hashlib.sha256(number.encode()).hexdigest(), ends_at)


def _subject(found: list[Element], issuer: str) -> str:
    """The NameID as a permanent name of an account; empty for one that is another each time."""
    if len(found) != 1 or found[0].get("Format") == _TRANSIENT:
        return ""
    text, qualifier = _text(found[0]), found[0].get("NameQualifier", "")
    if found[0].get("Format") == EMAIL_FORMAT:
        text = text.lower()
    return f"{qualifier}!{text}" if text and qualifier not in ("", issuer) else text


def _name(values: dict[str, list[str]], names: AttributeNames) -> str:
    whole = _first(values, (names.name,) if names.name else USUAL_NAME)
    return whole or f"{_first(values, USUAL_GIVEN_NAME)} {_first(values, USUAL_SURNAME)}".strip()


def _groups(values: dict[str, list[str]], names: AttributeNames) -> frozenset[str] | None:
    """The groups of somebody. Providers leave the attribute out for somebody who is in none; only Entra says that there are too
    many to send."""
    wanted = (names.groups,) if names.groups else USUAL_GROUPS
    if not any(name in values for name in wanted) and GROUPS_ELSEWHERE in values:
        return None
    found = [one for name in wanted for one in values.get(name, ()) if len(one) <= MAX_GROUP_LENGTH]
    return frozenset(found[:MAX_GROUPS])


def _attributes(assertion: Element) -> dict[str, list[str]]:
    """The values of the attributes by name, and by the name for people."""
    values: dict[str, list[str]] = {}
    for one in assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        found = [_text(value) for value in one.findall(f"{ASSERTION}AttributeValue")]
        for name in {one.get("Name", ""), one.get("FriendlyName", "")} - {""}:
            values.setdefault(name, []).extend(text for text in found if text)
    return values


def _first(values: dict[str, list[str]], names: Iterable[str]) -> str:
    return next((text for name in names for text in values.get(name, ())), "")


def _text(one: Element) -> str:
    """All text of an element, also of elements inside it, as of a NameID inside the value of an attribute."""
    return "".join(one.itertext()).strip()
