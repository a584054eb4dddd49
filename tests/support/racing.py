"""Several deeds at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def at_once(actions: list[Callable[[], int]]) -> list[int]:
    """Run them in threads that start together; what each returned."""
    gate = threading.Barrier(len(actions))
    results: list[int] = []

    def run(action: Callable[[], int]) -> None:
        gate.wait()
        results.append(action())

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
