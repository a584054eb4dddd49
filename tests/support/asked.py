"""What an application asks of its database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event


@contextmanager
def asked(app: Flask, this_thread_only: bool = False) -> Iterator[list[str]]:
    """The statements that are sent while the block runs, in order; savepoints and transactions are left out, and, if
    that is wanted, what other threads send meanwhile."""
    found: list[str] = []
    mine = threading.get_ident()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        other = this_thread_only and threading.get_ident() != mine
        if not other and not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            found.append(statement)

    engine = app.extensions["course"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
