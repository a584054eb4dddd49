"""Scores on their way to learning platforms, and the columns of their gradebooks that the course found or made."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime

_WAITING = text("next_try_at is not null")


class LtiGrade(Base):
    """The score of an account for a link: what the platform was told last, and whether it is to be told anew.

    `changes` counts how often something new was seen; what is sent is worked out from the facts when it is sent; facts after
    `looked_at` are new since then. It waits as long as it
    has a `next_try_at`; until `claimed_until` one worker has it, and no other sends for the same account and link. `sent_percent`,
    `sent_activity`, `sent_round` and `sent_stamp` are the score that arrived last and the moment that it carried, `arrived_at` when
    that was. `corrects` means that something of what it rests on was made void since then. `problem` and `detail` say why the last
    try failed.
    """

    __tablename__ = "lti_grade"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("lti_link.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("lti_account.id"), index=True)
    changes: Mapped[int]
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int]
    sent_percent: Mapped[int | None]
    sent_activity: Mapped[str | None] = mapped_column(String(20))
    sent_round: Mapped[int | None]
    sent_stamp: Mapped[datetime | None] = mapped_column(UtcDateTime)
    corrects: Mapped[bool] = mapped_column(default=False, server_default=false())
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(String(30))
    detail: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (
        UniqueConstraint("link_id", "account_id"),
        Index("ix_lti_grade_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        CheckConstraint(
            "sent_activity in ('Initialized', 'InProgress', 'Submitted', 'Completed')", name="sent_activity"
        ),
    )


class LtiColumn(Base):
    """The column of a gradebook for a link for which the platform gave none: its address, once it was found or made. Until
    `claimed_until` one worker looks for it or makes it, so that there are not two."""

    __tablename__ = "lti_column"

    link_id: Mapped[int] = mapped_column(ForeignKey("lti_link.id"), primary_key=True, autoincrement=False)
    address: Mapped[str | None] = mapped_column(String(1000))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
