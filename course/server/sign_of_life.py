"""Recording again and again that a process does jobs."""

from __future__ import annotations

from datetime import datetime

from course.server.actions import record_heartbeat, register_worker
from course.server.settings_check import own_settings
from course.web.unit_of_work import unit_of_work


class SignOfLife:
    """The row that says that this process does jobs (see WorkerBeat)."""

    def __init__(self, name: str, row: int = 0) -> None:
        self._name, self.row = name, row

    def record(self, at: datetime, stopped: bool = False) -> None:
        """The process is alive, or has stopped in good order."""
        with unit_of_work() as session:
            if self.row and record_heartbeat(session, self.row, self._name, at, stopped):
                return
            if not stopped:
                self.row = register_worker(session, self._name, at, own_settings())
