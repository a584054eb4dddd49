"""Installing the schema files of SCORM, and removing them."""

from __future__ import annotations

from sqlalchemy import delete, select

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_missing
from course.scorm.models import ScormSchemaFile
from course.scorm.rules.schema_files import SchemaSet

_SUBJECT = ("scorm", 0)


def install_schemas(context: Context, files: SchemaSet, source: str) -> bool:
    """Keep these files for all packages from now on, instead of any others; False if they are there already. `source` says in the
    log where they come from."""
    session = context.session
    wanted: dict[tuple[str, str], bytes] = {
        (version, name): data for version, found in files.items() for name, data in found.items()
    }
    present = {
        (row.scorm_version, row.name): row
        for row in session.execute(select(ScormSchemaFile).with_for_update()).scalars()
    }
    if {place: row.content for place, row in present.items()} == wanted:
        return False
    outdated = [row.id for place, row in present.items() if wanted.get(place) != row.content]
    session.execute(delete(ScormSchemaFile).where(ScormSchemaFile.id.in_(outdated)))
    # Another host may be installing the same files: the second waits here for the first, and keeps its rows.
    insert_missing(
        session,
        ScormSchemaFile,
        [
            {"scorm_version": version, "name": name, "content": data, "installed_at": context.now}
            for (version, name), data in wanted.items()
        ],
    )
    record_event(context, "content.schemas_installed", _SUBJECT, {"files": len(wanted), "source": source})
    return True


def remove_schemas(context: Context) -> int:
    """Make packages without schema files from now on. Returns how many files there were."""
    gone = context.session.execute(delete(ScormSchemaFile).returning(ScormSchemaFile.id)).all()
    if gone:
        record_event(context, "content.schemas_removed", _SUBJECT, {"files": len(gone)})
    return len(gone)
