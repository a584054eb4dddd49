"""Which people a change is about, and what is to be done: the preview, sealed with what their entries are now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import bindparam, delete, insert, update

from course.bulk_changes.models import BulkChange, BulkChangePerson
from course.bulk_changes.rules.planning import ChangeValues, PersonState
from course.context import Context

BATCH = 500  # people in one statement


def choose_people(context: Context, kind: str, people: Sequence[PersonState], back: str) -> int:
    """Keep which people are chosen, as they are now; returns the id of the change. Nothing is done to anybody."""
    change = BulkChange(
        kind=kind, chosen=ChangeValues().as_data(), reason="", made_by=context.person_id, made_at=context.now,
        sealed_at=None, back=back[:500],
    )  # fmt: skip
    context.session.add(change)
    context.session.flush()
    rows = [
        {"change_id": change.id, "person_id": one.id, "seen": one.fingerprint(kind), "note": "", "before": {}, "undo_note": ""}
        for one in people
    ]  # fmt: skip
    for portion in _portions(rows):
        context.session.execute(insert(BulkChangePerson), portion)
    return change.id


def choose_values(context: Context, change_id: int, values: ChangeValues, people: Iterable[PersonState]) -> bool:
    """Keep what is to be done, and what the entries of the people are now: the preview that follows is of this moment.
    False if the change is being applied, or has been."""
    session = context.session
    draft = BulkChange.id == change_id, BulkChange.applied_at.is_(None)
    stored = {"chosen": values.as_data(), "reason": values.reason, "sealed_at": context.now}
    found = session.execute(
        update(BulkChange).where(*draft).values(stored).returning(BulkChange.id, BulkChange.kind)
    ).first()
    if found is None:
        return False
    table = BulkChangePerson.metadata.tables[BulkChangePerson.__tablename__]
    statement = (
        update(table)
        .where(table.c.change_id == change_id, table.c.person_id == bindparam("who"))
        .values(seen=bindparam("now_seen"))
    )
    rows = [{"who": one.id, "now_seen": one.fingerprint(found.kind)} for one in people]
    for portion in _portions(rows):
        session.connection().execute(statement, portion)
    return True


def delete_changes(context: Context, ids: Collection[int]) -> None:
    """Forget these changes; what they did stays."""
    context.session.execute(delete(BulkChangePerson).where(BulkChangePerson.change_id.in_(ids)))
    context.session.execute(delete(BulkChange).where(BulkChange.id.in_(ids)))


def _portions(rows: list[dict[str, object]]) -> Iterable[list[dict[str, object]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
