"""Reading from a standby of the database, which takes what is read a lot off the primary. Nothing here knows Flask.

Whoever reads here sees at least what they would have seen on the primary when they asked: all that anybody had committed by
then, their own writes included. A standby that has not come so far yet, or is away, is left out, and the primary is read.
"""

from __future__ import annotations

import logging
import time

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_LOG = logging.getLogger("course")
CATCH_UP_SECONDS = 0.2  # how long a standby may take to get what has just been committed
LOOK_SECONDS = 0.01  # between two looks at how far it has come
AWAY_SECONDS = 10.0  # a standby that was away is not asked again for so long
_COMMITTED = text("select pg_current_wal_flush_lsn()")
# NULL on a server that is no standby: it may be a former primary, which knows nothing of what was written since.
_REPLAYED = text("select pg_last_wal_replay_lsn() >= cast(:position as pg_lsn)")


class ReadReplica:
    """A standby of the database, used while it keeps up."""

    def __init__(self, engine: Engine, away_seconds: float = AWAY_SECONDS) -> None:
        self.away_seconds = away_seconds
        self._engine = engine.execution_options(writes=False)
        self._away_until = 0.0

    def connect(self, primary: Connection) -> Connection | None:
        """A connection to the standby that sees all that was committed when this was called; None if there is none.

        `primary` is a connection to the primary, which is asked what was committed.
        """
        if time.monotonic() < self._away_until:
            return None
        connection = None
        try:
            position = primary.execute(_COMMITTED).scalar_one()
            connection = self._engine.connect()
            has_replayed = _has_replayed(connection, str(position))
        except (DBAPIError, PoolTimeoutError) as error:
            if connection is not None:
                connection.close()
            self._leave_for_a_while(str(error))
            return None
        if has_replayed:
            return connection
        if has_replayed is None:
            self._leave_for_a_while("the server that answers is no standby")
            connection.invalidate()  # the next one may lead to a standby again
        connection.close()
        return None

    def _leave_for_a_while(self, reason: str) -> None:
        self._away_until = time.monotonic() + self.away_seconds
        _LOG.warning("reports are read on the primary, without DATABASE_READ_URL: %s", reason)


def _has_replayed(standby: Connection, position: str) -> bool | None:
    """Whether the standby has what the primary had committed at the position, or gets it in a moment; None for a server
    that is no standby."""
    until = time.monotonic() + CATCH_UP_SECONDS
    while True:
        found: bool | None = standby.execute(_REPLAYED, {"position": position}).scalar_one()
        if found is not False or time.monotonic() >= until:
            return found
        time.sleep(LOOK_SECONDS)
