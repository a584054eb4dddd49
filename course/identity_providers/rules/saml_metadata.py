"""What a provider with SAML says about itself (SAML 2.0 Metadata), read and checked."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from course.identity_providers.rules.problems import ProviderError, ProviderProblem

METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
MAX_ENTITY_ID_LENGTH = 450  # characters
MAX_METADATA_LENGTH = 200_000  # characters
_MAX_CERTIFICATES = 10


@dataclass(frozen=True)
class SamlMetadata:
    """A provider: how it calls itself, where browsers go to sign in, and the certificates (DER as base64) of the keys with which
    it signs. `wants_signed_requests`: it accepts no others."""

    entity_id: str
    sign_in_address: str
    certificates: tuple[str, ...]
    wants_signed_requests: bool = False


def read_saml_metadata(data: bytes) -> SamlMetadata:
    """The metadata of one provider. Raises ProviderError: NOT_SAML, INCOMPLETE or NO_KEYS."""
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise ProviderError(ProviderProblem.NOT_SAML) from error
    entity, provider = _provider_in(root)
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id or len(entity_id) > MAX_ENTITY_ID_LENGTH:
        raise ProviderError(ProviderProblem.INCOMPLETE, "entityID")
    address = next(
        (
            one.get("Location", "").strip()
            for one in provider.findall(f"{METADATA}SingleSignOnService")
            if one.get("Binding") == REDIRECT_BINDING
        ),
        "",
    )
    if not _is_address(address):
        raise ProviderError(ProviderProblem.INCOMPLETE, "SingleSignOnService (HTTP-Redirect)")
    certificates = tuple(dict.fromkeys(_certificates(provider)))
    if not certificates or len(certificates) > _MAX_CERTIFICATES:
        raise ProviderError(ProviderProblem.NO_KEYS, f"{len(certificates)}")
    wants = provider.get("WantAuthnRequestsSigned", "") in ("true", "1")
    return SamlMetadata(entity_id, address, certificates, wants)


def _provider_in(root: Element) -> tuple[Element, Element]:
    """The entity and its part as a provider. A file with several providers does not say which one is meant."""
    entities = [root] if root.tag == f"{METADATA}EntityDescriptor" else root.findall(f"{METADATA}EntityDescriptor")
    found = [
        (entity, part)
        for entity in entities
        for part in entity.findall(f"{METADATA}IDPSSODescriptor")
        if PROTOCOL in part.get("protocolSupportEnumeration", "").split()
    ]
    if len(found) != 1:
        raise ProviderError(ProviderProblem.NOT_SAML, f"{len(found)} × IDPSSODescriptor")
    return found[0]


def _certificates(provider: Element) -> list[str]:
    """The certificates for signatures. A key without a use is for all uses."""
    from cryptography import x509  # noqa: PLC0415 (few read certificates)

    found = []
    for key in provider.findall(f"{METADATA}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for one in key.iter(f"{SIGNATURE}X509Certificate"):
            text = "".join((one.text or "").split())
            try:
                x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError) as error:
                raise ProviderError(ProviderProblem.NO_KEYS, str(error)[:100]) from error
            found.append(text)
    return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.fragment and len(text) <= 1000
