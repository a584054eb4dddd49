"""The sentences that learners write for themselves at the end of a module."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Intention(Base):
    """A sentence such as "When a child shows me a picture, I will …". Only its writer reads it: no report, export or page
    of anyone else does.

    Its writer may change it until it is mailed. The reply (did, missed, not-yet) to the question in the mail is given
    once and stays.
    """

    __tablename__ = "intention"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    module: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str | None] = mapped_column(String(10))
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("person_id", "module"),
        CheckConstraint("reply in ('did', 'missed', 'not-yet')", name="reply"),
        Index("ix_intention_waiting", "mailed_at", "written_at"),
    )
