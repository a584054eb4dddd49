"""Archiving every version that is taught, so that it can be shown again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.models import ContentVersion
from course.db import insert_missing


def archive(session: Session, library: Library, at: datetime) -> int:
    """Add the parts that the archive does not contain yet. Returns their number. Safe to repeat."""
    archived = {
        tuple(row) for row in session.execute(select(ContentVersion.kind, ContentVersion.ref, ContentVersion.version))
    }
    rows = [
        {"kind": kind, "ref": ref, "version": version, "body": part.model_dump_json(), "first_shown_at": at}
        for (kind, ref, version), part in library.parts.items()
        if (kind, ref, version) not in archived
    ]
    if rows:
        # Another server may start at the same moment.
        insert_missing(session, ContentVersion, rows)
    return len(rows)
