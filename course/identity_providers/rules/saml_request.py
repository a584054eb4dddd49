"""What the course sends to a provider with SAML: the request to sign somebody in, and its own metadata."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from course.identity_providers.rules.flow import SignInFlow
from course.identity_providers.rules.saml_metadata import PROTOCOL

POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_KEY_BITS = 3072
_CERTIFICATE_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class ServiceAddresses:
    """How the course calls itself to a provider, and where it takes answers."""

    entity_id: str
    answers: str


def request_id(flow: SignInFlow) -> str:
    """The number of the request of a flow. It begins with a letter, as xs:ID asks."""
    return f"r{hashlib.sha256(f'SAML request {flow.nonce}'.encode()).hexdigest()}"


def sign_in_request(flow: SignInFlow, service: ServiceAddresses, destination: str, at: datetime, again: bool) -> str:
    """An AuthnRequest (SAML 2.0 Core, section 3.4). `again`: the person proves once more who they are.

    It asks for no format of the NameID, because several providers then refuse everything else; the metadata name the persistent
    one first.
    """
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    anew = ' ForceAuthn="true"' if again else ""
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        f'ID="{request_id(flow)}" Version="2.0" IssueInstant="{moment}" Destination={quoteattr(destination)} '
        f'AssertionConsumerServiceURL={quoteattr(service.answers)} ProtocolBinding="{POST_BINDING}"{anew}>'
        f'<saml:Issuer>{escape(service.entity_id)}</saml:Issuer><samlp:NameIDPolicy AllowCreate="true"/>'
        "</samlp:AuthnRequest>"
    )


def redirect_address(destination: str, request: str, state: str, key_pem: bytes | None) -> str:
    """The address to which the browser is sent with a request (SAML 2.0 Bindings, section 3.4), signed if there is a key."""
    packed = zlib.compressobj(wbits=-15)
    data = packed.compress(request.encode()) + packed.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(data).decode(), "RelayState": state})
    if key_pem is not None:
        key = load_pem_private_key(key_pem, None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the signing key is not an RSA key")
        query += "&" + urlencode({"SigAlg": RSA_SHA256})
        query += "&" + urlencode(
            {"Signature": base64.b64encode(key.sign(query.encode(), PKCS1v15(), SHA256())).decode()}
        )
    return f"{destination}{'&' if '?' in destination else '?'}{query}"


def service_metadata(service: ServiceAddresses, certificate_pem: str) -> str:
    """The metadata of the course, for the provider. Its key is for signatures only, so that assertions come unencrypted over
    https and can be checked before anything is decrypted."""
    key = ""
    if certificate_pem:
        lines = "".join(line for line in certificate_pem.splitlines() if not line.startswith("-"))
        key = (
            '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{lines}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    formats = "".join(f"<md:NameIDFormat>{one}</md:NameIDFormat>" for one in (PERSISTENT, EMAIL_FORMAT, _UNSPECIFIED))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        f"entityID={quoteattr(service.entity_id)}>"
        f'<md:SPSSODescriptor AuthnRequestsSigned="{"true" if key else "false"}" WantAssertionsSigned="true" '
        f'protocolSupportEnumeration="{PROTOCOL}">{key}{formats}'
        f'<md:AssertionConsumerService Binding="{POST_BINDING}" Location={quoteattr(service.answers)} index="0" '
        'isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>\n'
    )


def make_signing_key(name: str, at: datetime) -> tuple[bytes, str]:
    """A new private key (PEM) and its self-signed certificate (PEM) for ten years. Takes up to a second."""
    from cryptography import x509  # noqa: PLC0415 (few make a certificate)

    key = generate_private_key(65537, _KEY_BITS)
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + _CERTIFICATE_LIFETIME).sign(key, SHA256())
    )  # fmt: skip
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, certificate.public_bytes(Encoding.PEM).decode()
