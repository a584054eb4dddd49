"""The counters of PostgreSQL that number new rows: after rows were copied in they may be behind, and the next row is refused."""

from __future__ import annotations

from sqlalchemy import Integer, func, select, text
from sqlalchemy.orm import Session

from course.db import Base

# Their rows are numbered by the program, and the counter is never asked.
NUMBERED_BY_PROGRAM = frozenset({"organisation", "secret_key_fingerprint"})


def counters_behind(session: Session) -> tuple[int, list[tuple[str, int]]]:
    """How many counters were looked at, and the tables whose counter is behind, with the highest number there. SQLite has
    none."""
    if session.get_bind().dialect.name != "postgresql":
        return 0, []
    looked_at, found = 0, []
    for table in Base.metadata.sorted_tables:
        key = list(table.primary_key)
        if len(key) != 1 or not isinstance(key[0].type, Integer) or table.name in NUMBERED_BY_PROGRAM:
            continue
        named = text("select pg_get_serial_sequence(:table, :column)")
        sequence = session.execute(named, {"table": f'"{table.name}"', "column": key[0].name}).scalar_one()
        if sequence is None:
            continue
        looked_at += 1
        # The name is PostgreSQL's own, quoted where it has to be.
        last = session.execute(text(f"select case when is_called then last_value else 0 end from {sequence}"))  # noqa: S608
        highest = session.execute(select(func.max(key[0]))).scalar_one() or 0
        if highest > last.scalar_one():
            found.append((table.name, highest))
    return looked_at, found
