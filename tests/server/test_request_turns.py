"""One request of a process is at work at a time, and nobody waits for one that waits or takes long."""

from __future__ import annotations

import http.client
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest
from sqlalchemy import text

from course import request_turns
from course.auth import password_hashing
from course.db import make_engine
from course.outgoing_request import OutgoingRequest, exchange
from course.request_turns import RequestTurns, come_back, leave_turn, waiting
from course.server.lanes import LaneDispatcher
from course.web.spreadsheet import WorkbookSheet, xlsx_bytes
from tests.support.ports import free_port
from tests.support.serving import served

NEVER = 60.0  # seconds: a share that no request of a test uses up
PATIENCE = 10.0
Work = Callable[[str], object]


class Server:
    """A server whose pages do `work` with their path. Notes who is at work."""

    def __init__(self, address: str) -> None:
        self.address = address.removeprefix("http://")

    def ask(self, path: str, method: str = "GET") -> Callable[[], bytes]:
        """Ask for a page; what is returned waits for it."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request(method, path)

        def answer() -> bytes:
            data = connection.getresponse().read()
            connection.close()
            return data

        return answer


@contextmanager
def serving(
    work: Work, share: float = NEVER, threads: int = 4, dispatcher: LaneDispatcher | None = None
) -> Iterator[Server]:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = str(work(environ["PATH_INFO"])).encode()
        start_response("200 OK", [("Content-Length", str(len(found)))])
        return [found]

    with served(answer, _dispatcher=dispatcher or LaneDispatcher(threads, share)) as address:
        yield Server(address)


def test_requests_of_both_lanes_are_at_work_one_after_the_other() -> None:
    at_work: list[str] = []
    most = [0]

    def work(path: str) -> str:
        at_work.append(path)
        most[0] = max(most[0], len(at_work))
        sum(range(20_000))  # long enough that another thread would get the interpreter
        at_work.remove(path)
        return path

    with serving(work) as server:
        asked = [server.ask(f"/{number}") for number in range(12)]
        asked += [server.ask("/sign-in", "POST") for _ in range(3)]
        assert [one() for one in asked] == [f"/{number}".encode() for number in range(12)] + [b"/sign-in"] * 3
    assert most == [1]


def test_a_thread_goes_on_with_the_requests_that_wait_and_wakes_no_other() -> None:
    release, threads = threading.Event(), set()

    def work(path: str) -> str:
        release.wait(PATIENCE)
        threads.add(threading.get_ident())
        return path

    dispatcher = LaneDispatcher(4, NEVER)
    with serving(work, dispatcher=dispatcher) as server:
        asked = [server.ask(f"/{number}") for number in range(6)]
        while len(dispatcher.queue) < 5:
            time.sleep(0.001)
        release.set()
        assert [one() for one in asked] == [f"/{number}".encode() for number in range(6)]
    assert len(threads) == 1


def test_one_that_takes_long_keeps_nobody_waiting_and_then_gives_nobody_elses_turn_away() -> None:
    release, began = threading.Event(), threading.Semaphore(0)

    def work(path: str) -> str:
        if path == "/slow":
            began.release()
            release.wait(PATIENCE)
        return path

    with serving(work, share=0.01) as server:
        slow = [server.ask("/slow"), server.ask("/slow")]
        assert began.acquire(timeout=PATIENCE)
        assert began.acquire(timeout=PATIENCE)
        # Each of them is asked when nothing else is asked that could wake somebody.
        assert [server.ask(f"/{number}")() for number in range(5)] == [f"/{number}".encode() for number in range(5)]
        release.set()
        assert [one() for one in slow] == [b"/slow", b"/slow"]
        assert server.ask("/after")() == b"/after"


def test_all_that_wait_behind_slow_ones_begin_as_long_as_there_are_threads() -> None:
    release, began = threading.Event(), threading.Semaphore(0)

    def work(path: str) -> str:
        began.release()
        release.wait(PATIENCE)
        return path

    with serving(work, share=0.005, threads=3) as server:
        asked = [server.ask("/slow") for _ in range(5)]
        for _ in range(3):
            assert began.acquire(timeout=PATIENCE)
        assert not began.acquire(timeout=0.05)
        release.set()
        assert [one() for one in asked] == [b"/slow"] * 5


def test_while_one_waits_others_are_answered_and_it_goes_on_before_new_ones() -> None:
    release, began, order = threading.Event(), threading.Event(), []
    holds, has_begun = threading.Event(), threading.Event()

    def work(path: str) -> str:
        if path == "/waits":
            with waiting():
                began.set()
                release.wait(PATIENCE)
        elif path == "/holds":
            has_begun.set()
            holds.wait(PATIENCE)
        order.append(path)
        return path

    with serving(work) as server:
        waits = server.ask("/waits")
        assert began.wait(PATIENCE)
        assert server.ask("/meanwhile")() == b"/meanwhile"
        held = server.ask("/holds")
        assert has_begun.wait(PATIENCE)
        later = server.ask("/later")
        release.set()  # it wants to go on, while one is at work and another one is asked for
        while not _waits_for_its_turn():
            time.sleep(0.001)
        holds.set()
        assert [waits(), held(), later()] == [b"/waits", b"/holds", b"/later"]
    assert order == ["/meanwhile", "/holds", "/waits", "/later"]


def _waits_for_its_turn() -> bool:
    return any(frame.f_code is RequestTurns.take.__code__ for frame in sys._current_frames().values())


def test_a_thread_that_waits_takes_the_turn_of_one_that_takes_long() -> None:
    lock = threading.Lock()
    turns = RequestTurns(lock, lambda: None, share=0.01)
    turns.take()
    taken = threading.Event()

    def come() -> None:
        turns.take()
        with lock:
            assert turns.end()
        taken.set()

    threading.Thread(target=come).start()
    assert taken.wait(PATIENCE)
    with lock:
        assert not turns.end()  # it was taken over
        assert turns.take_for_next()
        assert turns.end()


def test_outside_a_request_there_is_nothing_to_leave() -> None:
    assert not leave_turn()
    come_back()
    with waiting():
        assert not leave_turn()


def test_a_request_that_waits_for_the_lock_of_another_process_lets_others_be_answered(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'course.db'}")
    with engine.connect():
        other = sqlite3.connect(tmp_path / "course.db", isolation_level=None, check_same_thread=False)
    other.execute("create table note (words text)")
    other.execute("begin immediate")

    def work(path: str) -> str:
        if path.startswith("/write"):
            with engine.begin() as connection:
                connection.execute(text("insert into note values (:words)"), {"words": path})
            come_back()
        return path

    with serving(work) as server:
        writing = [server.ask(f"/write/{number}") for number in range(3)]
        assert [server.ask(f"/{number}")() for number in range(3)] == [b"/0", b"/1", b"/2"]
        other.execute("commit")
        assert [one() for one in writing] == [b"/write/0", b"/write/1", b"/write/2"]
    assert other.execute("select count(*) from note").fetchall() == [(3,)]
    other.close()
    engine.dispose()


def refused_request() -> None:
    with pytest.raises(OSError, match="refused"):
        exchange(
            OutgoingRequest("GET", f"http://127.0.0.1:{free_port()}/", {}, 5.0, 10, allow_local=True), Semaphore(1)
        )


@pytest.mark.parametrize(
    "work",
    [
        lambda: password_hashing.hash_password("quiet-river-42"),
        refused_request,
        lambda: xlsx_bytes({"People": WorkbookSheet([["Name"]])}),
    ],
    ids=["password", "other server", "helper process"],
)
def test_who_hashes_asks_another_server_or_waits_for_a_helper_leaves_the_turn_and_comes_back(
    work: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = threading.Lock()
    turns = RequestTurns(lock, lambda: None, share=NEVER)
    seen: list[str] = []
    end, take = turns.end, turns.take

    def note_end() -> bool:
        seen.append("left")
        return end()

    def note_take() -> None:
        take()
        seen.append("came back")

    take()
    request_turns.begin_request(turns)
    monkeypatch.setattr(turns, "end", note_end)
    monkeypatch.setattr(turns, "take", note_take)
    try:
        work()
        assert seen == ["left", "came back"]
        assert leave_turn()
    finally:
        request_turns.end_request()


def test_on_a_server_that_is_far_whoever_asks_it_leaves_the_turn_but_not_while_something_is_locked(
    postgres_url: str,
) -> None:
    engine = make_engine(postgres_url)
    lock = threading.Lock()
    turns = RequestTurns(lock, lambda: None, share=NEVER)

    def has_turn() -> bool:
        with lock:
            return not turns.is_free()

    try:
        with engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            turns.take()
            request_turns.begin_request(turns)
            for far in (False, True):
                driver.is_far = far
                assert connection.execution_options(writes=False).execute(text("select 1")).scalar() == 1
                assert has_turn()
                connection.rollback()
        for far in (False, True):
            with engine.connect() as connection:
                connection.connection.dbapi_connection.is_far = far  # type: ignore[union-attr]
                with connection.begin():
                    connection.execute(text("create temporary table note (words text)"))
                    assert has_turn() is not far
                    connection.execute(text("drop table note"))
                    assert has_turn() is not far
                come_back()
                assert has_turn()
    finally:
        request_turns.end_request()
        engine.dispose()
