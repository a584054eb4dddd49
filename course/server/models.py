"""The workers: who sends mail and reminders, when each was last seen, and the key that the database is used with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class WorkerBeat(Base):
    """A worker, from its start on. `seen_at` moves while it runs; the row says nothing about anybody. `settings` is
    what it was started with, as JSON, without anything secret."""

    __tablename__ = "worker_beat"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settings: Mapped[str] = mapped_column(Text, server_default="{}")


class SecretKeyFingerprint(Base):
    """A secret key that this database was used with, told by a hash that does not give it away. The newest row holds;
    the first is written when the database is first used."""

    __tablename__ = "secret_key_fingerprint"

    number: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
