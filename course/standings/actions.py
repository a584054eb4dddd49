"""Writing the rows and the mark together: one writer at a time, and only over the state from which was derived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, TextClause, bindparam, delete, insert, select, text, update
from sqlalchemy.orm import Session

from course.db import insert_once
from course.id_lists import is_in_ids
from course.learning.events import StepEnded
from course.standings.models import PersonStatus, StandingChange, StandingCount, StandingsMark
from course.standings.queries.changes import Facts
from course.standings.rules import Cell, Standing

MARK_ID = 1
_CELL_COLUMNS = tuple(Cell._fields)


@dataclass(frozen=True)
class StandingsWrite:
    """What a catch-up writes over the state of that `version`: the `standings` of the people `ids` (who have none there
    lose their row), notes that are done and people who are noted for later, and what changes in the mark. `last` says that
    with it the rows say all that the facts said when it was made."""

    version: int
    at: datetime
    ids: Collection[int] = ()
    standings: Sequence[Standing] = ()
    done_notes: Sequence[int] = ()
    later: Collection[int] = ()
    facts: Facts | None = None
    mark: Mapping[str, Any] = field(default_factory=dict)
    last: bool = False


def note_step(session: Session, event: StepEnded) -> None:
    """Note that the progress of a person is to be counted again, in the transaction of the step. It is not counted here,
    because the learner waits."""
    session.execute(insert(StandingChange), [{"person_id": event.person_id}])


def begin_standings(session: Session, facts: Facts, zone: str, content: str, today: date, at: datetime) -> None:
    """Put the first mark there, from which everybody is derived. Another process may have done it."""
    insert_once(
        session, StandingsMark, id=MARK_ID, version=1, zone=zone, content=content, cursor=0, latest_day=today, as_of=at,
        **facts._asdict(),
    )  # fmt: skip


def drop_standings(session: Session) -> None:
    """Delete every row. The next catch-up begins anew."""
    # The mark first: whoever writes rows holds it until they are committed.
    for table in (StandingsMark, PersonStatus, StandingCount, StandingChange):
        session.execute(delete(table))


def record_check(session: Session, at: datetime, people: int, differing: int) -> None:
    """Record how many people were compared with their facts, and how many differed."""
    values = {"checked_at": at, "checked_people": people, "differing_people": differing}
    session.execute(update(StandingsMark).values(values))


def write_standings(session: Session, write: StandingsWrite) -> bool:
    """Write the rows and move the mark. False, and nothing is written, if somebody else has written since the state was
    read. Whoever moves the mark first holds it until the commit, so that there is one writer at a time."""
    values = {
        "version": write.version + 1,
        "as_of": write.at,
        **(write.facts._asdict() if write.facts else {}),
        **write.mark,
    }
    connection = session.connection()
    if connection.execute(_MOVE_MARK, {"of_version": write.version, **values}).rowcount != 1:
        return False
    if write.ids:
        _write_rows(connection, write.ids, write.standings)
    if write.done_notes:
        connection.execute(delete(StandingChange).where(StandingChange.id.in_(write.done_notes)))
    if write.later:
        connection.execute(insert(StandingChange), [{"person_id": one} for one in sorted(write.later)])
    return True


_ROWS = PersonStatus.metadata.tables[PersonStatus.__tablename__]
_COUNTS = PersonStatus.metadata.tables[StandingCount.__tablename__]
_MARKS = PersonStatus.metadata.tables[StandingsMark.__tablename__]
_MOVE_MARK = update(_MARKS).where(_MARKS.c.version == bindparam("of_version"))
_ROW_COLUMNS = tuple(Standing.__slots__)
_READ_ROWS = select(*(_ROWS.c[name] for name in _ROW_COLUMNS)).where(is_in_ids(_ROWS.c.person_id))
_DERIVED_ON = _ROW_COLUMNS.index("derived_on")


def _upsert(table: Table, key: Sequence[str], changes: str) -> TextClause:
    """Insert a row, or change the one with that key. As text, because SQLAlchemy compiles its own form of this each time,
    which takes longer than to run it; the text is the same on both engines."""
    columns = [column.name for column in table.columns]
    values = ", ".join(f":{name}" for name in columns)
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 (names of columns)
    statement += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    return text(statement).bindparams(*(bindparam(name, type_=table.c[name].type) for name in columns))


_PUT_ROW = _upsert(
    _ROWS, ["person_id"], ", ".join(f"{name} = excluded.{name}" for name in _ROW_COLUMNS if name != "person_id")
)
_PUT_COUNT = _upsert(_COUNTS, _CELL_COLUMNS, "people = standing_count.people + excluded.people")


def _write_rows(connection: Connection, ids: Collection[int], standings: Sequence[Standing]) -> None:
    """Write those of the rows that say something else than before, and count them."""
    before = {row.person_id: row for row in connection.execute(_READ_ROWS, {"ids": list(ids)})}
    gone = before.keys() - {one.person_id for one in standings}
    if gone:
        connection.execute(delete(_ROWS).where(_ROWS.c.person_id.in_(gone)))
    put = []
    for one in standings:
        values, row = [getattr(one, name) for name in _ROW_COLUMNS], before.get(one.person_id)
        if row is None or not _says(row, values):
            put.append(dict(zip(_ROW_COLUMNS, values, strict=True)))
    if put:
        connection.execute(_PUT_ROW, put)
    change: Counter[Cell] = Counter(one.cell for one in standings if one.is_employed)
    change.subtract(_cell_of(row) for row in before.values() if row.is_employed)
    _change_counts(connection, {cell: number for cell, number in change.items() if number})


def _says(row: Row[*tuple[Any, ...]], values: Sequence[Any]) -> bool:
    """Whether a stored row says the same and is not of a later day (the clock was set back)."""
    return (
        row[:_DERIVED_ON] == tuple(values[:_DERIVED_ON])
        and row.changes_on == values[-1]
        and row.derived_on <= values[_DERIVED_ON]
    )


def _cell_of(row: Row[*tuple[Any, ...]]) -> Cell:
    return Cell(row.teams, row.group_rank, row.has_certificate, row.is_long_overdue)


def _change_counts(connection: Connection, change: Mapping[Cell, int]) -> None:
    if not change:
        return
    connection.execute(_PUT_COUNT, [{**cell._asdict(), "people": number} for cell, number in sorted(change.items())])
    if any(number < 0 for number in change.values()):
        connection.execute(delete(_COUNTS).where(_COUNTS.c.people == 0))
