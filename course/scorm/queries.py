"""Reading the schema files that are installed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.scorm.models import ScormSchemaFile
from course.scorm.rules.manifest import Version, missing_schemas


def installed_schemas(session: Session, version: Version) -> dict[str, bytes]:
    """The schema files of a version by their names; empty unless all that its manifest refers to are there."""
    rows = session.execute(
        select(ScormSchemaFile.name, ScormSchemaFile.content)
        .where(ScormSchemaFile.scorm_version == version)
        .order_by(ScormSchemaFile.name)
    )
    found: dict[str, bytes] = {row.name: row.content for row in rows}
    return {} if missing_schemas(version, tuple(found)) else found


def has_schemas(session: Session) -> bool:
    """Whether schema files are installed. They are always installed for all versions together."""
    return session.execute(select(ScormSchemaFile.id).limit(1)).first() is not None
