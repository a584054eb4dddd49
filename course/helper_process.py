"""Helper processes: work that needs a large library is done in a process of its own, which ends soon after its last task.

Typst and what writes Excel files need tens of megabytes, which Python and the C library do not give back while their process
lives. The process that serves pages neither loads these libraries nor waits for their interpreter lock. A helper is kept for
IDLE_SECONDS after its last task, since finding the fonts or loading a library takes a tenth of a second. This file is also the
program of the helper, so it imports nothing but the standard library; a helper inherits no lock, connection or secret.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import pickle
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

IDLE_SECONDS = 5.0
STUCK_SECONDS = 120.0  # a helper that has taken and given nothing for so long is ended
_ROOT = Path(__file__).resolve().parents[1]
_ANSWER = struct.Struct("!cQ")  # whether the work was done, and how many bytes follow
_TAKEN, _DONE, _FAILED = b"T", b"D", b"F"
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR")

# What a helper runs: a function of a module that gets an iterator over the parts of its input, and the arguments.
Work = Callable[..., bytes]


class HelperError(RuntimeError):
    """The work failed; the message is that of the error that the function raised."""


class HelperProcess:
    """One helper, started when it is needed. It does one task at a time; others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started it
        atexit.register(self.close)

    def call(self, work: Work, *arguments: object, parts: Iterable[object] = ()) -> bytes:
        """The result of `work(iterator over parts, *arguments)`, computed by the helper. The parts are sent as they are made,
        so they need not be in memory at once. Arguments and parts are plain values. Raises HelperError if the work fails
        or the helper dies or is stuck, and whatever making the parts raises."""
        with self._lock:
            process = self._begin((work.__module__, work.__qualname__, arguments))
            complete = False
            try:
                with _Watch(process) as watch:
                    # Of one that has died there is no answer.
                    with contextlib.suppress(BrokenPipeError):
                        for part in parts:
                            watch.note_progress()
                            pickle.dump((True, part), _stdin(process))
                            watch.note_progress()
                        pickle.dump((False, None), _stdin(process))
                        _stdin(process).flush()
                    kind, data = _read_answer(_stdout(process))
                complete = kind != b""
            finally:
                if not complete:
                    self._end()
        if kind == _DONE:
            return data
        if watch.was_stuck:
            raise HelperError(f"the helper process did nothing for {STUCK_SECONDS:g} seconds")
        raise HelperError(data.decode() if kind == _FAILED else "the helper process has ended")

    def close(self) -> None:
        """End the helper, which is started again when it is needed."""
        with self._lock:
            self._end()

    def _begin(self, task: tuple[str, str, tuple[object, ...]]) -> subprocess.Popen[bytes]:
        """A helper that has taken the task: the one that is there, or, if it has just ended, a new one."""
        if self._owner == os.getpid() and self._process is not None:
            if _takes(self._process, task):
                return self._process
            self._end()
        self._process, self._owner = _start(), os.getpid()
        if not _takes(self._process, task):
            self._end()
            raise HelperError("the helper process does not start")
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]


class _Watch:
    """Ends a helper that is stuck, for which everybody who needs one would wait for ever."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.was_stuck = False
        self._process, self._over = process, threading.Event()
        self._moved_at = time.monotonic()

    def note_progress(self) -> None:
        """The helper has taken something, or it is not its turn."""
        self._moved_at = time.monotonic()

    def __enter__(self) -> _Watch:
        threading.Thread(target=self._look, name="watch of a helper process", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(max(0.0, self._moved_at + STUCK_SECONDS - time.monotonic())):
            if time.monotonic() >= self._moved_at + STUCK_SECONDS:
                self.was_stuck = True
                self._process.kill()
                return


def _start() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
        [sys.executable, "-I", __file__, str(IDLE_SECONDS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip
    # Somebody has to take note of its end, or the system keeps its number.
    threading.Thread(target=process.wait, name="helper process", daemon=True).start()
    return process


def _takes(process: subprocess.Popen[bytes], task: object) -> bool:
    try:
        pickle.dump(task, _stdin(process))
        _stdin(process).flush()
    except BrokenPipeError:
        return False
    return _stdout(process).read(1) == _TAKEN


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return process.stdin  # type: ignore[return-value]


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    return process.stdout  # type: ignore[return-value]


def _read_answer(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Whether the work was done, and its result or error; (b"", b"") from a helper that has ended."""
    head = stream.read(_ANSWER.size)
    if len(head) < _ANSWER.size:
        return b"", b""
    kind, size = _ANSWER.unpack(head)
    data = stream.read(size)
    return (kind, data) if len(data) == size else (b"", b"")


def _parts(stream: IO[bytes]) -> Iterator[Any]:
    while True:
        more, part = pickle.load(stream)  # noqa: S301 (from the parent)
        if not more:
            return
        yield part


def _main() -> None:
    """The program of the helper: do one task after another, until none has come for a while or the parent has ended."""
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not become part of an answer
    sys.path.insert(0, str(_ROOT))
    idle = float(sys.argv[1])
    while select.select((tasks,), (), (), idle)[0]:
        try:
            module, name, arguments = pickle.load(tasks)  # noqa: S301 (from the parent)
        except EOFError:
            return
        answers.write(_TAKEN)
        answers.flush()
        parts = _parts(tasks)
        try:
            kind, data = _DONE, getattr(importlib.import_module(module), name)(parts, *arguments)
        except Exception as error:
            kind, data = _FAILED, str(error).encode()
        for _ in parts:  # what the work has not read is not the next task
            pass
        answers.write(_ANSWER.pack(kind, len(data)))
        answers.write(data)
        answers.flush()


if __name__ == "__main__":
    _main()
