"""In which order the processes of a run take the tests: none is left alone with a long one at the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import pytest

JOURNEY_SECONDS = 3.0  # of a walk in a browser, about
LONG_SECONDS = 15.0  # where a test does not say


@dataclass(frozen=True)
class Work:
    """A test: its name as pytest has it, and how many seconds it takes if it is marked `long`."""

    name: str
    seconds: float = 0.0

    @property
    def browser_file(self) -> str:
        """The file of a test in a browser: its tests share what was looked at before. Empty for any other."""
        file = self.name.split("::")[0]
        return file if file.startswith("tests/journeys/") and not self.seconds else ""

    @property
    def weight(self) -> float:
        """The seconds, about; 0 for one of thousands."""
        return self.seconds or (JOURNEY_SECONDS if self.browser_file else 0.0)


def shares(count: int, processes: int) -> list[int]:
    """How many tests each process is given at first: pytest-xdist cuts the list in the order of the processes."""
    found: list[int] = []
    for number in range(processes):
        found.append((count - sum(found)) // (processes - number))
    return found


def dealt(works: Sequence[Work], processes: int) -> list[int]:
    """The places of the tests in `works`, in the order in which they are to stand for a run by so many processes.

    Each share of the list begins with long tests, together as long as those of every other share, and files of browser
    tests. All others fill it up: they are what a process that has ended its share takes from another.
    """
    places = range(len(works))
    blocks = [[place] for place in places if works[place].seconds]
    blocks += [[*some] for file, some in groupby(places, key=lambda place: works[place].browser_file) if file]
    heads: list[list[int]] = [[] for _ in range(processes)]
    loads = [0.0] * processes
    for block in sorted(blocks, key=lambda block: -sum(works[place].weight for place in block)):
        least = loads.index(min(loads))
        heads[least] += block
        loads[least] += sum(works[place].weight for place in block)
    short = iter([place for place in places if not works[place].weight])
    found: list[int] = []
    for head, size in zip(heads, shares(len(works), processes), strict=True):
        found += sorted(head, key=lambda place: -works[place].seconds)
        found += islice(short, max(0, size - len(head)))
    return [*found, *short]


def deal(items: list[pytest.Item]) -> None:
    """Put the tests of a run in that order."""
    marks = [item.get_closest_marker("long") for item in items]
    works = [
        Work(item.nodeid, *(mark.args or (LONG_SECONDS,)) if mark else ())
        for item, mark in zip(items, marks, strict=True)
    ]
    items[:] = [items[place] for place in dealt(works, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))]
