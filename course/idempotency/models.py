"""The table of forms that were accepted, by which the second press of a button is recognised."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class SentForm(Base):
    """A form that was accepted. The fingerprint tells neither what was entered nor who sent it."""

    __tablename__ = "sent_form"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
