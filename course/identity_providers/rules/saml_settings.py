"""The settings of a provider with SAML, and the names under which the usual providers send what is asked for."""

from __future__ import annotations

from dataclasses import dataclass

# Entra and ADFS, then Shibboleth (eduPerson and LDAP by their numbers), then what people enter at Google and Okta.
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
USUAL_EMAIL = (
    f"{_CLAIMS}emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", "mail", "email", "emailAddress", "Email",
)  # fmt: skip
USUAL_NAME = (f"{_MICROSOFT}displayname", "urn:oid:2.16.840.1.113730.3.1.241", "displayName", "name", "cn")
USUAL_GIVEN_NAME = (f"{_CLAIMS}givenname", "urn:oid:2.5.4.42", "givenName", "firstName", "first_name")
USUAL_SURNAME = (f"{_CLAIMS}surname", "urn:oid:2.5.4.4", "sn", "surname", "lastName", "last_name")
USUAL_GROUPS = (
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "http://schemas.xmlsoap.org/claims/Group",
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "groups", "group", "memberOf", "isMemberOf",
)  # fmt: skip
USUAL_USER_NAME = ("urn:oid:0.9.2342.19200300.100.1.1", "uid", "username")
# Entra sends this in place of the groups of somebody who is in more than 150.
GROUPS_ELSEWHERE = "http://schemas.microsoft.com/claims/groups.link"


@dataclass(frozen=True)
class AttributeNames:
    """The names of the attributes of an assertion; an empty one stands for the usual names. `subject` is an attribute that
    takes the place of the NameID."""

    subject: str = ""
    email: str = ""
    name: str = ""
    groups: str = ""


@dataclass(frozen=True)
class SamlSettings:
    """What a provider with SAML needs besides ProviderSettings. `metadata_xml` is empty if the metadata are at an address."""

    metadata_xml: str = ""
    attributes: AttributeNames = AttributeNames()
    signing_key_locked: bytes | None = None
    signing_certificate: str = ""


def signing_key_purpose(provider_id: int) -> str:
    """For what the signing key is encrypted: that of one provider opens for no other."""
    return f"SAML requests to identity provider {provider_id}"
