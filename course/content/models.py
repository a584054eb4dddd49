"""The archive: every version of every page, question and scenario that the course has taught, and its translations."""

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


class ContentTranslation(Base):
    """The translated texts of one part of the course in one version, as they were shown beside its English texts.

    `body` has the texts only, in the shape of a translation (see text_fields); with the English copy of the same version
    it says what was on the screen. A translation that is corrected adds a row. Rows are never changed.
    """

    __tablename__ = "content_translation"

    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(130), primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    digest: Mapped[str] = mapped_column(String(20), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    first_shown_at: Mapped[datetime] = mapped_column(UtcDateTime)
