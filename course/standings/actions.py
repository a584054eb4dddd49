"""Writing the rows and the mark together: one writer at a time, and only over the state from which was derived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from course.db import insert_once, lock_name
from course.learning.events import StepEnded
from course.standings.models import PersonStatus, StandingChange, StandingCount, StandingsMark
from course.standings.queries.changes import Facts
from course.standings.rules import Cell, Standing

MARK_ID = 1
_LOCK = "standings"
_CELL_COLUMNS = tuple(Cell._fields)


@dataclass(frozen=True)
class StandingsWrite:
    """What a catch-up writes over the state of that `version`: the `standings` of the people `ids` (who have none there
    lose their row), notes that are done and people who are noted for later, and what changes in the mark."""

    version: int
    at: datetime
    ids: Collection[int] = ()
    standings: Sequence[Standing] = ()
    done_notes: Sequence[int] = ()
    later: Collection[int] = ()
    facts: Facts | None = None
    mark: Mapping[str, Any] = field(default_factory=dict)


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
    lock_name(session, _LOCK)
    for table in (PersonStatus, StandingCount, StandingChange, StandingsMark):
        session.execute(delete(table))


def record_check(session: Session, at: datetime, people: int, differing: int) -> None:
    """Record how many people were compared with their facts, and how many differed."""
    values = {"checked_at": at, "checked_people": people, "differing_people": differing}
    session.execute(update(StandingsMark).values(values))


def write_standings(session: Session, write: StandingsWrite) -> bool:
    """Write the rows and move the mark. False, and nothing is written, if somebody else has written since the state was
    read."""
    lock_name(session, _LOCK)
    if session.execute(select(StandingsMark.version)).scalar() != write.version:
        return False
    if write.ids:
        _write_rows(session, write.ids, write.standings)
    if write.done_notes:
        session.execute(delete(StandingChange).where(StandingChange.id.in_(write.done_notes)))
    if write.later:
        session.execute(insert(StandingChange), [{"person_id": one} for one in sorted(write.later)])
    values = {
        "version": write.version + 1,
        "as_of": write.at,
        **(write.facts._asdict() if write.facts else {}),
        **write.mark,
    }
    session.execute(update(StandingsMark).values(values))
    return True


def _write_rows(session: Session, ids: Collection[int], standings: Sequence[Standing]) -> None:
    before = {
        row.person_id: (row.is_employed, Cell(*row[2:]))
        for row in session.execute(
            select(PersonStatus.person_id, PersonStatus.is_employed, *(getattr(PersonStatus, name) for name in _CELL_COLUMNS))
            .where(PersonStatus.person_id.in_(ids))
        )
    }  # fmt: skip
    gone = before.keys() - {one.person_id for one in standings}
    if gone:
        session.execute(delete(PersonStatus).where(PersonStatus.person_id.in_(gone)))
    if standings:
        statement = _upsert(session, PersonStatus)
        columns = {name: statement.excluded[name] for name in Standing.__slots__ if name != "person_id"}
        session.execute(
            statement.on_conflict_do_update(index_elements=["person_id"], set_=columns),
            [asdict(one) for one in standings],
        )
    change: Counter[Cell] = Counter(one.cell for one in standings if one.is_employed)
    change.subtract(cell for is_employed, cell in before.values() if is_employed)
    _change_counts(session, {cell: number for cell, number in change.items() if number})


def _change_counts(session: Session, change: Mapping[Cell, int]) -> None:
    if not change:
        return
    table: Table = StandingCount.metadata.tables[StandingCount.__tablename__]
    statement = _upsert(session, StandingCount)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(_CELL_COLUMNS), set_={"people": table.c.people + statement.excluded.people}
        ),
        [{**cell._asdict(), "people": number} for cell, number in sorted(change.items())],
    )
    if any(number < 0 for number in change.values()):
        session.execute(delete(StandingCount).where(StandingCount.people == 0))


def _upsert(session: Session, table: type[PersonStatus] | type[StandingCount]) -> Any:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return make(table.metadata.tables[table.__tablename__])
