"""Several processes that share one port: started, watched, replaced and stopped by the process that holds the port.

All of them are copies of a process that has loaded the course once, so that the content and the code are in memory once.
On SIGHUP the process runs its program anew in place, with the same number and the same port, while the old copies go on
serving; they stop once the new ones serve.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LOG = logging.getLogger("course")
# What a program that is run anew in place is given: the open sockets, and the processes that it replaces.
SOCKETS_VARIABLE, REPLACES_VARIABLE = "COURSE_LISTENING_SOCKETS", "COURSE_REPLACES_PROCESSES"
# Set for a run that only looks whether the program could start.
TRIAL_VARIABLE = "COURSE_TRIAL_START"
WATCH_SECONDS = 0.2  # between two looks at the processes
READY_SECONDS = 60.0  # how long a new process may take until it serves
MIN_LIFE_SECONDS = 5.0  # a process that ends sooner has failed to start
MAX_FAILED_STARTS = 5  # in a row, after which the program gives up
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
IsStopping = Callable[[], bool]


@dataclass(frozen=True)
class Role:
    """What a process does: `run` gets a function that says when to stop, and one to call once it is ready. A process whose
    `run` returns before it is told to stop wants a new one in its place."""

    name: str
    run: Callable[[IsStopping, Callable[[], None]], None]


@dataclass
class _Child:
    role: Role
    started: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps one process for each role until SIGTERM or SIGINT, which it heeds from now on.
    A new process calls `after_fork` first, which lets go of what two processes must not share, such as connections to the
    database."""

    def __init__(
        self, roles: Sequence[Role], sockets: Sequence[socket.socket], stop_seconds: float, after_fork: Callable[[], None]
    ) -> None:  # fmt: skip
        self._roles, self._sockets, self._stop_seconds = roles, sockets, stop_seconds
        self._after_fork = after_fork
        self._children: dict[int, _Child] = {}
        self._replaced = _replaced_processes()
        self._failed_starts = 0
        self._stop, self._reload = threading.Event(), threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        signal.signal(signal.SIGHUP, lambda *_: self._reload.set())

    def run(self, say_ready: Callable[[], None]) -> bool:
        """Start the processes, call `say_ready`, and watch them. Returns whether it was told to stop; False if they could
        not be kept running."""
        self._start(self._roles)
        notify_systemd("READY=1")
        say_ready()
        _send(self._replaced, signal.SIGTERM)
        while not self._stop.is_set() and self._failed_starts < MAX_FAILED_STARTS:
            self._start([child.role for child in self._ended()])
            if self._reload.is_set():
                self._reload.clear()
                self._run_anew()
            pause(WATCH_SECONDS)
        notify_systemd("STOPPING=1")
        for one in self._sockets:
            one.close()  # nobody is to wait for an answer that will not come
        self._stop_all({*self._children, *self._replaced})
        return self._stop.is_set()

    def _start(self, roles: Sequence[Role]) -> None:
        """Start a process for each of these roles, and wait until all are ready or have ended."""
        waiting = {}
        for role in roles:
            ready, tell = os.pipe()
            # A signal that comes before the new process has handlers of its own waits for them.
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            if (pid := os.fork()) == 0:
                os.close(ready)
                self._be(role, tell)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            os.close(tell)
            self._children[pid] = _Child(role)
            waiting[role.name, pid] = ready
        until = time.monotonic() + READY_SECONDS
        for (name, pid), ready in waiting.items():
            if not _is_told(ready, lambda: self._stop.is_set() or time.monotonic() > until) and not self._stop.is_set():
                _LOG.error("%s, process %d, is not ready", name, pid)
            os.close(ready)

    def _be(self, role: Role, tell: int) -> None:
        """What a new process does; never returns."""
        code, parent = 1, os.getppid()
        try:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            self._after_fork()
            # A process whose parent was killed would keep the port from the next one.
            role.run(lambda: stop.is_set() or os.getppid() != parent, lambda: _tell(tell))
            code = 0
        except BaseException:
            _LOG.exception("%s, process %d, has failed", role.name, os.getpid())
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _ended(self) -> list[_Child]:
        """The processes of ours that have ended since the last look, and are to be started again."""
        ended: list[_Child] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid, status = 0, 0
            if pid == 0:
                return ended
            self._replaced.discard(pid)
            child = self._children.pop(pid, None)
            if child is None or self._stop.is_set():
                continue  # one that was replaced, or one that Ctrl+C has reached too
            quick = time.monotonic() - child.started < MIN_LIFE_SECONDS
            if status or quick:
                _LOG.error("%s, process %d, has ended: %s", child.role.name, pid, _cause(status))
            self._failed_starts = self._failed_starts + 1 if quick else 0
            ended.append(child)

    def _stop_all(self, pids: set[int]) -> None:
        """Tell the processes to stop, and end those that have not after `stop_seconds`."""
        _send(pids, signal.SIGTERM)
        left, until = set(pids), time.monotonic() + self._stop_seconds
        while left and time.monotonic() < until:
            left -= {pid for pid in left if _has_ended(pid)}
            pause(0.05)
        _send(left, signal.SIGKILL)
        for pid in left:
            _LOG.error("process %d did not stop in time", pid)
            os.waitpid(pid, 0)

    def _run_anew(self) -> None:
        """Run this program anew in place, with what is in its files now. Goes on as it is if the program cannot start."""
        environ = first_environment()
        trial = subprocess.run(  # noqa: S603 (what this process was started with)
            sys.orig_argv, env={**environ, TRIAL_VARIABLE: "1"}, capture_output=True, text=True, check=False,
            executable=sys.executable,
        )  # fmt: skip
        if trial.returncode:
            _LOG.error("not reloaded, the course goes on as it was: %s", (trial.stderr or trial.stdout).strip())
            return
        _LOG.info("reloading")
        notify_systemd(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        numbers = [one.fileno() for one in self._sockets]
        for number in numbers:
            os.set_inheritable(number, True)
        environ[SOCKETS_VARIABLE] = ",".join(map(str, numbers))
        environ[REPLACES_VARIABLE] = ",".join(map(str, {*self._children, *self._replaced}))
        # A signal that comes now waits for the handlers of the new program: the mask stays, and so does the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        os.execve(sys.executable, sys.orig_argv, environ)  # noqa: S606


def first_environment() -> dict[str, str]:
    """The environment that this process was started with: without what Flask has added to it from .env, which may say
    something else by now, and without what an earlier reload has handed on."""
    try:
        lines = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        environ = dict(os.environ)
    else:
        pairs = (os.fsdecode(line).partition("=") for line in lines if b"=" in line)
        environ = {name: value for name, _, value in pairs}
    handed_on = (SOCKETS_VARIABLE, REPLACES_VARIABLE, TRIAL_VARIABLE)
    return {name: value for name, value in environ.items() if name not in handed_on}


def is_reload() -> bool:
    """Whether this program replaces an earlier one that has served until now."""
    return SOCKETS_VARIABLE in os.environ


def inherited_sockets() -> list[socket.socket]:
    """The sockets of the program that this one replaces; none for a first start."""
    numbers = os.environ.pop(SOCKETS_VARIABLE, "")
    found = [socket.socket(fileno=int(number)) for number in numbers.split(",") if number]
    for one in found:
        one.setblocking(False)
        one.set_inheritable(False)
    return found


def is_trial_start() -> bool:
    """Whether this run only looks whether the program could start."""
    return os.environ.pop(TRIAL_VARIABLE, "") == "1"


def _replaced_processes() -> set[int]:
    return {int(pid) for pid in os.environ.pop(REPLACES_VARIABLE, "").split(",") if pid}


def _tell(ready: int) -> None:
    """Say at this end of a pipe that this process is ready."""
    os.write(ready, b"1")
    os.close(ready)


def _is_told(ready: int, give_up: Callable[[], bool]) -> bool:
    """Whether the process at the other end says that it is ready before it is time to give up."""
    waiting = select.poll()
    waiting.register(ready, select.POLLIN)
    while not give_up():
        if waiting.poll(10):  # milliseconds
            return os.read(ready, 1) == b"1"  # nothing to read: the process has ended
    return False


def pause(seconds: float) -> None:
    """Do nothing for so long. Not time.sleep, which waits until a moment, and fails if the clock is moved just then."""
    select.select((), (), (), seconds)


def _send(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _cause(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def notify_systemd(state: str) -> None:
    """Tell systemd that the service is ready, reloads or stops (sd_notify(3)); nothing without systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told:
            told.connect("\0" + address[1:] if address.startswith("@") else address)
            told.sendall(state.encode())
    except OSError as error:
        # Nobody listens any more. The processes are to be looked after all the same.
        _LOG.warning("systemd was not told %s: %s", state.partition("\n")[0], error.strerror)
