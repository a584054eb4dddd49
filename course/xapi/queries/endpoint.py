"""The learning record store that is in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Exists, Select, exists, func, select
from sqlalchemy.orm import Session

from course.xapi.models import XapiEndpoint
from course.xapi.rules import resource_address


@dataclass(frozen=True)
class EndpointView:
    """The store (see models.XapiEndpoint). `secret` is encrypted."""

    id: int
    address: str
    username: str
    secret: bytes
    kinds: tuple[str, ...]
    actor: str
    namespace: UUID
    undated_until: datetime | None
    made_by: int
    made_at: datetime
    paused_at: datetime | None
    failing_since: datetime | None
    failures: int
    failure: str
    not_before: datetime | None

    @property
    def host(self) -> str:
        """The name of the server."""
        return urlsplit(self.address).netloc

    @property
    def statements_address(self) -> str:
        """Where statements are posted to."""
        return resource_address(self.address, "statements")


def current_endpoint(session: Session) -> EndpointView | None:
    """The store that is in use; None if there is none. One query by an index."""
    row = session.execute(select(XapiEndpoint).where(XapiEndpoint.slot == 1)).scalar_one_or_none()
    if row is None:
        return None
    return EndpointView(
        row.id, row.address, row.username, row.secret, tuple(row.kinds.split()), row.actor, UUID(row.namespace),
        row.undated_until, row.made_by, row.made_at, row.paused_at, row.failing_since, row.failures, row.failure, row.not_before,
    )  # fmt: skip


def store_exists() -> Exists:
    """Whether there is a store, as part of another query."""
    return exists().where(XapiEndpoint.slot == 1)


def failing_endpoint_query(before: datetime) -> Select[int]:
    """Whether the store has taken nothing since that moment or longer (1), as part of another query."""
    return select(func.count(XapiEndpoint.id)).where(
        XapiEndpoint.slot == 1, XapiEndpoint.paused_at.is_(None), XapiEndpoint.failing_since <= before
    )
