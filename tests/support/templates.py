"""The compiled code of the pages' templates, shared by all applications of a process."""

from __future__ import annotations

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class BytecodeInMemory(BytecodeCache):
    """Compiles each template once in a process, however many applications show it.

    Nothing is kept between runs: code that other settings of the environment made would look the same.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()
