"""What was taken from the import folder, and what of it waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, false, func, select
from sqlalchemy.orm import Session

from course.import_folder.models import ImportFolderFile
from course.people.models import Person
from course.people_import.models import PeopleImport
from course.people_import.queries import UNUSED_KEY, PreviousMapping, mapped_headings
from course.people_import.rules.questions import remembered_decisions
from course.translation import text_from_data

_MAX_LISTS_READ = 50  # applied lists in which the columns of a list are looked for


@dataclass(frozen=True)
class FolderFile:
    """A file that was taken, as pages show it. `import_id` is the number of its list, None if it brought none; the list was
    applied at `applied_at`. `is_open`: it waits for a person, and is kept."""

    id: int
    file_name: str
    taken_at: datetime
    outcome: str
    reasons: tuple[str, ...]
    import_id: int | None
    applied_at: datetime | None
    is_open: bool


@dataclass(frozen=True)
class EarlierList:
    """The newest list of a kind: the digest of its file, how many rows it had, and whether it was applied or can be still."""

    digest: str
    rows: int
    counts: bool


@dataclass(frozen=True)
class SavedProfile:
    """How lists of one kind are read, and whether people whom they add are invited."""

    mapping: PreviousMapping
    invites: bool


def _is_open() -> ColumnElement[bool]:
    """Whether a list waits for a person. One whose content was deleted waits no more."""
    kept = PeopleImport.content.is_not(None) & PeopleImport.applied_at.is_(None) & PeopleImport.begun_at.is_(None)
    return (ImportFolderFile.outcome == "wait") & kept


def waiting_lists_query() -> Select[int]:
    """How many lists of the folder wait for a person."""
    return select(func.count(ImportFolderFile.id)).join(PeopleImport).where(_is_open())


def newest_files(session: Session, limit: int = 30) -> list[FolderFile]:
    """The files that were taken, newest first, and before them all whose lists wait for a person."""
    is_open = func.coalesce(_is_open(), false())
    one = ImportFolderFile
    columns = one.id, one.file_name, one.taken_at, one.outcome, one.reasons, one.import_id, PeopleImport.applied_at
    rows = select(*columns, is_open).outerjoin(PeopleImport).order_by(is_open.desc(), one.id.desc()).limit(limit)
    return [
        FolderFile(*row[:4], tuple(map(text_from_data, json.loads(row.reasons or "[]"))), *row[5:7], bool(row[7]))
        for row in session.execute(rows)
    ]


def newest_of_kind(session: Session, headings_digest: str) -> EarlierList | None:
    """The newest list with these headings that the folder brought."""
    one = ImportFolderFile
    rows = select(one.digest, one.rows, PeopleImport.applied_at.is_not(None), PeopleImport.content.is_not(None))
    kind = one.headings_digest == headings_digest, one.import_id.is_not(None)
    row = session.execute(rows.join(PeopleImport).where(*kind).order_by(one.id.desc()).limit(1)).one_or_none()
    return None if row is None else EarlierList(row[0], row[1] or 0, bool(row[2] or row[3]))


def was_refused(session: Session, digest: str, since: datetime) -> bool:
    """Whether this very file was refused since a moment."""
    one = ImportFolderFile
    rows = select(one.id).where(one.digest == digest, one.outcome == "refuse", one.taken_at > since)
    return session.execute(rows.limit(1)).first() is not None


def saved_profile(session: Session, headings: Sequence[str]) -> SavedProfile | None:
    """How the newest applied list of this kind was read: one whose chosen columns are all here, and of the lists for which
    that is so the one that knows most of these headings. None if there is none."""
    one = PeopleImport
    statement = select(one.columns, one.base_team_id, one.decisions, one.invites).where(
        one.applied_at.is_not(None), one.columns.is_not(None)
    )
    present, best, most = set(headings), None, -1
    for row in session.execute(statement.order_by(one.id.desc()).limit(_MAX_LISTS_READ)):
        columns = json.loads(row.columns)
        chosen, unused = mapped_headings(columns), frozenset(columns.get(UNUSED_KEY, ()))
        known = len(present & {*chosen.values(), *unused})
        if chosen and present.issuperset(chosen.values()) and known > most:
            decisions = remembered_decisions(json.loads(row.decisions or "{}"))
            best = SavedProfile(PreviousMapping(chosen, unused, row.base_team_id, decisions), row.invites)
            most = known
    return best


def unfinished_imports(session: Session) -> list[tuple[int, int]]:
    """The lists that are to be applied by themselves and were not, oldest first: the id of the file and of the list."""
    one = ImportFolderFile
    rows = (
        select(one.id, PeopleImport.id)
        .join(PeopleImport)
        .where(one.outcome == "apply", PeopleImport.applied_at.is_(None), PeopleImport.content.is_not(None))
    )
    return [(row[0], row[1]) for row in session.execute(rows.order_by(one.id))]


def people_present(session: Session) -> int:
    """How many people work here."""
    return session.execute(select(func.count(Person.id)).where(Person.left_at.is_(None))).scalar_one()
