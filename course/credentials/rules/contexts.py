"""The JSON-LD contexts of the credentials: an excerpt of the official ones, so that nothing is ever fetched.

It has only the terms in use, with the same addresses, types and nesting as in https://www.w3.org/ns/credentials/v2 and
https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json. A test lets two independent verifiers read our credentials
with the official contexts themselves.
"""

from __future__ import annotations

from typing import Any

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

_VC = "https://www.w3.org/2018/credentials#"
_STATUS = "https://www.w3.org/ns/credentials/status#"
_SECURITY = "https://w3id.org/security#"
_OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
_SCHEMA = "https://schema.org/"
# The official contexts write the types of dates in these two forms.
_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
_XSD = "https://www.w3.org/2001/XMLSchema#"


def _link_term(address: str) -> dict[str, str]:
    return {"@id": address, "@type": "@id"}


def _typed_term(address: str, kind: str) -> dict[str, str]:
    return {"@id": address, "@type": kind}


def _type_with_terms(address: str, **terms: Any) -> dict[str, Any]:
    """A type, and the terms that are defined only inside an object of that type."""
    return {"@id": address, "@context": {"id": "@id", "type": "@type", **terms}}


CONTEXTS: dict[str, dict[str, Any]] = {
    CREDENTIALS: {
        "id": "@id",
        "type": "@type",
        "name": _SCHEMA + "name",
        "description": _SCHEMA + "description",
        "VerifiableCredential": _type_with_terms(
            _VC + "VerifiableCredential",
            credentialStatus=_link_term(_VC + "credentialStatus"),
            credentialSubject=_link_term(_VC + "credentialSubject"),
            issuer=_link_term(_VC + "issuer"),
            validFrom=_typed_term(_VC + "validFrom", _DATE_TIME),
            validUntil=_typed_term(_VC + "validUntil", _DATE_TIME),
        ),
        "BitstringStatusListCredential": _STATUS + "BitstringStatusListCredential",
        "BitstringStatusList": _type_with_terms(
            _STATUS + "BitstringStatusList",
            encodedList=_typed_term(_STATUS + "encodedList", _SECURITY + "multibase"),
            statusPurpose=_STATUS + "statusPurpose",
        ),
        "BitstringStatusListEntry": _type_with_terms(
            _STATUS + "BitstringStatusListEntry",
            statusListCredential=_link_term(_STATUS + "statusListCredential"),
            statusListIndex=_STATUS + "statusListIndex",
            statusPurpose=_STATUS + "statusPurpose",
        ),
        "DataIntegrityProof": _type_with_terms(
            _SECURITY + "DataIntegrityProof",
            created=_typed_term("http://purl.org/dc/terms/created", _DATE_TIME),
            cryptosuite=_typed_term(_SECURITY + "cryptosuite", _SECURITY + "cryptosuiteString"),
            proofPurpose={
                **_typed_term(_SECURITY + "proofPurpose", "@vocab"),
                "@context": {"assertionMethod": _link_term(_SECURITY + "assertionMethod")},
            },
            verificationMethod=_link_term(_SECURITY + "verificationMethod"),
        ),
    },
    OPEN_BADGES: {
        "narrative": _OB + "narrative",
        "inLanguage": _SCHEMA + "inLanguage",
        "url": _typed_term(_SCHEMA + "url", _XSD + "anyURI"),
        "AchievementCredential": _OB + "OpenBadgeCredential",
        "Profile": _OB + "Profile",
        "AchievementSubject": _type_with_terms(
            _OB + "AchievementSubject",
            achievement=_OB + "achievement",
            activityEndDate=_typed_term(_OB + "activityEndDate", _XSD + "date"),
            identifier={"@id": _OB + "identifier", "@container": "@set"},
        ),
        "Achievement": _type_with_terms(
            _OB + "Achievement",
            achievementType=_OB + "achievementType",
            criteria=_link_term(_OB + "Criteria"),
            specialization=_OB + "specialization",
            version=_OB + "version",
        ),
        "IdentityObject": _type_with_terms(
            _OB + "IdentityObject",
            hashed=_typed_term(_OB + "hashed", _XSD + "boolean"),
            identityHash=_OB + "identityHash",
            identityType=_OB + "identityType",
        ),
    },
}


# Texts in several languages, as language maps of JSON-LD. The standard has plain texts for a name, a description and criteria,
# and readers rely on that, so these stay beside them and under names of their own.
LANGUAGE_MAPS: dict[str, Any] = {
    "nameMap": {"@id": _SCHEMA + "name", "@container": "@language"},
    "descriptionMap": {"@id": _SCHEMA + "description", "@container": "@language"},
    "narrativeMap": {"@id": _OB + "narrative", "@container": "@language"},
}


def load_context(address: str, _options: object = None) -> dict[str, Any]:
    """The document loader for PyLD. Raises LookupError for any address but the two contexts."""
    if address not in CONTEXTS:
        raise LookupError(f"{address} is no context of ours")
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": address,
        "document": {"@context": CONTEXTS[address]},
    }
