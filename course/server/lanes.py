"""The threads of the server, in two lanes: requests that verify or hash a password have a few threads of their own.

A hash takes 30 ms of a processor. When a whole school signs in at once, hundreds of such requests wait; if they waited in
the queue of everybody, a page or an answer would wait behind all of them. So they wait in a queue of their own, as
connections and not as threads, and only as many of them are at work at once as make sense.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from course.auth.password_hashing import MAX_CONCURRENT_HASHES

# The forms with a password: signing in, choosing a password by a link or a code, the set-up, changing one's own, and proving
# who is signed in.
PASSWORD_FORMS = re.compile(r"/(?:sign-in|code|link/[^/]+|set-up/[^/]+|me|me/proof)")
# More than there can be hashes at once: the others read and write for the next person meanwhile.
PASSWORD_THREADS = MAX_CONCURRENT_HASHES + 1


def hashes_password(method: str, path: str) -> bool:
    """Whether the request is a form with a password. Only its time depends on it, never what is done."""
    return method == "POST" and PASSWORD_FORMS.fullmatch(path) is not None


class LaneDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Gives the requests of the server to its threads: `threads` for pages and answers, and PASSWORD_THREADS for forms with
    a password."""

    def __init__(self, threads: int) -> None:
        super().__init__()
        # It would write a line for each request that waits for a moment.
        self.queue_logger.setLevel(logging.ERROR)
        self._password_lane = ThreadedTaskDispatcher()
        self._password_lane.set_thread_count(PASSWORD_THREADS)
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        """Queue a connection whose next request has arrived."""
        request = task.requests[0]
        if hashes_password(str(request.command), str(request.path)):
            self._password_lane.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Let the requests that are being answered end, in both lanes; whether some that waited were cancelled."""
        self._password_lane.set_thread_count(0)  # both lanes end at the same time, not one after the other
        pages = super().shutdown(cancel_pending, timeout)
        return bool(self._password_lane.shutdown(cancel_pending, timeout)) or bool(pages)
