"""The link by which somebody opens their own certificates without signing in, also after they have left.

It does not run out, and lets nobody do more. It can be ended: then the next link of that person works, and no other.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "kept certificates"


@dataclass(frozen=True)
class KeptLink:
    """Whose certificates a link opens, and which of this person's links it is, counted from 0."""

    person_id: int
    number: int


def sealed(link: KeptLink, secret: str) -> str:
    """What is in the address, signed. The first link of a person has only their number in it, as it always had."""
    said = [link.person_id, link.number] if link.number else link.person_id
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(said))


def opened(token: str, secret: str) -> KeptLink | None:
    """Which link it is; None if it was not made by `sealed` with this secret."""
    try:
        found = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    if isinstance(found, int):
        return KeptLink(found, 0)
    if isinstance(found, list) and len(found) == 2 and all(isinstance(one, int) for one in found):
        return KeptLink(*found)
    return None
