"""The connections to PostgreSQL and their cursor. Imported only where one is opened: the driver needs 5 MiB."""

from __future__ import annotations

import time
from typing import Any

from psycopg import Connection, Cursor
from sqlalchemy import Engine, event

from course.request_turns import come_back, leave_turn

# Seconds from a question to its answer from which a server counts as far: others can do something useful meanwhile. On the
# same machine it is a tenth of a millisecond.
FAR_SECONDS = 0.0003
_QUESTIONS = 3  # the quickest of so many answers counts


class PatientConnection(Connection[Any]):
    """A connection that lets other requests go on while it waits for a server that is far (see request_turns)."""

    is_far = False

    def leave_turn(self) -> bool:
        """Let others go on, if the server is far; whether this thread had a turn."""
        return self.is_far and leave_turn()

    def wait(self, *arguments: Any, **named: Any) -> Any:
        """Wait for the server, as the driver does."""
        if not self.leave_turn():
            return super().wait(*arguments, **named)
        try:
            return super().wait(*arguments, **named)
        finally:
            come_back()


def wait_patiently(engine: Engine) -> None:
    """Let the connections of an engine be patient ones."""
    engine.dialect.connect = PatientConnection.connect  # type: ignore[assignment,method-assign]
    event.listen(engine, "connect", _measure_distance)


def _measure_distance(connection: PatientConnection, _record: object) -> None:
    """Ask the server of a new connection for nothing, to see how far it is."""
    took: list[float] = []
    for _ in range(_QUESTIONS):
        started = time.perf_counter()
        connection.execute("")
        took.append(time.perf_counter() - started)
    connection.is_far = min(took) >= FAR_SECONDS


class LightCursor(Cursor[Any]):
    """A cursor that describes a result by the names and types of its columns, all that SQLAlchemy asks of it. That of psycopg
    makes an object of ten attributes for each column of each result, which takes as long as reading the rows of a page."""

    @property
    def description(self) -> Any:
        """For each column seven values as PEP 249 has them: its name, the number of its type, and five times None; None where
        nothing was returned."""
        result = self.pgresult
        if result is None or not result.nfields:
            return super().description
        return [(_name(result.fname(index)), result.ftype(index), *_UNKNOWN) for index in range(result.nfields)]


_UNKNOWN = (None,) * 5


def _name(raw: bytes | None) -> str:
    return (raw or b"").decode()
