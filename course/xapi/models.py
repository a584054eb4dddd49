"""The learning record store, and the statements that are on their way to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_WAITING = text("next_try_at is not null")


class XapiEndpoint(Base):
    """A learning record store. `slot` is 1 while it is in use, so that there is one at most, and null since it was removed
    (`ended_at`). `kinds` are those of rules.KIND_LABELS that are sent, with spaces between them. `secret` is the password,
    encrypted (course/encryption). `actor` is account (opaque) or mail. From `namespace` (a UUID) come the ids of statements and
    the opaque accounts; it stays the same when another store follows. Ids of facts before `undated_until` are made without the
    moment of the fact, as earlier releases did; None if there were none.

    What was done before `made_at` is not sent. `paused_at` is set while an administrator lets nothing be sent. Since
    `failing_since` it has taken nothing, `failures` times in a row, for the reason `failure`; before `not_before` nothing is
    tried.
    """

    __tablename__ = "xapi_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int | None] = mapped_column(unique=True)
    address: Mapped[str] = mapped_column(String(500))
    username: Mapped[str] = mapped_column(String(200))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    kinds: Mapped[str] = mapped_column(String(100))
    actor: Mapped[str] = mapped_column(String(10))
    namespace: Mapped[str] = mapped_column(String(36))
    undated_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int]
    failure: Mapped[str] = mapped_column(String(500))
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("actor in ('account', 'mail')", name="actor"),
        CheckConstraint("slot is null or slot = 1", name="slot"),
        CheckConstraint("(slot is null) = (ended_at is not null)", name="ended"),
    )


class XapiStatement(Base):
    """A fact about which a statement is sent, written in the transaction of the fact. `fact` names it within its kind: the
    number of a row, enrolment:module, or (void) the `mark` of the statement that is taken back. The statement itself is made
    when it is sent.

    It waits as long as it has a `next_try_at`, which is in the future while a worker has claimed it. Without one it has
    arrived, or was refused for the reason `failure`.
    """

    __tablename__ = "xapi_statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("xapi_endpoint.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[str] = mapped_column(String(10))
    fact: Mapped[str] = mapped_column(String(150))
    mark: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    failure: Mapped[str] = mapped_column(String(500))

    __table_args__ = (
        UniqueConstraint("endpoint_id", "kind", "fact"),
        CheckConstraint(
            "kind in ('started', 'module', 'decision', 'scenario', 'answer', 'attempt', 'completed', 'look', 'void')",
            name="kind",
        ),
        Index("ix_xapi_statement_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )
