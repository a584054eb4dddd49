"""Well and badly behaved readers of files, for the sandbox: this module imports nothing that loads slowly."""

from __future__ import annotations

import os
import time
import zlib


def shout(data: bytes, ending: str) -> str:
    print("noise")
    return data.decode().upper() + ending


def turned(data: bytes) -> bytes:
    return data[::-1]


def refuse(data: bytes) -> bytes:
    raise ValueError(f"There is no list in {data.decode()}.")


def surroundings(_data: bytes) -> list[str | None]:
    return [os.environ.get("SECRET_KEY"), os.environ.get("DATABASE_URL"), os.environ.get("PATH")]


def unpack(data: bytes) -> int:
    return len(zlib.decompress(data))


def spin(_data: bytes) -> bytes:
    while True:
        pass


def sleep(_data: bytes) -> bytes:
    time.sleep(60)
    return b""


def much(_data: bytes) -> bytes:
    return bytes(2 * 1024 * 1024)


def nested(_data: bytes) -> list[object]:
    found: list[object] = []
    for _ in range(100_000):
        found = [found]
    return found


def end(_data: bytes) -> bytes:
    os._exit(9)
