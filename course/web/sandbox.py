"""Reading files from outside in a process of its own, within limits of time, memory and size of the result.

A small file can ask for gigabytes or for minutes: compressed in layers, attached within itself, nested without end.
Neither may be taken from the process that answers everybody. This file is also the program of that process, so it
imports nothing but the standard library: starting costs some hundredths of a second, and no lock, connection or
secret of the parent goes with it. What comes back is bytes or JSON and never a pickle, so that a reader that was
taken over by a file cannot run anything in the parent.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

T = TypeVar("T")
MEGABYTE = 1024 * 1024
_MAX_PROCESSES = 2  # more files are not read at the same time: reading takes a processor each
_QUEUE_SECONDS = 5.0  # seconds that another file may wait for its turn
_ROOT = Path(__file__).resolve().parents[2]
# How the process ends: all is well, or the limit of memory or of the result was reached.
_EXIT_DONE, _EXIT_LIMIT = 0, 3


@dataclass(frozen=True)
class SandboxLimits:
    """What reading one file may take: seconds by the clock, megabytes of memory, megabytes of the result."""

    seconds: int = 10
    memory: int = 512
    result: int = 16


class SandboxError(ValueError):
    """The file was not read."""


class SandboxLimitError(SandboxError):
    """Reading it took more time, memory or space than the limits allow."""


class SandboxBusyError(SandboxError):
    """Other files are being read. Trying again in a moment helps."""


class FileRefusedError(SandboxError):
    """The reader itself refused it with a ValueError; the message is the reader's."""


class ReaderFailedError(SandboxError):
    """The reader failed on it."""


_process_slots = threading.BoundedSemaphore(_MAX_PROCESSES)


def read_in_sandbox(
    function: Callable[..., T], data: bytes, *arguments: object, limits: SandboxLimits | None = None
) -> T:
    """What `function(data, *arguments)` gives, worked out in a process of its own.

    The function is one of a module, not a lambda; it gives bytes, or what JSON carries (a tuple comes back as a
    list). It is not called within a unit of work: it may take as long as its limits allow. Raises IsolatedError.
    """
    from course.db import assert_outside_unit_of_work  # noqa: PLC0415 (the process itself loads nothing of it)

    assert_outside_unit_of_work("reading a file from outside")
    limits = limits or SandboxLimits()
    if not _process_slots.acquire(timeout=_QUEUE_SECONDS):
        raise SandboxBusyError("Other files are being read just now. Try again in a moment.")
    try:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as found:
            # From the parent to the process a pickle is safe, and carries arguments of any kind.
            pickle.dump((function.__module__, function.__qualname__, data, arguments), given)
            given.seek(0)
            code = _run_process(given, found, limits)
            found.seek(0)
            answer = found.read(limits.result * MEGABYTE + 1)
    finally:
        _process_slots.release()
    if code != _EXIT_DONE or len(answer) > limits.result * MEGABYTE:
        logging.getLogger("course").warning("%s did not read a file of %s bytes (%s)", function, len(data), code)
        if code in (_EXIT_LIMIT, _EXIT_DONE) or code < 0:
            raise SandboxLimitError("The file takes more time or memory to read than such a file does.")
        raise ReaderFailedError("The file cannot be read.")
    return _decode_result(answer)  # type: ignore[no-any-return]


def _run_process(given: IO[bytes], found: IO[bytes], limits: SandboxLimits) -> int:
    """How the process ended: its exit code, below zero if it was stopped."""
    command = [sys.executable, "-I", __file__, *map(str, (limits.seconds, limits.memory, limits.result))]
    # None of the settings: a reader needs no database and no secret.
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
        command, stdin=given, stdout=found, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    try:
        return process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return -1
    finally:
        process.kill()
        process.wait()


def _decode_result(answer: bytes) -> Any:
    kind, value = answer[:1], answer[1:]
    if kind == b"B":
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ReaderFailedError("The file cannot be read.") from error
    if kind == b"R":
        raise FileRefusedError(str(found))
    return found


def _apply_limits(seconds: int, memory: int, result: int) -> None:
    """Bind this process to its limits, before it has seen the file."""
    os.nice(5)  # answers to everybody go first
    with contextlib.suppress(ImportError):  # there is no such module on Windows: the parent's clock is left
        import resource  # noqa: PLC0415

        for kind, most in (
            (resource.RLIMIT_AS, memory * MEGABYTE),
            (resource.RLIMIT_CPU, seconds + 1),
            (resource.RLIMIT_FSIZE, result * MEGABYTE + 1),
            (resource.RLIMIT_CORE, 0),
        ):
            # macOS knows no limit of address space and says so.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def _encode_result(call: Callable[[], object]) -> bytes:
    try:
        found = call()
    except ValueError as error:
        return b"R" + json.dumps(str(error)).encode()
    return b"B" + found if isinstance(found, bytes) else b"J" + json.dumps(found).encode()


def _main() -> int:
    """Be the process: read what to do from standard input, do it, and write the answer."""
    _apply_limits(*map(int, sys.argv[1:4]))
    # What a library prints must not stand in the answer.
    out = os.dup(1)
    os.dup2(2, 1)
    sys.path.insert(0, str(_ROOT))
    module, name, data, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the parent)
    function = getattr(importlib.import_module(module), name)
    try:
        answer = _encode_result(lambda: function(data, *arguments))
    except MemoryError:
        return _EXIT_LIMIT
    try:
        with os.fdopen(out, "wb") as file:
            file.write(answer)
    except OSError:
        return _EXIT_LIMIT
    return _EXIT_DONE


if __name__ == "__main__":
    sys.exit(_main())
