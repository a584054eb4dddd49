"""The link by which somebody opens their own certificates without signing in, also after they have left.

It does not run out, and lets nobody do more. It can be ended: then the next link of that person works, and no other.
A person's links are numbered from 0.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "kept certificates"


def create_link_token(person_id: int, secret: str, number: int = 0) -> str:
    """What is in the address: whose certificates they are, signed, and which of their links it is, if not the first."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([person_id, number] if number else person_id))


def read_person_id(token: str, secret: str) -> int | None:
    """Whose link it is; None if it was not made by `sealed` with this secret."""
    found = _read_token(token, secret)
    return None if found is None else found[0]


def read_link_number(token: str, secret: str) -> int:
    """Which of its person's links it is; 0 also for what was not made by `sealed`."""
    found = _read_token(token, secret)
    return 0 if found is None else found[1]


def _read_token(token: str, secret: str) -> tuple[int, int] | None:
    try:
        found = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    if isinstance(found, int):
        return found, 0
    if isinstance(found, list) and len(found) == 2 and all(isinstance(one, int) for one in found):
        return found[0], found[1]
    return None
