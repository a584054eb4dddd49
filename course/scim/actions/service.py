"""The operations of the protocol on users and groups: what a call changes, by kind of resource.

The connection is locked for the whole unit of work, so the calls of one identity provider take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course.context import Context
from course.scim.actions.connections import connection_context, lock_connection
from course.scim.actions.groups import create_group, end_group, replace_group
from course.scim.actions.users import create_user, end_user, replace_user
from course.scim.models import ScimConnection
from course.scim.queries.resources import get_group, get_user, group_payload_now, user_payload_now
from course.scim.rules.attributes import read_user
from course.scim.rules.problems import ProvisioningRefusedError


def begin_call(context: Context, connection_id: int) -> None:
    """Let the other calls of the connection wait until this unit of work ends. Raises ProvisioningRefusedError if the connection
    has ended."""
    _connection(context, connection_id)


def create_resource(context: Context, connection_id: int, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Create a user or a group; the resource as it is then. Raises ProvisioningRefusedError."""
    connection, acting = _connection(context, connection_id)
    if kind == "User":
        return user_payload_now(context.session, create_user(acting, connection, read_user(payload)))
    name, external_id, members = _group_values(payload)
    group = create_group(acting, connection, name, external_id, members or ())
    return group_payload_now(context.session, group)


def update_resource(
    context: Context, connection_id: int, kind: str, resource_id: str, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Replace what a user or a group says; the resource as it is then. Raises ProvisioningRefusedError."""
    session = context.session
    connection, acting = _connection(context, connection_id)
    if kind == "User":
        user = get_user(session, connection_id, resource_id)
        if user is None:
            raise ProvisioningRefusedError("unknown")
        replace_user(acting, connection, user, read_user(payload))
        return user_payload_now(session, user)
    group = get_group(session, connection_id, resource_id)
    if group is None:
        raise ProvisioningRefusedError("unknown")
    replace_group(acting, connection, group, *_group_values(payload))
    return group_payload_now(session, group)


def delete_resource(context: Context, connection_id: int, kind: str, resource_id: str) -> None:
    """Delete a user or a group for the identity provider: the person leaves, and their record stays. Raises
    ProvisioningRefusedError."""
    session = context.session
    connection, acting = _connection(context, connection_id)
    user = get_user(session, connection_id, resource_id) if kind == "User" else None
    group = get_group(session, connection_id, resource_id) if kind == "Group" else None
    if user is not None:
        end_user(acting, connection, user)
    elif group is not None:
        end_group(acting, connection, group)
    else:
        raise ProvisioningRefusedError("unknown")


def _connection(context: Context, connection_id: int) -> tuple[ScimConnection, Context]:
    connection = lock_connection(context.session, connection_id)
    if connection is None:
        raise ProvisioningRefusedError("ended")
    return connection, connection_context(context, connection)


def _group_values(payload: Mapping[str, Any]) -> tuple[str, str | None, list[str] | None]:
    """Name, external id and the ids of the members of a group, None if it says nothing of them."""
    given = payload.get("members")
    members = None if given is None else [str(one["value"]) for one in given if one.get("value")]
    return str(payload.get("displayName") or ""), payload.get("externalId") or None, members
