"""What is to be delivered now, what is sent, and what became of each delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from course.people.models import Person
from course.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent
from course.webhooks.rules import EVENT_TYPES, MAX_DELIVERY_WAIT, TEST

DeliveryState = Literal["waiting", "held", "arrived", "failed"]


class DueDelivery(NamedTuple):
    """A delivery that may be tried now; `seen` is the moment at which it is due, by which a claim knows that it still is."""

    id: int
    seen: datetime


def _is_due(at: datetime) -> ColumnElement[bool]:
    """Deliveries that may be tried: a test whatever the webhook is, others if it is on and not left alone for a while. What a
    wrong clock has put off waits no longer."""
    next_try, wait, ahead = WebhookDelivery.next_try_at, Webhook.not_before, at + MAX_DELIVERY_WAIT
    may_send = and_(Webhook.off_at.is_(None), or_(wait.is_(None), wait <= at, wait > ahead))
    return and_(
        or_(next_try <= at, next_try > ahead), Webhook.ended_at.is_(None), or_(WebhookEvent.kind == TEST, may_send)
    )


def _joined(columns: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return columns.select_from(WebhookDelivery).join(Webhook).join(WebhookEvent)


def due_delivery(session: Session, at: datetime, busy: Collection[int], full: Collection[int]) -> DueDelivery | None:
    """The delivery that has been due longest: none to the webhooks `full`, and none to those of `busy` that are failing."""
    rows = _joined(select(WebhookDelivery.id, WebhookDelivery.next_try_at)).where(
        _is_due(at),
        WebhookDelivery.webhook_id.not_in(full),
        or_(Webhook.failing_since.is_(None), WebhookDelivery.webhook_id.not_in(busy)),
    )
    found = session.execute(rows.order_by(WebhookDelivery.next_try_at, WebhookDelivery.id).limit(1)).one_or_none()
    return DueDelivery(*found) if found is not None else None


def has_due_delivery(session: Session, at: datetime) -> bool:
    """Whether a worker would find something to deliver."""
    return session.execute(_joined(select(WebhookDelivery.id)).where(_is_due(at)).limit(1)).first() is not None


@dataclass(frozen=True)
class Parcel:
    """Everything that is needed to send a delivery and to record it. The secrets are encrypted, the newest first."""

    delivery_id: int
    webhook_id: int
    address: str
    secrets: tuple[bytes, ...]
    kind: str
    mark: str
    found_at: datetime
    dates: Mapping[str, str | None]
    person_id: int | None
    staff_number: str | None
    with_staff_number: bool
    made_by: int
    tries: int


def parcel(session: Session, delivery_id: int, at: datetime) -> Parcel | None:
    """What is sent by a delivery at this moment; None if it is not there any more, as after an erasure."""
    row = session.execute(
        select(WebhookDelivery, Webhook, WebhookEvent, Person.staff_number)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .outerjoin(Person, Person.id == WebhookEvent.person_id)
        .where(WebhookDelivery.id == delivery_id, Webhook.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    delivery, hook, event, staff_number = row
    previous = hook.previous_secret if hook.previous_until is not None and at < hook.previous_until else None
    return Parcel(
        delivery.id, hook.id, hook.address, (hook.secret, *([previous] if previous else [])), event.kind, event.mark,
        event.found_at, event.dates, event.person_id, staff_number, hook.with_staff_number, hook.made_by, delivery.tries,
    )  # fmt: skip


@dataclass(frozen=True)
class DeliveryAttempt:
    """One try: when, for how long, and the status and beginning of the answer or why there is none."""

    began_at: datetime
    milliseconds: int
    status: int | None
    answer: str
    failure: str


@dataclass(frozen=True)
class DeliveryView:
    """A delivery as administrators see it: `kind` of event, about whom, its state, and each try, oldest first. `held` is one
    that waits for the webhook to be turned on."""

    id: int
    kind: str
    mark: str
    person_id: int | None
    person: str | None
    queued_at: datetime
    next_try_at: datetime | None
    arrived_at: datetime | None
    state: DeliveryState
    attempts: tuple[DeliveryAttempt, ...]

    @property
    def type(self) -> str:
        """What the event is called in what is sent."""
        return EVENT_TYPES[self.kind]


def deliveries(
    session: Session, webhook_id: int, limit: int, undelivered: bool = False, before: int | None = None
) -> list[DeliveryView]:
    """The newest deliveries of a webhook, newest first: those that did not arrive if `undelivered`, below the id `before`."""
    columns = WebhookDelivery, WebhookEvent, Person.name, Webhook.off_at
    rows = (
        select(*columns)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .outerjoin(Person, Person.id == WebhookEvent.person_id)
        .where(WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    if undelivered:
        rows = rows.where(WebhookDelivery.arrived_at.is_(None))
    if before is not None:
        rows = rows.where(WebhookDelivery.id < before)
    found = session.execute(rows).all()
    tries: dict[int, list[DeliveryAttempt]] = defaultdict(list)
    ids = [delivery.id for delivery, *_ in found]
    attempts = select(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(ids)).order_by(WebhookAttempt.id)
    for one in session.execute(attempts).scalars():
        tries[one.delivery_id].append(
            DeliveryAttempt(one.began_at, one.milliseconds, one.status, one.answer, one.failure)
        )
    return [
        DeliveryView(
            delivery.id, event.kind, event.mark, event.person_id, name, delivery.queued_at, delivery.next_try_at,
            delivery.arrived_at, _state(delivery, event.kind, off_at), tuple(tries[delivery.id]),
        )
        for delivery, event, name, off_at in found
    ]  # fmt: skip


def _state(delivery: WebhookDelivery, kind: str, off_at: datetime | None) -> DeliveryState:
    if delivery.arrived_at is not None:
        return "arrived"
    if delivery.next_try_at is None:
        return "failed"
    return "waiting" if off_at is None or kind == TEST else "held"


def waiting_counts(session: Session) -> dict[int, tuple[int, int]]:
    """How many deliveries of each webhook wait, and how many were given up; tests do not count. One query."""
    waits = func.count(WebhookDelivery.next_try_at)
    rows = session.execute(
        select(WebhookDelivery.webhook_id, waits, func.count() - waits)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.arrived_at.is_(None), WebhookEvent.kind != TEST)
        .group_by(WebhookDelivery.webhook_id)
    )
    return {webhook_id: (waiting, failed) for webhook_id, waiting, failed in rows}
