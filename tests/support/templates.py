"""The compiled code of the pages' templates, shared by all applications of a process."""

from __future__ import annotations

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class BytecodeInMemory(BytecodeCache):
    """Compiles each template once in a process, however many applications show it.

    Nothing is kept between runs: code that other settings of the environment made would look the same.
    """

    def __init__(self) -> None:
        self._code: dict[str, tuple[str, CodeType]] = {}  # with the checksum of what it was made from

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._code.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key] = bucket.checksum, bucket.code
