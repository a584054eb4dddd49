"""The composition of refreshers and updates, as stored when they were composed. Rows are added and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class RefresherPart(Base):
    """One part of a refresher or an update.

    kind `change`: a marked change, by `ref` and `version` as in the archive of content versions; `before` is the
    version of the page that the person had read, if there is one. kind `scenario`: `ref` is module/scenario. kind
    `point`: `ref` is the learning point, `why` the reason why it is asked (critical, changed, forgotten).
    """

    __tablename__ = "refresher_part"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(130))
    version: Mapped[str | None] = mapped_column(String(20))
    before: Mapped[str | None] = mapped_column(String(20))
    why: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        UniqueConstraint("enrolment_id", "position"),
        CheckConstraint("kind in ('change', 'scenario', 'point')", name="kind"),
    )


class PageReadAgain(Base):
    """The page of a point was read again after all its questions in a refresher or an update were answered wrongly:
    `ref` is module/page, `version` the version that was read (both empty if the point has no page any more)."""

    __tablename__ = "page_read_again"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    point: Mapped[str] = mapped_column(String(60))
    ref: Mapped[str] = mapped_column(String(130))
    version: Mapped[str] = mapped_column(String(20))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("enrolment_id", "point"),)
