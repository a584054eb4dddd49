"""Recording what was taken from the import folder, and whose turn it is to take it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_if_absent, lock_name
from course.import_folder.models import ImportFolderFile, ImportFolderTurn
from course.import_folder.rules import CONNECTION, LIST_REPLACED, HeldListMessage
from course.mail.actions import queue_message
from course.people.models import Person
from course.people.queries import administrators, mail_recipient
from course.people.rules import first_name
from course.people_import import actions as imports
from course.people_import.models import PeopleImport
from course.people_import.queries import ImportChoices, ImportDraft
from course.people_import.rules.table import Table
from course.text import normalise_line
from course.translation import lazy_join, text_as_data

TURN = timedelta(minutes=10)  # a process that has said nothing for so long has died
REASONS_RETENTION = timedelta(days=30)
_TURN_ID = 1


@dataclass(frozen=True)
class FoundFile:
    """A file that was read: its name, the SHA-256 of its bytes, and that of the headings of its list (None: it is no list)."""

    name: str
    digest: str
    headings_digest: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class FoundList:
    """A list that was read: its table, and as it is stored. With `choices` and `draft` it was compared with people."""

    table: Table
    packed: bytes
    choices: ImportChoices | None = None
    draft: ImportDraft | None = None
    invites: bool = False


def begin_turn(session: Session, holder: str, at: datetime) -> bool:
    """Begin the turn of a process, which is called `holder`; False if another one takes files just now."""
    lock_name(session, "import_folder")
    insert_if_absent(session, ImportFolderTurn, id=_TURN_ID)
    turn = session.get(ImportFolderTurn, _TURN_ID, with_for_update=True, populate_existing=True)
    if turn is None or (turn.until is not None and turn.until > at and turn.holder != holder):
        return False
    turn.holder, turn.until = holder, at + TURN
    session.flush()
    return True


def keep_turn(session: Session, holder: str, at: datetime) -> bool:
    """Say that a process is alive; False if the turn is no longer its own."""
    own = ImportFolderTurn.id == _TURN_ID, ImportFolderTurn.holder == holder
    changing = update(ImportFolderTurn).where(*own).values(until=at + TURN).returning(ImportFolderTurn.id)
    return session.execute(changing).first() is not None


def end_turn(session: Session, holder: str) -> None:
    """Let others take files; does nothing if the turn is no longer that of this process."""
    own = ImportFolderTurn.id == _TURN_ID, ImportFolderTurn.holder == holder
    session.execute(update(ImportFolderTurn).where(*own).values(holder=None, until=None))


def record_list(context: Context, file: FoundFile, found: FoundList, reasons: tuple[str, ...]) -> tuple[int, int]:
    """Store the list of a file: to be applied at once, or, with reasons, to wait for a person, who is mailed. An earlier list of
    its kind that waits is given up. Returns the ids of the file and of the list."""
    session, context = context.session, replace(context, connection=CONNECTION)
    _give_up_waiting(session, file.headings_digest or "")
    import_id = imports.store_upload(context, file.name, found.packed)
    if found.choices is not None and found.draft is not None:
        imports.keep_preview(session, import_id, found.table, found.choices, found.draft.preview, found.invites)
    row_id = _add(context, file, "wait" if reasons else "apply", reasons, import_id)
    if reasons:
        record_event(context, "person.list_held", None, {"rows": file.rows or 0})
        _mail_administrators(context, row_id, file.name, refused=False, reasons=reasons)
    elif found.draft is not None:
        imports.begin_apply(context, import_id, found.draft.preview.fingerprint)
    return row_id, import_id


def record_refusal(context: Context, file: FoundFile, reason: str, tell: bool) -> None:
    """Record that a file was refused; `tell` says whether the administrators are mailed."""
    context = replace(context, connection=CONNECTION)
    row_id = _add(context, file, "refuse", (reason,), None)
    record_event(context, "person.list_refused", None, {})
    if tell:
        _mail_administrators(context, row_id, file.name, refused=True, reasons=(reason,))


def record_same(context: Context, file: FoundFile) -> None:
    """Record that a file is the newest list of its kind once more."""
    _add(context, file, "same", (), None)


def begin_again(context: Context, file_id: int, import_id: int, found: FoundList, reasons: tuple[str, ...]) -> bool:
    """Begin a list again that would do something else by now than when it was taken; with reasons it waits for a person, who is
    mailed. Whether it can be applied."""
    session, context = context.session, replace(context, connection=CONNECTION)
    imports.record_failure(session, import_id, "")
    if found.choices is not None and found.draft is not None:
        imports.keep_preview(session, import_id, found.table, found.choices, found.draft.preview, found.invites)
        if not reasons:
            return imports.begin_apply(context, import_id, found.draft.preview.fingerprint)
    hold_list(context, file_id, import_id, reasons)
    return False


def hold_list(context: Context, file_id: int, import_id: int, reasons: tuple[str, ...]) -> None:
    """Let a list wait for a person that was to be applied by itself, and mail the administrators."""
    session, context = context.session, replace(context, connection=CONNECTION)
    imports.record_failure(session, import_id, "")
    held = update(ImportFolderFile).where(ImportFolderFile.id == file_id, ImportFolderFile.outcome == "apply")
    changed = held.values(outcome="wait", reasons=_dump(reasons)).returning(
        ImportFolderFile.file_name, ImportFolderFile.rows
    )
    row = session.execute(changed).one_or_none()
    session.execute(update(PeopleImport).where(PeopleImport.id == import_id).values(failure=None))
    if row is not None:
        record_event(context, "person.list_held", None, {"rows": row.rows or 0})
        _mail_administrators(context, file_id, row.file_name, refused=False, reasons=reasons)


def forget_old_reasons(session: Session, at: datetime) -> None:
    """Delete why lists waited or were refused, after a month: lines of a list can be quoted in it."""
    old = ImportFolderFile.taken_at <= at - REASONS_RETENTION, ImportFolderFile.reasons.is_not(None)
    session.execute(update(ImportFolderFile).where(*old).values(reasons=None))


def _give_up_waiting(session: Session, headings_digest: str) -> None:
    """Whoever applied an older list after a newer one would take back what the newer one did."""
    kind = ImportFolderFile.headings_digest == headings_digest, ImportFolderFile.outcome == "wait"
    older = select(ImportFolderFile.import_id).where(*kind)
    waits = PeopleImport.applied_at.is_(None), PeopleImport.begun_at.is_(None), PeopleImport.content.is_not(None)
    given_up = update(PeopleImport).where(PeopleImport.id.in_(older), *waits)
    session.execute(
        given_up.values(content=None, preview=None, failure=LIST_REPLACED[:500]),
        execution_options={"synchronize_session": False},
    )


def _add(context: Context, file: FoundFile, outcome: str, reasons: tuple[str, ...], import_id: int | None) -> int:
    name = normalise_line(file.name)[:200] or "list.csv"
    row = ImportFolderFile(
        file_name=name, digest=file.digest, headings_digest=file.headings_digest, rows=file.rows, taken_at=context.now,
        outcome=outcome, reasons=_dump(reasons) if reasons else None, import_id=import_id,
    )  # fmt: skip
    context.session.add(row)
    context.session.flush()
    return row.id


def _dump(reasons: tuple[str, ...]) -> str:
    return json.dumps(list(map(text_as_data, reasons)), ensure_ascii=False)


def _mail_administrators(
    context: Context, row_id: int, file_name: str, *, refused: bool, reasons: tuple[str, ...]
) -> None:
    session = context.session
    people = select(Person.name, Person.email).where(Person.id.in_(administrators(session)))
    for name, email in session.execute(people).all():
        if email is None:
            continue
        message = HeldListMessage(first_name(name), file_name, refused, lazy_join(reasons))
        queue_message(
            session, f"import_folder:{row_id}:{email}"[:200], mail_recipient(session, email), message, context.now
        )
