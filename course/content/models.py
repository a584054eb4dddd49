"""The archive: every version of every page, question and scenario that the course has taught."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ContentVersion(Base):
    """A frozen copy of one part of the course. Rows are added when the course starts, never changed."""

    __tablename__ = "content_version"

    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(130), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_content_version_ref", "kind", "ref"),)
