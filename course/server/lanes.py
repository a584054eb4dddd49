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
from course.request_turns import SHARE, RequestTurns, begin_request, end_request

# The forms with a password: signing in, choosing a password by a link or a code, the set-up, changing one's own, and proving
# who is signed in.
PASSWORD_FORMS = re.compile(r"/(?:sign-in|code|link/[^/]+|set-up/[^/]+|me|me/proof)")
# More than there can be hashes at once: the others read and write for the next person meanwhile.
PASSWORD_THREADS = MAX_CONCURRENT_HASHES + 1


def hashes_password(method: str, path: str) -> bool:
    """Whether the request is a form with a password. Only its time depends on it, never what is done."""
    return method == "POST" and PASSWORD_FORMS.fullmatch(path) is not None


class _InTurn:
    """A request of the other lane, which waits for its turn as well."""

    def __init__(self, task: Any, turns: RequestTurns) -> None:
        self._task, self._turns = task, turns

    def service(self) -> None:
        self._turns.take()
        begin_request(self._turns)
        try:
            self._task.service()
        finally:
            end_request()

    def cancel(self) -> None:
        self._task.cancel()


class LaneDispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Gives the requests of the server to its threads: `threads` for pages and answers, of which one is at work at a time (see
    course/request_turns), and PASSWORD_THREADS for forms with a password."""

    def __init__(self, threads: int, share: float = SHARE) -> None:
        super().__init__()
        self._turns = RequestTurns(self.lock, self._begin_next, share)
        self._is_watched = False  # a thread looks from time to time whether the request at work takes long
        self._password_lane = ThreadedTaskDispatcher()
        # It would write a line for each request that waits for a moment.
        self._password_lane.queue_logger.setLevel(logging.ERROR)
        self._password_lane.set_thread_count(PASSWORD_THREADS)
        self.set_thread_count(threads)

    def add_task(self, task: Any) -> None:
        """Queue a connection whose next request has arrived."""
        request = task.requests[0]
        if hashes_password(str(request.command), str(request.path)):
            self._password_lane.add_task(_InTurn(task, self._turns))
            return
        with self.lock:
            self.queue.append(task)
            if self._turns.is_free() or not self._is_watched:
                self.queue_cv.notify()

    def handler_thread(self, thread_no: int) -> None:
        """Answer one request after the other."""
        while (task := self._next_task(thread_no)) is not None:
            begin_request(self._turns)
            try:
                task.service()
            except BaseException:
                self.logger.exception("Exception when servicing %r", task)

    def _next_task(self, thread_no: int) -> Any:
        """Wait for a request; None if the thread is to end."""
        with self.lock:
            while not self.stop_count and not (self.queue and self._turns.take_for_next()):
                self._turns.end()
                if watches := bool(self.queue) and not self._is_watched:
                    self._is_watched = True
                self.active_count -= 1
                self.queue_cv.wait(self._turns.share if watches else None)
                self.active_count += 1
                if watches:
                    self._is_watched = False
            if not self.stop_count:
                task = self.queue.popleft()
                if self.queue and not self._is_watched:
                    self.queue_cv.notify()
                return task
            self._turns.end()
            self.active_count -= 1
            self.stop_count -= 1
            self.threads.discard(thread_no)
            self.thread_exit_cv.notify()
            return None

    def _begin_next(self) -> None:
        if self.queue:
            self.queue_cv.notify()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Let the requests that are being answered end, in both lanes; whether some that waited were cancelled."""
        self._password_lane.set_thread_count(0)  # both lanes end at the same time, not one after the other
        pages = super().shutdown(cancel_pending, timeout)
        return bool(self._password_lane.shutdown(cancel_pending, timeout)) or bool(pages)
