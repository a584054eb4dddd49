"""A sandbox for files from outside: they are read in a process of its own, within limits of time, memory and result size.

A small file can ask for gigabytes or for minutes: compressed in layers, attached within itself, nested without end.
The process that answers requests must not spend either. This file is also the program of the sandbox process, so it
imports nothing but the standard library: starting takes some hundredths of a second, and the process inherits no lock,
connection or secret of its parent. The result is bytes or JSON and never a pickle, so that a reader that was taken over
by a file cannot run anything in the parent.
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
_MAX_PROCESSES = 2  # files that are read at the same time: each occupies a processor
_QUEUE_SECONDS = 5.0  # how long a file waits for its turn
_ROOT = Path(__file__).resolve().parents[2]
# Exit codes of the process: done, or the limit of memory or of the result was reached.
_EXIT_DONE, _EXIT_LIMIT = 0, 3


@dataclass(frozen=True)
class SandboxLimits:
    """Limits for reading one file: seconds of wall-clock time, megabytes of memory, megabytes of the result."""

    seconds: int = 10
    memory: int = 512
    result: int = 16


class SandboxError(ValueError):
    """The file was not read."""


class SandboxLimitError(SandboxError):
    """Reading the file took more time, memory or space than the limits allow."""


class SandboxBusyError(SandboxError):
    """Other files are being read. Trying again in a moment helps."""


class FileRefusedError(SandboxError):
    """The reader function refused the file with a ValueError; the message is the same, as a LazyText if it was one."""


class ReaderFailedError(SandboxError):
    """The reader function failed with another exception."""


_process_slots = threading.BoundedSemaphore(_MAX_PROCESSES)


def read_in_sandbox(
    function: Callable[..., T], data: bytes, *arguments: object, limits: SandboxLimits | None = None
) -> T:
    """The result of `function(data, *arguments)`, computed in a process of its own.

    The function belongs to a module and is no lambda; it returns bytes, or a value that JSON can carry (a tuple becomes a
    list). Not for use inside a unit of work: reading may take as long as the limits allow. Raises SandboxError.
    """
    # The sandbox process loads neither of these.
    from course.db import assert_outside_unit_of_work  # noqa: PLC0415
    from course.translation import lazy_gettext as _  # noqa: PLC0415

    assert_outside_unit_of_work("reading a file from outside")
    limits = limits or SandboxLimits()
    if not _process_slots.acquire(timeout=_QUEUE_SECONDS):
        raise SandboxBusyError(_("Other files are being read just now. Try again in a moment."))
    try:
        with tempfile.TemporaryFile() as task, tempfile.TemporaryFile() as output:
            # A pickle from the parent to the process is safe, and carries arguments of any type.
            pickle.dump((function.__module__, function.__qualname__, data, arguments), task)
            task.seek(0)
            code = _run_process(task, output, limits)
            output.seek(0)
            answer = output.read(limits.result * MEGABYTE + 1)
    finally:
        _process_slots.release()
    if code != _EXIT_DONE or len(answer) > limits.result * MEGABYTE:
        logging.getLogger("course").warning("%s did not read a file of %s bytes (%s)", function, len(data), code)
        if code in (_EXIT_LIMIT, _EXIT_DONE) or code < 0:
            raise SandboxLimitError(_("The file takes more time or memory to read than such a file does."))
        raise ReaderFailedError(_("The file cannot be read."))
    return _decode_result(answer)  # type: ignore[no-any-return]


def _run_process(task: IO[bytes], output: IO[bytes], limits: SandboxLimits) -> int:
    """Run the sandbox process; its exit code, negative if it was killed."""
    command = [sys.executable, "-I", __file__, *map(str, (limits.seconds, limits.memory, limits.result))]
    # None of the settings of the course: a reader needs no database and no secret.
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
        command, stdin=task, stdout=output, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    try:
        return process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return -1
    finally:
        process.kill()
        process.wait()


def _decode_result(answer: bytes) -> Any:
    from course.translation import lazy_gettext as _  # noqa: PLC0415
    from course.translation import text_from_data  # noqa: PLC0415

    kind, value = answer[:1], answer[1:]
    if kind == b"B":
        return value
    try:
        found = json.loads(value)
        refusal = text_from_data(found) if kind == b"R" else None
    except (ValueError, RecursionError) as error:
        raise ReaderFailedError(_("The file cannot be read.")) from error
    if refusal is not None:
        raise FileRefusedError(refusal)
    return found


def _apply_limits(seconds: int, memory: int, result: int) -> None:
    """Apply the limits to this process, before it has seen the file."""
    os.nice(5)  # requests have priority
    with contextlib.suppress(ImportError):  # Windows has no such module: only the time limit of the parent applies
        import resource  # noqa: PLC0415

        for kind, limit in (
            (resource.RLIMIT_AS, memory * MEGABYTE),
            (resource.RLIMIT_CPU, seconds + 1),
            (resource.RLIMIT_FSIZE, result * MEGABYTE + 1),
            (resource.RLIMIT_CORE, 0),
        ):
            # macOS refuses a limit of address space.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (limit, limit))


def _encode_result(call: Callable[[], object]) -> bytes:
    try:
        found = call()
    except ValueError as error:
        # A reader that refuses with a LazyText has loaded this module already.
        from course.translation import error_text, text_as_data  # noqa: PLC0415

        return b"R" + json.dumps(text_as_data(error_text(error))).encode()
    return b"B" + found if isinstance(found, bytes) else b"J" + json.dumps(found).encode()


def _main() -> int:
    """The program of the sandbox process: read the task from standard input, do it, and write the result."""
    _apply_limits(*map(int, sys.argv[1:4]))
    # What a library prints must not become part of the result.
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
