"""The sandbox: results of readers, and its limits."""

from __future__ import annotations

import os
import resource
import time
import zlib
from collections.abc import Callable

import pytest

from course.translation import LazyText
from course.web.sandbox import (
    FileRefusedError,
    ReaderFailedError,
    SandboxError,
    SandboxLimitError,
    SandboxLimits,
    read_in_sandbox,
)
from tests.web import readers

SMALL = SandboxLimits(seconds=3, memory=200, result=1)


def test_the_result_of_a_reader_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for readers")
    assert read_in_sandbox(readers.shout, b"caf\xc3\xa9", "!") == "CAFÉ!"
    assert read_in_sandbox(readers.turned, b"\x00\xffab") == b"ba\xff\x00"
    # No setting goes with it.
    assert read_in_sandbox(readers.surroundings, b"") == [None, None, os.environ["PATH"]]
    with pytest.raises(FileRefusedError, match=r"There is no list in x\."):
        read_in_sandbox(readers.refuse, b"x")


def test_a_refusal_that_is_a_message_comes_out_as_one() -> None:
    with pytest.raises(FileRefusedError, match=r"There is no list in x\.") as refused:
        read_in_sandbox(readers.refuse_with_message, b"x")
    text = refused.value.args[0]
    assert isinstance(text, LazyText)
    assert (text.message, text.values) == ("There is no list in %(name)s.", {"name": "x"})


def test_the_reader_of_a_list_loads_no_library_that_takes_long() -> None:
    assert read_in_sandbox(readers.loaded, b"") == []


def much_from_little() -> bytes:
    """400 MB of zeros, compressed."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(400)) + packer.flush()


@pytest.mark.parametrize(
    ("reader", "make", "raises"),
    [
        (readers.unpack, much_from_little, SandboxLimitError),
        (readers.spin, bytes, SandboxLimitError),
        (readers.sleep, bytes, SandboxLimitError),
        (readers.much, bytes, SandboxLimitError),
        (readers.nested, bytes, SandboxError),
        (readers.end, bytes, ReaderFailedError),
    ],
)
def test_a_file_that_asks_for_too_much_is_stopped_and_takes_nothing_from_here(
    reader: object, make: Callable[[], bytes], raises: type[Exception]
) -> None:
    data = make()
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(raises):
        read_in_sandbox(reader, data, limits=SMALL)  # type: ignore[arg-type]
    assert time.monotonic() - begun < 6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes
