"""What a refresher or an update was made of, as it was composed. Rows are added and never changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base


class RefresherPart(Base):
    """One part of an enrolment that is not the whole course.

    kind `change`: a marked change, by `ref` and `version` as the archive keeps it; `before` is the version of the
    page that the person had read, if there is one. kind `scenario`: `ref` is module/scenario. kind `point`: `ref` is
    the learning point, `why` the reason why it is asked (critical, changed, forgotten).
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
