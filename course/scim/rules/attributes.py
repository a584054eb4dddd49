"""What a SCIM user says about a person: read from its JSON, and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from course.people.rules import (
    MAX_JOB_ROLE_LENGTH,
    PersonIdentity,
    is_sign_in_name,
    normalise_email,
    normalise_line,
)
from course.scim.rules.problems import ProvisioningRefusedError
from course.text import comparison_key

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MAX_KEY_LENGTH = 254  # characters of a user name, an external id and the name of a group
MAX_ATTRIBUTES_LENGTH = 20_000  # characters of the JSON that is given back
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_OPERATIONS = "Operations"  # not translated: a field of a PATCH
_NOT_STORED = ("id", "meta", "active", "userName", "externalId", "groups")  # of the resource: they have columns


@dataclass(frozen=True)
class UserData:
    """What a user says: `identity` is that of the person (see `identity_with`), `sent` are the fields of it that the
    identity provider sends and therefore owns, and `attributes` is the rest of the resource as JSON, to be given back."""

    user_name: str
    external_id: str | None
    active: bool | None
    identity: PersonIdentity
    sent: tuple[str, ...]
    attributes: str

    @property
    def is_active(self) -> bool:
        """Whether the person works here. It is so unless the identity provider says otherwise."""
        return self.active is not False

    @property
    def user_name_key(self) -> str:
        """The form in which user names are compared: without regard to case (RFC 7643, section 4.1.1)."""
        return user_name_key(self.user_name)

    def identity_with(self, known: PersonIdentity) -> PersonIdentity:
        """The identity of a known person once this is applied: what is not sent stays."""
        sent = asdict(self.identity)
        return replace(known, **{name: sent[name] for name in self.sent}).normalised()


def user_name_key(user_name: str) -> str:
    """A user name in the form in which it is compared."""
    return comparison_key(user_name)[:300]


def is_storable_text(text: str) -> bool:
    """Whether both databases can store the text, and look it up."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def read_user(resource: Mapping[str, Any]) -> UserData:
    """What a user resource says. Raises ProvisioningRefusedError for values that are too long or cannot be stored, and for a
    user with whom nobody could sign in."""
    if not is_storable_text(json.dumps(resource, ensure_ascii=False, default=str)) or _has_nul(resource):
        raise ProvisioningRefusedError("characters")
    enterprise = resource.get(ENTERPRISE) or {}
    user_name = str(resource.get("userName") or "")
    external_id = resource.get("externalId") or None
    email = _email(resource, user_name)
    login = None if "@" in user_name else normalise_line(user_name)
    number, title = enterprise.get("employeeNumber") or None, resource.get("title") or None
    identity = PersonIdentity(_name(resource, user_name), email, number, job_role=title)
    sent = ["name", "email", *(one for one in ("staff_number", "job_role") if getattr(identity, one))]
    if login is not None and is_sign_in_name(login):
        identity = replace(identity, sign_in_name=login)
        sent.append("sign_in_name")
    identity = identity.normalised()
    _check_lengths(user_name, external_id, identity)
    if not identity.has_login or (identity.sign_in_name is not None and not is_sign_in_name(identity.sign_in_name)):
        raise ProvisioningRefusedError("login")
    rest = json.dumps({key: value for key, value in resource.items() if key not in _NOT_STORED}, sort_keys=True)
    if len(rest) > MAX_ATTRIBUTES_LENGTH:
        raise ProvisioningRefusedError("long")
    return UserData(user_name, external_id, resource.get("active"), identity, tuple(sent), rest)


def split_operations(body: bytes) -> bytes:
    """The body of a PATCH in which each key with a filter is an operation with that path. Entra writes
    `{"op": "replace", "value": {"emails[type eq \\"work\\"].value": "…"}}`, where the standard knows no filters: the library
    leaves such a key out, and would answer that all is done. A body that is no PATCH is given back as it came."""
    try:
        patch = json.loads(body)
    except (ValueError, RecursionError):
        return body
    operations = _field(patch, _OPERATIONS)
    if not isinstance(operations, list) or not any(map(_filtered, operations)):
        return body
    split: list[object] = []
    for operation in operations:
        filtered = _filtered(operation)
        if filtered:
            value = {key: one for key, one in _field(operation, "value").items() if key not in filtered}
            operation = {key: one for key, one in operation.items() if key.lower() != "value"}
            split += [{**operation, "value": value}] if value else []
            split += [{**operation, "path": key, "value": one} for key, one in filtered.items()]
        else:
            split.append(operation)
    rest = {key: one for key, one in patch.items() if key.lower() != _OPERATIONS.lower()}
    return json.dumps({**rest, _OPERATIONS: split}).encode()


def _filtered(operation: object) -> dict[str, Any]:
    """What an operation without a path writes under keys with a filter."""
    value = _field(operation, "value")
    if not isinstance(value, dict) or _field(operation, "path"):
        return {}
    return {key: one for key, one in value.items() if "[" in key}


def _field(holder: object, name: str) -> Any:
    """A field of a JSON object; names are compared without regard to case."""
    fields = holder.items() if isinstance(holder, dict) else ()
    return next((one for key, one in fields if key.lower() == name.lower()), None)


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(map(_has_nul, value.values()))
    return isinstance(value, list) and any(map(_has_nul, value))


def _email(resource: Mapping[str, Any], user_name: str) -> str | None:
    """The primary address, else the one of work, else the first; else the user name if it is an address."""
    emails = [one for one in resource.get("emails") or () if one.get("value")]
    emails.sort(key=lambda one: (not one.get("primary"), one.get("type") != "work"))
    address = str(emails[0]["value"]) if emails else user_name
    return normalise_email(address) if _ADDRESS.fullmatch(normalise_email(address)) else None


def _name(resource: Mapping[str, Any], user_name: str) -> str:
    """Given and family name, else the formatted one, else what is displayed: a certificate shows it, and directories often
    add a department to what they display."""
    name = resource.get("name") or {}
    parts = " ".join(part for part in (name.get("givenName"), name.get("familyName")) if part)
    both = bool(name.get("givenName") and name.get("familyName"))
    choices = (
        parts if both else "",
        name.get("formatted"),
        resource.get("displayName"),
        parts,
        user_name.partition("@")[0],
    )
    return next((found for one in choices if (found := normalise_line(str(one or "")))), user_name)


def _check_lengths(user_name: str, external_id: str | None, identity: PersonIdentity) -> None:
    if len(user_name) > MAX_KEY_LENGTH or len(external_id or "") > MAX_KEY_LENGTH:
        raise ProvisioningRefusedError("long")
    limits = (
        ("name", identity.name, 200), ("email", identity.email, 254), ("number", identity.staff_number, 50),
        ("title", identity.job_role, MAX_JOB_ROLE_LENGTH),
    )  # fmt: skip
    for code, value, limit in limits:
        if len(value or "") > limit:
            raise ProvisioningRefusedError(code)
