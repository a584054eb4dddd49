"""A process that is to stop answers what was asked, and closes what nobody uses."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from course.server.http_server import HttpServer, bind

ASKED, GO_ON = threading.Event(), threading.Event()


def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/slow":
        ASKED.set()
        GO_ON.wait(20)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


class Running:
    """A server in a thread of this process."""

    def __init__(self) -> None:
        sockets = bind("127.0.0.1", 0)
        self.port = int(sockets[0].getsockname()[1])
        self.server, self.stop = HttpServer(answer, sockets, 4), threading.Event()  # type: ignore[arg-type]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self.server.run(self.stop.is_set)
        self.server.drain(10)

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.connect()
        return connection


@pytest.fixture
def running() -> Iterator[Running]:
    ASKED.clear()
    GO_ON.clear()
    server = Running()
    yield server
    GO_ON.set()
    server.stop.set()
    server.thread.join(20)


def refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_a_request_that_runs_is_answered_before_the_process_stops(running: Running) -> None:
    slow = running.connect()
    slow.request("GET", "/slow")
    assert ASKED.wait(10)
    running.stop.set()
    until = time.monotonic() + 10
    while not refused(running.port):
        assert time.monotonic() < until, "it still listens"
    assert running.thread.is_alive()
    GO_ON.set()
    assert slow.getresponse().read() == b"done"
    running.thread.join(10)
    assert not running.thread.is_alive()


def test_an_open_connection_gets_its_next_answer_and_is_told_that_it_is_the_last(running: Running) -> None:
    reader = running.connect()
    reader.request("GET", "/")
    first = reader.getresponse()
    assert (first.read(), first.getheader("Connection")) == (b"done", None)
    slow = running.connect()
    slow.request("GET", "/slow")
    assert ASKED.wait(10)
    running.stop.set()
    while not refused(running.port):
        pass
    reader.request("GET", "/")
    last = reader.getresponse()
    assert (last.read(), last.getheader("Connection")) == (b"done", "close")
    GO_ON.set()
    assert slow.getresponse().read() == b"done"


def test_a_connection_that_nobody_uses_does_not_keep_the_process(running: Running) -> None:
    idle = running.connect()
    idle.request("GET", "/")
    assert idle.getresponse().read() == b"done"
    started = time.monotonic()
    running.stop.set()
    running.thread.join(10)
    assert not running.thread.is_alive()
    assert time.monotonic() - started < 5
    assert idle.sock.recv(1) == b""
