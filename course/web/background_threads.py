"""Work that takes longer than somebody should wait for a page, done by a few threads, however much is asked for."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from flask import Flask, current_app

MAX_THREADS = 2  # each takes a processor and up to two connections to the database


class BackgroundPool:
    """At most so many threads. They are started when there is work and end when there is none."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._waiting: deque[tuple[Callable[[], None], str]] = deque()
        self._running = 0
        self._stopped = False
        self._changed = threading.Condition()

    def add(self, work: Callable[[], None], name: str) -> None:
        """Do the work in its turn. After `stop` nothing more is begun."""
        with self._changed:
            if self._stopped:
                logging.getLogger("course").warning("%s was not begun: the course is being stopped", name)
                return
            self._waiting.append((work, name))
            if self._running >= self.most:
                return
            self._running += 1
        threading.Thread(target=self._run, name="background", daemon=True).start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing more, and wait so long for what is being done; whether all of it has ended."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            return self._changed.wait_for(lambda: self._running == 0, seconds)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._running -= 1
                    self._changed.notify_all()
                    return
                work, name = self._waiting.popleft()
            try:
                work()
            except BaseException:  # also what would end a thread: the next one's turn comes all the same
                logging.getLogger("course").exception("%s failed", name)


background_pool = BackgroundPool(MAX_THREADS)


def run_in_background(work: Callable[[], None], name: str) -> None:
    """Do it beside the pages, with the application at hand, when its turn has come; the page answers at once.

    With `app.config["IN_BACKGROUND"]` False it is done before this returns, for those who have one connection only.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            try:
                work()
            except Exception:
                logging.getLogger("course").exception("%s failed", name)

    if app.config.get("IN_BACKGROUND", True):
        background_pool.add(run, name)
    else:
        run()
