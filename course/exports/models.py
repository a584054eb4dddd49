"""Files that take a while to make: what was asked for, and the file itself until it is old."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Download(Base):
    """A file that somebody asked for, as at the end of the day `day`; without a team it is about everybody whom they
    see. `kind` is evidence, or the ending of a file of the report; `asked` is the filter of that, as in an address.
    `job_id` is the job that makes it and knows how far it has come, as long as jobs are kept. `content` is the file,
    until it is too old, and then `asked` is empty as well; its hash stays."""

    __tablename__ = "download"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    day: Mapped[date] = mapped_column(Date)
    asked: Mapped[str] = mapped_column(String(1000))
    people: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"), index=True)

    __table_args__ = (CheckConstraint("kind in ('evidence', 'csv', 'xlsx', 'pdf')", name="kind"),)
