"""A connection with a token, and the calls that an identity provider makes with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from course.clock import now
from course.context import make_context
from course.scim.actions.connections import add_connection, lock_connection, make_connection_token
from course.scim.events import AUDIT_EVENTS
from tests.makers import make_person

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Where something is sent: to pages of connections, and by identity providers. tests/scim says what each leaves in the log.
POST_ENDPOINTS = {
    *(f"scim.{name}" for name in ("connections", "end", "end_group_rule", "group", "make_token", "own_administrators",
                                  "revoke_token")),
    *(f"scim_protocol.{name}" for name in ("bulk", "create", "fallback", "me_create", "search_root_with_body",
                                           "search_with_body")),
}  # fmt: skip
EVENT_NAMES = {kind.name for kind in AUDIT_EVENTS}


@dataclass
class Provider:
    """An identity provider: each call is one of its requests, with its token and no cookie."""

    app: Flask
    token: str
    connection_id: int

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if data is not None:
            sent.setdefault("Content-Type", "application/scim+json")
        return self.app.test_client().open(f"/scim/v2{path}", method=method, data=data, headers=sent)

    def create(self, user_name: str, given: str = "Mia", family: str = "Okoro", **values: Any) -> dict[str, Any]:
        """Create a user, which has to succeed."""
        made = self.call("POST", "/Users", user(user_name, given, family, **values))
        assert made.status_code == 201, made.text
        return dict(made.get_json())

    def group(self, name: str, *members: str, **values: Any) -> dict[str, Any]:
        """Create a group, which has to succeed."""
        body = {
            "schemas": [GROUP_SCHEMA],
            "displayName": name,
            "members": [{"value": one} for one in members],
            **values,
        }
        made = self.call("POST", "/Groups", body)
        assert made.status_code == 201, made.text
        return dict(made.get_json())

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> TestResponse:
        return self.call("PATCH", path, {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}, **headers)


def user(user_name: str, given: str = "Mia", family: str = "Okoro", **values: Any) -> dict[str, Any]:
    """A user as an identity provider creates it."""
    return {
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA], "userName": user_name, "active": True,
        "name": {"givenName": given, "familyName": family}, **values,
    }  # fmt: skip


def connect(app: Flask, session: Session, name: str = "Microsoft Entra", owns_administrators: bool = False) -> Provider:
    """Add a connection of an administrator, with a token."""
    owner = make_person(session, "Ada Byron", f"ada.{name.split()[-1].lower()}@example.org", role="administrator")
    session.commit()
    context = make_context(session, owner.id, now())
    connection_id = add_connection(context, name)
    assert connection_id is not None
    connection = lock_connection(session, connection_id)
    assert connection is not None
    connection.owns_administrators = owns_administrators
    token = make_connection_token(context, connection)
    session.commit()
    return Provider(app, token, connection_id)
