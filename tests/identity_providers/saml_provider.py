"""An identity provider with SAML: pysaml2, in this process, with answers that a test can change before or after they are signed."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_REDIRECT, class_name
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.samlp import response_from_string
from saml2.server import Server
from saml2.sigver import pre_signature_part, signed_instance_factory
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from course.clock import now
from course.identity_providers.rules.saml_request import make_signing_key
from tests.support.packages import find_or_install

ENTITY_ID = "https://saml.example/idp"
SUBJECT = "9f2d41c0"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
NAME = "http://schemas.microsoft.com/identity/claims/displayname"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
USUAL = {"mail": ["sam@example.org"], "displayName": ["Sam Okafor"]}


@dataclass
class SamlIdentityProvider:
    """One provider. Its key and certificate are files in `folder`; `metadata` is what it says about itself."""

    folder: Path
    sign_in_address: str = "https://saml.example/sso"
    requests: list[Any] = field(default_factory=list)
    servers: dict[str, Server] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.change_key()

    def change_key(self) -> None:
        """Sign with another key from now on."""
        self.servers.clear()
        key, certificate = make_signing_key("idp", now())
        (self.folder / "key.pem").write_bytes(key)
        (self.folder / "certificate.pem").write_text(certificate, encoding="utf-8")
        self.metadata = str(entity_descriptor(self._config()))

    def _config(self, service: str | None = None) -> IdPConfig:
        settings: dict[str, Any] = {
            "entityid": ENTITY_ID,
            "xmlsec_binary": find_or_install("xmlsec1"),
            "key_file": str(self.folder / "key.pem"),
            "cert_file": str(self.folder / "certificate.pem"),
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [(self.sign_in_address, BINDING_HTTP_REDIRECT)],
                    },
                    "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                    "want_authn_requests_signed": "KeyDescriptor" in (service or ""),
                }
            },
        }
        if service is not None:
            settings["metadata"] = {"inline": [service]}
        return IdPConfig().load(settings)

    def answer(self, address: str, service: str, attributes: dict[str, list[str]] | None = None, **changed: Any) -> str:
        """The signed answer (XML) to the request with which a browser was sent to `address`. `service` are the metadata of the
        course. `changed`: `edit` (before it is signed), `is_signed`, `name_id`, and what pysaml2 puts into a response."""
        server = self.servers.get(service) or self.servers.setdefault(service, Server(config=self._config(service)))
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        request = server.parse_authn_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            query["RelayState"],
            query.get("SigAlg"),
            query.get("Signature"),
        )
        self.requests.append(request.message)
        edit: Callable[[str], str] = changed.pop("edit", str)
        is_signed = changed.pop("is_signed", True)
        arguments: dict[str, Any] = {
            "identity": USUAL if attributes is None else attributes,
            "in_response_to": request.message.id,
            "destination": request.message.assertion_consumer_service_url,
            "sp_entity_id": request.message.issuer.text,
            "name_id": NameID(format=NAMEID_FORMAT_PERSISTENT, text=SUBJECT),
            "authn": {"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": ENTITY_ID},
            "sign_response": False,
            "sign_assertion": False,
        }
        unsigned = edit(str(server.create_authn_response(**(arguments | changed))))
        return self.sign(server, unsigned) if is_signed else unsigned

    def sign(self, server: Server, unsigned: str) -> str:
        """A response with a signature in its assertion."""
        response = response_from_string(unsigned)
        assertion = response.assertion[0] if isinstance(response.assertion, list) else response.assertion
        assertion.signature = pre_signature_part(
            assertion.id, server.sec.my_cert, 1, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256
        )
        return str(signed_instance_factory(response, server.sec, [(class_name(assertion), assertion.id)]))


def encoded(xml: str) -> str:
    """An answer as a browser brings it."""
    return base64.b64encode(xml.encode()).decode()


def state_of(address: str) -> str:
    """The RelayState of the address to which a browser was sent."""
    return parse_qs(urlsplit(address).query)["RelayState"][0]


def replaced(pattern: str, by: str) -> Callable[[str], str]:
    """A change of the text of an answer. It has to change something."""

    def change(xml: str) -> str:
        found, count = re.subn(pattern, by, xml)
        assert count, f"{pattern} is not in {xml}"
        return found

    return change
