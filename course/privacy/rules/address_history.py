"""Which e-mail address was somebody's, and when. An address can go from one person to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# Mail to .invalid never leaves, and nobody can ever have such an address (RFC 2606).
ERASED_ADDRESS_SUFFIX = "@erased.invalid"


@dataclass(frozen=True)
class AddressPeriod:
    """Somebody's address from `since` until before `until`; None: to this day."""

    address: str
    since: datetime
    until: datetime | None


def build_address_periods(now: str, added: datetime, before: Iterable[tuple[str, datetime]]) -> list[AddressPeriod]:
    """The addresses of a person who was `added` then: `before` are earlier ones, each until a moment, oldest first.

    A change of the name alone leaves the same address in several spans; those that are not kept any more are left out.
    """
    found, since = [], added
    for address, until in before:
        found.append(AddressPeriod(address, since, until))
        since = until
    found.append(AddressPeriod(now, since, None))
    return [one for one in found if one.address and not one.address.endswith(ERASED_ADDRESS_SUFFIX)]


def erased_address(person_id: int) -> str:
    """What stands where somebody's address was: it is different for each, and no mail goes there."""
    return f"person-{person_id}{ERASED_ADDRESS_SUFFIX}"
