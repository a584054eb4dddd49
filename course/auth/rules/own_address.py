"""The link with which a person without an address confirms one that they add themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from course.signed_links import SignedLink, read_link

OWN_ADDRESS_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class OwnAddressLink(SignedLink):
    """Confirms that a person reads the mail of an address; `made` is the moment in seconds since the epoch."""

    salt = "own address"
    person_id: int
    address: str
    made: int

    def content(self) -> object:
        return [self.person_id, self.address, self.made]

    @classmethod
    def from_content(cls, content: Any) -> Self | None:
        match content:
            case [int(person_id), str(address), int(made)]:
                return cls(person_id, address, made)
            case _:
                return None


def read_own_address_link(token: str, secret: str, person_id: int, at: datetime) -> OwnAddressLink | None:
    """The link of a token; None if it is not one of this person, or has expired at the moment `at`."""
    link = read_link(OwnAddressLink, token, secret)
    if link is None or link.person_id != person_id:
        return None
    return link if at < datetime.fromtimestamp(link.made, UTC) + OWN_ADDRESS_LIFETIME else None
