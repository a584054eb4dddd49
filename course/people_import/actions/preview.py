"""Storing an uploaded list and its preview."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, load_only

from course.context import Context
from course.people_import import queries
from course.people_import.models import PeopleImport
from course.people_import.queries import ImportChoices, PackedPreview
from course.people_import.rules.table import Table
from course.text import normalise_line
from course.translation import lazy_gettext as _

CONTENT_RETENTION = timedelta(days=1)
CONNECTION_RETENTION = timedelta(days=7)  # of a list that another system brought: somebody may have to decide about it
PREVIEW_RETENTION = timedelta(days=30)


def store_upload(context: Context, file_name: str, content: bytes) -> int:
    """Store a list, as `rules.table.pack_table` made it of its file, to be previewed and applied; returns its id."""
    session = context.session
    delete_expired(session, context.now)
    name = normalise_line(file_name.rpartition("/")[2].rpartition("\\")[2])[:200] or "list.csv"
    row = PeopleImport(
        file_name=name,
        content=content,
        uploaded_by=context.actor,
        uploaded_at=context.now,
        connection=context.connection,
    )
    session.add(row)
    session.flush()
    return row.id


def delete_expired(session: Session, at: datetime) -> None:
    """Delete files older than a day, or a week if another system brought them, and previews after a month: they are full
    of people."""
    content = update(PeopleImport).where(
        or_(
            and_(PeopleImport.connection.is_(None), PeopleImport.uploaded_at <= at - CONTENT_RETENTION),
            PeopleImport.uploaded_at <= at - CONNECTION_RETENTION,
        ),
        PeopleImport.content.is_not(None),
    )
    session.execute(content.values(content=None))
    preview = update(PeopleImport).where(
        PeopleImport.uploaded_at <= at - PREVIEW_RETENTION, PeopleImport.preview.is_not(None)
    )
    session.execute(preview.values(preview=None))


def store_choices(
    session: Session, import_id: int, table: Table, choices: ImportChoices, invites: bool | None = None
) -> bool:
    """Store how a list is to be read; `invites` says whether people who are added are invited (None: as was chosen before).
    The preview of earlier choices stays until the next one is stored; it cannot be applied, because the plan differs.

    False, and nothing is stored, once the list has begun to be written: its preview is then what is being done. Raises
    LookupError if there is no such list.
    """
    job = get_import_row(session, import_id)
    if job.applied_at is not None or queries.is_being_written(session, import_id):
        return False
    unused = [heading for place, heading in enumerate(table.headings) if place not in choices.columns.values()]
    named = {field: table.headings[index] for field, index in choices.columns.items()}
    job.columns = json.dumps({**named, queries.UNUSED_KEY: unused}, ensure_ascii=False)
    job.base_team_id, job.failure = choices.base, None
    job.invites = job.invites if invites is None else invites
    job.decisions = json.dumps(dict(choices.decisions))
    session.flush()
    return True


def keep_preview(
    session: Session,
    import_id: int,
    table: Table,
    choices: ImportChoices,
    preview: PackedPreview,
    invites: bool | None = None,
) -> bool:
    """Store the choices for a list, and what it would do with them (`preview` is that of its ImportDraft).

    False, and nothing is stored, once the list has begun to be written. Raises LookupError if there is no such list.
    """
    if not store_choices(session, import_id, table, choices, invites):
        return False
    job = get_import_row(session, import_id)
    job.preview, job.mark = preview.text, preview.fingerprint
    session.flush()
    return True


def keep_preview_of_choices(
    session: Session, import_id: int, table: Table, choices: ImportChoices, preview: PackedPreview
) -> bool:
    """Store what a list would do with these choices; False, and nothing is stored, if other choices were stored in the
    meantime: the preview has to be made again. Nothing is stored either, and True returned, once the list has begun to be
    written. Raises LookupError if there is no such list."""
    job = get_import_row(session, import_id)
    if job.applied_at is not None or queries.is_being_written(session, import_id):
        return True
    if queries.import_choices(session, import_id, table) != choices:
        return False
    job.preview, job.mark = preview.text, preview.fingerprint
    session.flush()
    return True


_SMALL_COLUMNS = (
    PeopleImport.file_name, PeopleImport.base_team_id, PeopleImport.invites, PeopleImport.mark, PeopleImport.begun_at,
    PeopleImport.applied_at, PeopleImport.uploaded_by, PeopleImport.connection,
)  # fmt: skip


def get_import_row(session: Session, import_id: int) -> PeopleImport:
    """The row of a list without its megabytes; others who want to write it wait. Raises LookupError if there is none."""
    rows = select(PeopleImport).where(PeopleImport.id == import_id).options(load_only(*_SMALL_COLUMNS))
    row = session.execute(rows.with_for_update().execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise LookupError(_("There is no such list."))
    return row
