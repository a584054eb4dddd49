"""Evidence packs that were asked for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class EvidencePack(Base):
    """One pack, as at the end of the day `day`; without a team it is about everybody. `stage`, `done` and `total` say
    how far it has come. `content` is the file, until it is thirty days old; its hash stays."""

    __tablename__ = "evidence_pack"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    day: Mapped[date] = mapped_column(Date)
    stage: Mapped[str] = mapped_column(String(100))
    done: Mapped[int]
    total: Mapped[int]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(500))
    people: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
