"""Webhooks, what happened that they are told of, and each try to tell them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_WAITING = text("next_try_at is not null")


class Webhook(Base):
    """An address to which events are sent. `kinds` are those of rules.EVENT_LABELS that it is told of, with spaces between
    them; with a `team_id` only those about people in that team and below. `secret` is encrypted (course/encryption);
    `previous_secret` signs as well until `previous_until`.

    `started_at` is when the people were first looked at for it: what was so before is not sent. `off_at` is set while
    nothing is sent, with who or what turned it off (`off_reason`: person, failing or gone). Since `failing_since` no delivery
    has arrived; before `not_before` none is tried. `ended_at` is when it was removed; its secrets are empty since then.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(1000))
    kinds: Mapped[str] = mapped_column(String(100))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    with_staff_number: Mapped[bool]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_reason: Mapped[str | None] = mapped_column(String(10))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("off_reason in ('person', 'failing', 'gone')", name="off_reason"),
        CheckConstraint("(off_at is null) = (off_reason is null)", name="off"),
    )


class WebhookEvent(Base):
    """Something that happened: a row for each person, kind and fact (`fact` is PersonFact.key), however many webhooks are told
    of it. A test is about nobody. `mark` is its id for those who are told; `dates` are sent with it."""

    __tablename__ = "webhook_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(10))
    fact: Mapped[str] = mapped_column(String(40))
    mark: Mapped[str] = mapped_column(String(40), unique=True)
    dates: Mapped[dict[str, str | None]] = mapped_column(JSON)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("person_id", "kind", "fact"),
        CheckConstraint("kind in ('completed', 'due_soon', 'overdue', 'expired', 'left', 'test')", name="kind"),
        CheckConstraint("(kind = 'test') = (person_id is null)", name="person"),
    )


class WebhookDelivery(Base):
    """An event on its way to a webhook. It waits as long as it has a `next_try_at`, which is in the future while a worker
    has claimed it; without one it has arrived, or was given up."""

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("webhook_event.id"), index=True)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index("ix_webhook_delivery_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )


class WebhookAttempt(Base):
    """One try of a delivery: how long it took, and the status and the beginning of the answer, or why there is none."""

    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("webhook_delivery.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(String(500))
    failure: Mapped[str] = mapped_column(String(500))
