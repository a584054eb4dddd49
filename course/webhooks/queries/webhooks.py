"""The webhooks that are not removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from course.people.models import Team
from course.webhooks.models import Webhook


@dataclass(frozen=True)
class WebhookView:
    """A webhook without its secrets (see models.Webhook). `team` is the name of its team, "" for none; `is_team_closed` says
    that the team is not there any more, so that nothing is sent."""

    id: int
    address: str
    kinds: tuple[str, ...]
    team_id: int | None
    team: str
    is_team_closed: bool
    with_staff_number: bool
    made_by: int
    made_at: datetime
    started_at: datetime | None
    off_at: datetime | None
    off_reason: str | None
    failing_since: datetime | None
    previous_until: datetime | None

    @property
    def host(self) -> str:
        """The name of the server, which says enough in lists and in the log: the rest of an address may be secret."""
        return urlsplit(self.address).netloc


_COLUMNS = select(
    Webhook.id, Webhook.address, Webhook.kinds, Webhook.team_id, Team.name, Team.closed_at, Webhook.with_staff_number,
    Webhook.made_by, Webhook.made_at, Webhook.started_at, Webhook.off_at, Webhook.off_reason, Webhook.failing_since,
    Webhook.previous_until,
).outerjoin(Team, Team.id == Webhook.team_id).where(Webhook.ended_at.is_(None))  # fmt: skip


def webhooks(session: Session) -> list[WebhookView]:
    """All webhooks, in the order in which they were added. One query."""
    return [_view(*row) for row in session.execute(_COLUMNS.order_by(Webhook.id))]


def webhook(session: Session, webhook_id: int) -> WebhookView | None:
    """One webhook; None if there is none of that id, or it was removed."""
    row = session.execute(_COLUMNS.where(Webhook.id == webhook_id)).one_or_none()
    return _view(*row) if row is not None else None


def stopped_webhooks_query() -> Select[int]:
    """The number of those that were turned off because nothing arrived, as part of another query."""
    return select(func.count(Webhook.id)).where(Webhook.off_reason != "person", Webhook.ended_at.is_(None))


def has_webhook(session: Session) -> bool:
    """Whether there is any, so that events have to be looked for."""
    return bool(session.execute(select(exists().where(Webhook.ended_at.is_(None)))).scalar())


def _view(webhook_id: int, address: str, kinds: str, team_id: int | None, team: str | None, closed_at: datetime | None,
          *rest: object) -> WebhookView:  # fmt: skip
    values: tuple[object, ...] = (
        webhook_id,
        address,
        tuple(kinds.split()),
        team_id,
        team or "",
        closed_at is not None,
        *rest,
    )
    return WebhookView(*values)  # type: ignore[arg-type]
