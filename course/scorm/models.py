"""The schema files of SCORM that whoever runs the course has installed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ScormSchemaFile(Base):
    """A schema file of a version of SCORM. All packages of that version are made with it, whichever server makes them."""

    __tablename__ = "scorm_schema_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    scorm_version: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    installed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("scorm_version", "name"),)
