"""Files that take a while to make: how far each has come, and the file itself until it is old."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Download(Base):
    """A file that somebody asked for, as at the end of the day `day`; without a team it is about everybody whom they
    see. `kind` is evidence, or the ending of a file of the report; `asked` is the filter of that, as in an address.
    `stage`, `done` and `total` say how far it has come, and `told_at` when that was last said. `content` is the file,
    until it is too old; its hash stays. Of each kind one is made for a person at a time."""

    __tablename__ = "download"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    day: Mapped[date] = mapped_column(Date)
    asked: Mapped[str] = mapped_column(String(1000))
    stage: Mapped[str] = mapped_column(String(100))
    done: Mapped[int]
    total: Mapped[int]
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(500))
    people: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("kind in ('evidence', 'csv', 'xlsx', 'pdf')", name="kind"),
        Index(
            "uq_download_unfinished",
            "made_by",
            "kind",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
    )
