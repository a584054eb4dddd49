"""Finding the server that takes writes among several, also when a former one comes back and takes them too.

Each time a standby becomes the primary, PostgreSQL begins another timeline, with a higher number. A primary that was away
meanwhile, and is started again as it was, still has the lower one: what is written to it is lost when it is set right.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

from sqlalchemy import Engine, event

_LOG = logging.getLogger("course.db")
_TIMELINE = "select ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"


class PrimarySearch:
    """Opens connections for an engine whose address names several servers.

    The first connection of a process asks all of them, and takes the one on the newest timeline; so does the first after a
    connection was lost. The others take the first that takes writes and is on a timeline as new as any that was seen.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest, self._asks_all = 0, True

    def note_loss(self, *_: object) -> None:
        """A connection was lost: another server may be the primary by now."""
        self._asks_all = True

    def connect(self, dialect: Any, _record: object, _arguments: object, parameters: dict[str, Any]) -> Any:
        """A connection to the primary. Raises psycopg.OperationalError if none of the servers is one."""
        import psycopg  # noqa: PLC0415 (only where PostgreSQL is used: it needs 5 MiB)

        errors: list[str] = []
        with self._lock:
            newest, asks_all = self._newest, self._asks_all
        best, best_timeline = None, 0
        for host, port in _servers(parameters):
            found = _open(dialect.connect, {**parameters, "host": host, "port": port}, errors)
            if found is None:
                continue
            connection, timeline = found
            if timeline < max(newest, best_timeline):
                _LOG.error("not used: %s takes writes, but another server has become the primary since", host)
                errors.append(f"{host} is a former primary")
                connection.close()
                continue
            if best is not None:
                best.close()
            best, best_timeline = connection, timeline
            if not asks_all:
                break
        if best is None:
            self._asks_all = True
            raise psycopg.OperationalError("no server takes writes: " + "; ".join(errors))
        with self._lock:
            self._newest = max(self._newest, best_timeline)
            if asks_all:
                self._asks_all = False
        return best


def search_primary(engine: Engine) -> None:
    """Let the engine look for its primary among the servers of its address."""
    search = PrimarySearch()
    event.listen(engine, "do_connect", search.connect)
    event.listen(engine, "invalidate", search.note_loss)


def _servers(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    names, ports = str(parameters["host"]).split(","), str(parameters.get("port") or "").split(",")
    return [(name, ports[min(number, len(ports) - 1)]) for number, name in enumerate(names)]


def _open(connect: Callable[..., Any], parameters: dict[str, Any], errors: list[str]) -> tuple[Any, int] | None:
    """A connection to one server, and its timeline; None if it cannot be had."""
    import psycopg  # noqa: PLC0415 (see above)

    if not parameters["port"]:
        del parameters["port"]
    try:
        connection = connect(**parameters)
    except psycopg.OperationalError as error:
        errors.append(str(error))
        return None
    try:
        connection.autocommit = True
        timeline = int(connection.execute(_TIMELINE).fetchone()[0])
        connection.autocommit = False
    except psycopg.Error as error:
        errors.append(str(error))
        with suppress(psycopg.Error):
            connection.close()
        return None
    return connection, timeline
