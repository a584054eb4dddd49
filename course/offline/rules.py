"""Which pages a device keeps for reading offline, and what the course says about an answer that is sent later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# The header with which a device sends what it kept: the opaque id of the person who answered.
KEPT_HEADER = "Course-Kept"


@dataclass(frozen=True)
class KeptPart:
    """A scenario run or an attempt of the reader: its `ref` (module, or module/step), its address, and whether it goes on."""

    ref: str
    address: str
    is_open: bool


def addresses_to_keep(
    home: str, module: str, outline: str, steps: Iterable[str], parts: Iterable[KeptPart]
) -> list[str]:
    """The addresses of the module under way, each once: home, outline, steps, and of its runs and attempts those that are
    open."""
    parts_here = [part.address for part in parts if part.is_open and part.ref.split("/")[0] == module]
    return list(dict.fromkeys((home, outline, *steps, *parts_here)))


@dataclass(frozen=True)
class Receipt:
    """What becomes of an answer that a device kept: it `saved` something (or the same was saved before), or not; or it is
    to be sent `later` as it is."""

    saved: bool = False
    later: bool = False


def receipt(status: int, committed: bool) -> Receipt:
    """The receipt for the status of a page's response. A redirect without a write means that what was asked is closed."""
    if status in (301, 302, 303):
        return Receipt(saved=committed)
    # An old token, another person, too many requests, or a fault on our side: nothing is decided about the answer itself.
    return Receipt(later=status in (400, 401, 409, 429) or status >= 500)
