"""The table of backups."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Backup(Base):
    """A copy of the database that was made here, or that a person has reported as made; with its size in bytes.
    `verified_at` is when it was read back and found whole; None if that was not done."""

    __tablename__ = "backup"

    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str] = mapped_column(String(500))
    size: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
