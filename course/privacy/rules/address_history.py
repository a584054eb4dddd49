"""The history of a person's e-mail address. An address can pass from one person to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# Mail to .invalid is never delivered, and nobody can register such a domain (RFC 2606).
ERASED_ADDRESS_SUFFIX = "@erased.invalid"


@dataclass(frozen=True)
class AddressPeriod:
    """An e-mail address of a person, from `since` until before `until`; None: to this day."""

    address: str
    since: datetime
    until: datetime | None


def build_address_periods(
    current: str | None, added: datetime, earlier: Iterable[tuple[str | None, datetime]]
) -> list[AddressPeriod]:
    """The address periods of a person.

    `added` is the moment at which the person was added; `earlier` are the previous addresses with the moment at which
    each ended, oldest first. A change of the name alone leaves the same address in several periods; erased addresses
    and times without an address are left out.
    """
    periods, since = [], added
    for address, until in earlier:
        periods.append(AddressPeriod(address or "", since, until))
        since = until
    periods.append(AddressPeriod(current or "", since, None))
    return [period for period in periods if period.address and not period.address.endswith(ERASED_ADDRESS_SUFFIX)]


def erased_address(person_id: int) -> str:
    """The address that replaces an erased one: unique for each person, and never deliverable."""
    return f"person-{person_id}{ERASED_ADDRESS_SUFFIX}"
