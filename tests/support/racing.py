"""Several deeds at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence


def at_once(actions: Sequence[Callable[[], int]]) -> list[int]:
    """Run them in threads that start together; what each returned, in the order of the actions. One that raises fails the
    test, as an exception of a thread."""
    gate = threading.Barrier(len(actions))
    results: dict[int, int] = {}

    def run(number: int, action: Callable[[], int]) -> None:
        gate.wait()
        results[number] = action()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in sorted(results)]
