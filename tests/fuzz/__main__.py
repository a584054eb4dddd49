"""Ten thousand random requests: `python -m tests.fuzz [NUMBER]`. Ends with 1, and the request, at the first that fails."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import make_app, migrate
from tests.fuzz.requests import Fuzzer

REQUESTS = 10_000


def main(arguments: list[str]) -> int:
    """Send so many requests to a course on a database of its own, and print the statuses of the answers."""
    wanted = int(arguments[0]) if arguments else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'course.db'}"
        migrate(url)
        fuzzer, started = Fuzzer(make_app(url)), time.monotonic()
        statuses = fuzzer.send_all(max(1, wanted))
    print(f"{statuses.total():,} requests to {len(fuzzer.targets)} addresses in {time.monotonic() - started:.0f} s:")
    print(", ".join(f"{status}: {number:,}" for status, number in statuses.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
