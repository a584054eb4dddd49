"""Serve pages in this process, on sockets that other processes may share, and stop without cutting anybody off."""

from __future__ import annotations

import errno
import resource
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

from course.server.balance import STOPPED, Acceptance
from course.server.lanes import LaneDispatcher

IDLE_SECONDS = 30  # seconds after which a connection that nobody uses is closed
DRAIN_IDLE_SECONDS = 1.0  # the same while the process stops
MAX_CONNECTIONS = 4000
STOP_CHECK_SECONDS = 0.5  # how often the server looks whether it is to stop
MAX_REQUEST_BYTES = 16 * 1024 * 1024  # bytes; the application itself accepts less, and says so in words
BACKLOG = 1024  # connections that wait until a process accepts them
# How long the processes of a server that was killed may hold the port: they look for it every STOP_CHECK_SECONDS.
PORT_SECONDS = 1.5


def bind(host: str, port: int, seconds: float = PORT_SECONDS) -> list[socket.socket]:
    """Sockets that listen on every address of the host. Tries again for `seconds` while the port is taken, which a server
    that was killed a moment ago may still do. Raises OSError if the port cannot be had."""
    until = time.monotonic() + seconds
    while True:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise
        time.sleep(0.1)


def _bind(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _name, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            bound.append(one)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            one.listen(BACKLOG)
            one.setblocking(False)
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound


def is_free(host: str, port: int) -> bool:
    """Whether this process could listen there."""
    try:
        for one in bind(host, port, 0):
            one.close()
    except OSError:
        return False
    return True


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that ends with its next answer once the process is being stopped."""

    def service(self) -> None:
        if getattr(self.server, "is_stopping", False):
            # As if the client had asked for it: the answer carries "Connection: close".
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()


class HttpServer:
    """Waitress on these sockets. Any number of processes may accept connections from the same ones; with an `acceptance`
    each takes its share."""

    def __init__(
        self, app: Flask, sockets: Sequence[socket.socket], threads: int, acceptance: Acceptance | None = None
    ) -> None:
        self._map: dict[int, Any] = {}  # open sockets by file descriptor
        self._server = create_server(
            app,
            map=self._map,
            sockets=list(sockets),
            threads=threads,
            _dispatcher=LaneDispatcher(threads),
            # Browsers keep connections open that they may never use again. Each costs next to nothing here,
            # so a training day with a hundred phones must not use them up; idle ones are let go soon.
            connection_limit=connection_limit(),
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=10,
            backlog=BACKLOG,
            asyncore_use_poll=True,
            ident="",
            max_request_body_size=MAX_REQUEST_BYTES,
            # Without a trusted proxy nobody believes these headers (see course/web/proxy_checks.py). They come through so
            # that a proxy nobody told the course about is noticed.
            clear_untrusted_proxy_headers=False,
        )
        self._listeners = [one for one in self._map.values() if isinstance(one, BaseWSGIServer)]
        self._acceptance = acceptance
        for listener in self._listeners:
            listener.channel_class = _Channel
            if acceptance is not None:
                listener.handle_accept = partial(self._accept, acceptance, listener.handle_accept)
                listener.readable = partial(self._looks_for_connections, acceptance, listener.readable)

    def _accept(self, acceptance: Acceptance, accept: Callable[[], None]) -> None:
        """Take a connection that waits, or leave it to another process."""
        if acceptance.takes(len(self._channels()), time.monotonic()):
            accept()

    def _looks_for_connections(self, acceptance: Acceptance, is_readable: Callable[[], bool]) -> bool:
        return is_readable() and time.monotonic() >= acceptance.paused_until

    def run(self, is_stopping: Callable[[], bool]) -> None:
        """Serve until `is_stopping`."""
        acceptance = self._acceptance
        while not is_stopping():
            timeout = STOP_CHECK_SECONDS
            if acceptance is not None:
                acceptance.note(len(self._channels()))
                if time.monotonic() < acceptance.paused_until:
                    timeout = acceptance.PAUSE
            wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        if acceptance is not None:
            acceptance.note(STOPPED)

    def drain(self, seconds: float) -> None:
        """Accept no more connections, answer what has been asked on those that are open, and close each after its next
        answer or when it is idle; for `seconds` at most."""
        for listener in self._listeners:
            listener.is_stopping = True
            listener.accepting = False
            # This process's hold on the port only: whoever replaces it has one too.
            listener.del_channel()
            listener.socket.close()
        until = time.monotonic() + seconds
        while (channels := self._channels()) and time.monotonic() < until:
            before = time.time() - DRAIN_IDLE_SECONDS  # noqa: TID251 (what waitress notes in its connections)
            for channel in channels:
                if not channel.requests and not channel.total_outbufs_len and channel.last_activity < before:
                    channel.will_close = True
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._server.task_dispatcher.shutdown()

    def _channels(self) -> list[HTTPChannel]:
        return [channel for listener in self._listeners for channel in listener.active_channels.values()]


def connection_limit() -> int:
    """How many connections may be open at once: what the system allows this process, less what it needs itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + 200
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(50, min(MAX_CONNECTIONS, soft - 200))
