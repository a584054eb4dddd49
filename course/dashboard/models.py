"""What the pages of this feature keep of their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class FirstStepsChoice(Base):
    """Whether the list of first steps after the set-up is put away, for all administrators: the newest row holds."""

    __tablename__ = "first_steps_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_hidden: Mapped[bool]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
