"""Several deeds at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

# Whether somebody waits for a lock in this database of PostgreSQL.
_WAITING = text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")


def at_once(actions: Sequence[Callable[[], int]]) -> list[int]:
    """Run them in threads that start together; what each returned, in the order of the actions. One that raises fails the
    test, as an exception of a thread."""
    gate = threading.Barrier(len(actions))
    results: dict[int, int] = {}

    def run(number: int, action: Callable[[], int]) -> None:
        gate.wait()
        results[number] = action()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in sorted(results)]


class _Pause:
    """Stops the transaction of one thread before a statement, until it may go on."""

    def __init__(self, before: str) -> None:
        self.before, self.thread = before, 0
        self.reached, self.go_on = threading.Event(), threading.Event()

    def look(self, connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        is_here = threading.get_ident() == self.thread and connection.get_execution_options().get("writes", True)
        if is_here and statement.startswith(self.before) and not self.reached.is_set():
            self.reached.set()
            self.go_on.wait(30)


def overtaken(engine: Engine, first: Callable[[], int], before: str, second: Callable[[], int]) -> list[int]:
    """Run the first deed and stop its transaction before its first statement that begins with `before`; run the second one
    meanwhile, to its end or until it waits for a lock; then let the first go on. What both returned. On PostgreSQL, whose writers
    do not wait for each other; fails if the first never comes to that statement."""
    pause, results = _Pause(before), [0, 0]

    def run_first() -> None:
        pause.thread = threading.get_ident()
        results[0] = first()

    def run_second() -> None:
        results[1] = second()

    threads = [threading.Thread(target=run_first), threading.Thread(target=run_second)]
    event.listen(engine, "before_cursor_execute", pause.look)
    try:
        threads[0].start()
        assert pause.reached.wait(30), f"no statement begins with {before!r}"
        threads[1].start()
        with create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as watching:
            while threads[1].is_alive() and not watching.execute(_WAITING).scalar():
                threads[1].join(0.02)
    finally:
        pause.go_on.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        event.remove(engine, "before_cursor_execute", pause.look)
    return results
