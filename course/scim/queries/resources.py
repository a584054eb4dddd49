"""Users and groups of a connection, as the protocol gives them."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.people.models import Person
from course.scim.models import ScimGroup, ScimMember, ScimUser
from course.scim.rules.attributes import is_storable_text, user_name_key

T = TypeVar("T")


@dataclass(frozen=True)
class ResourceFilter:
    """What a search asks for with an equals sign: it narrows what is read, before the whole filter is applied. None: not
    asked for."""

    id: str | None = None
    user_name: str | None = None
    external_id: str | None = None
    display_name: str | None = None
    member: str | None = None

    @property
    def is_storable(self) -> bool:
        """Whether both databases can look for it; nothing that is stored has another value."""
        values = (self.id, self.user_name, self.external_id, self.display_name, self.member)
        return all(is_storable_text(one) for one in values if one is not None)


def get_user(session: Session, connection_id: int, resource_id: str) -> ScimUser | None:
    """The user of a connection with this id, unless it was deleted."""
    return session.execute(_users(connection_id).where(ScimUser.resource_id == resource_id)).scalar()


def get_group(session: Session, connection_id: int, resource_id: str) -> ScimGroup | None:
    """The group of a connection with this id, unless it was deleted."""
    return session.execute(_groups(connection_id).where(ScimGroup.resource_id == resource_id)).scalar()


def _users(connection_id: int) -> Select[ScimUser]:
    return select(ScimUser).where(ScimUser.connection_id == connection_id, ScimUser.ended_at.is_(None))


def _groups(connection_id: int) -> Select[ScimGroup]:
    return select(ScimGroup).where(ScimGroup.connection_id == connection_id, ScimGroup.ended_at.is_(None))


def _people_left(session: Session, people: Collection[int]) -> dict[int, datetime | None]:
    rows = select(Person.id, Person.left_at).where(Person.id.in_(people))
    return {row.id: row.left_at for row in session.execute(rows)}


def _user_payload(user: ScimUser, left: dict[int, datetime | None]) -> dict[str, Any]:
    """A user as JSON. They are active if the identity provider said so, and nobody has recorded since that they left; `left`
    says of people when they left."""
    has_left = user.person_id is not None and left.get(user.person_id) is not None
    values: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        **json.loads(user.attributes),
        "id": user.resource_id,
        "userName": user.user_name,
    }
    if user.active is not None or has_left:
        values["active"] = bool(user.active) and not has_left
    if user.external_id is not None:
        values["externalId"] = user.external_id
    return _with_meta(values, "User", user)


def user_payload_now(session: Session, user: ScimUser) -> dict[str, Any]:
    """A user as JSON, read now."""
    return _user_payload(user, _people_left(session, [user.person_id] if user.person_id is not None else []))


def _narrowed_users(connection_id: int, narrowed: ResourceFilter) -> Select[ScimUser]:
    rows = _users(connection_id)
    if narrowed.id is not None:
        rows = rows.where(ScimUser.resource_id == narrowed.id)
    if narrowed.user_name is not None:
        rows = rows.where(ScimUser.user_name_key == user_name_key(narrowed.user_name))
    if narrowed.external_id is not None:
        rows = rows.where(ScimUser.external_id == narrowed.external_id)
    return rows


def group_payload_now(session: Session, group: ScimGroup, with_members: bool = True) -> dict[str, Any]:
    """A group as JSON, read now."""
    return _group_payload(group, _members(session, [group]).get(group.id, ()) if with_members else ())


def _members(session: Session, groups: Sequence[ScimGroup]) -> dict[int, list[str]]:
    """Of groups the ids of their members. One query."""
    rows = (
        select(ScimMember.group_id, ScimUser.resource_id)
        .join(ScimUser, ScimUser.id == ScimMember.user_id)
        .where(ScimMember.group_id.in_([one.id for one in groups]), ScimUser.ended_at.is_(None))
        .order_by(ScimUser.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for group_id, resource_id in session.execute(rows):
        found[group_id].append(resource_id)
    return found


def _group_payload(group: ScimGroup, members: Collection[str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": group.resource_id,
        "displayName": group.display_name,
    }
    if group.external_id is not None:
        values["externalId"] = group.external_id
    # The members are no part of the version, because they are not always read; `changed_at` follows them.
    payload = _with_meta(values, "Group", group, group.changed_at.isoformat())
    if members:
        payload["members"] = [{"value": one, "$ref": f"Users/{one}", "type": "User"} for one in members]
    return payload


def _narrowed_groups(connection_id: int, narrowed: ResourceFilter) -> Select[ScimGroup]:
    rows = _groups(connection_id)
    if narrowed.id is not None:
        rows = rows.where(ScimGroup.resource_id == narrowed.id)
    if narrowed.external_id is not None:
        rows = rows.where(ScimGroup.external_id == narrowed.external_id)
    if narrowed.member is not None:
        inside = select(ScimMember.group_id).join(ScimUser, ScimUser.id == ScimMember.user_id)
        rows = rows.where(ScimGroup.id.in_(inside.where(ScimUser.resource_id == narrowed.member)))
    return rows


def _with_meta(values: dict[str, Any], kind: str, row: ScimUser | ScimGroup, more: str = "") -> dict[str, Any]:
    """The resource with its metadata. The version is a hash of all that is given, and of `more`, so it changes with it,
    whoever changed it."""
    digest = hashlib.sha256((json.dumps(values, sort_keys=True) + more).encode()).hexdigest()[:32]
    meta = {
        "resourceType": kind, "created": row.created_at.isoformat(), "lastModified": row.changed_at.isoformat(),
        "version": f'W/"{digest}"',
    }  # fmt: skip
    return {**values, "meta": meta}


def resource_payload(
    session: Session, connection_id: int, kind: str, resource_id: str, with_members: bool = True
) -> dict[str, Any] | None:
    """A user or a group as JSON; None if there is none with this id, or it was deleted."""
    if not is_storable_text(resource_id):
        return None
    if kind == "User":
        user = get_user(session, connection_id, resource_id)
        return None if user is None else user_payload_now(session, user)
    group = get_group(session, connection_id, resource_id)
    return None if group is None else group_payload_now(session, group, with_members)


def count_resources(session: Session, connection_id: int, kind: str, narrowed: ResourceFilter) -> int:
    """How many users or groups a search finds without the rest of its filter."""
    if not narrowed.is_storable:
        return 0
    rows = _narrowed_users(connection_id, narrowed) if kind == "User" else _narrowed_groups(connection_id, narrowed)
    return session.execute(select(func.count()).select_from(rows.subquery())).scalar_one()


def resource_payloads(
    session: Session,
    connection_id: int,
    kind: str,
    narrowed: ResourceFilter,
    page: tuple[int, int | None] = (0, None),
    with_members: bool = True,
) -> list[dict[str, Any]]:
    """Users or groups as JSON, in the order in which they came; `page` is offset and limit. Two queries."""
    if not narrowed.is_storable:
        return []
    if kind == "User":
        users = session.execute(_paged(_narrowed_users(connection_id, narrowed), ScimUser.id, page)).scalars().all()
        left = _people_left(session, [one.person_id for one in users if one.person_id is not None])
        return [_user_payload(one, left) for one in users]
    groups = session.execute(_paged(_narrowed_groups(connection_id, narrowed), ScimGroup.id, page)).scalars().all()
    members = _members(session, groups) if with_members else {}
    return [_group_payload(one, members.get(one.id, ())) for one in groups]


def _paged(rows: Select[T], order: InstrumentedAttribute[int], page: tuple[int, int | None]) -> Select[T]:
    return rows.order_by(order).offset(page[0]).limit(page[1])
