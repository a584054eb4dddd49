"""Well and badly behaved readers of files, for the sandbox: this module imports nothing that loads slowly."""

from __future__ import annotations

import os
import sys
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


def refuse_with_message(data: bytes) -> bytes:
    from course.translation import lazy_gettext  # noqa: PLC0415

    raise ValueError(lazy_gettext("There is no list in %(name)s.", name=data.decode()))


def loaded(_data: bytes) -> list[str]:
    import course.people_import.rules.parsing  # noqa: F401, PLC0415

    return sorted({"babel", "jinja2", "markupsafe", "flask", "sqlalchemy", "openpyxl"} & sys.modules.keys())
