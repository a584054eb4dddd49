"""The link by which somebody opens their own certificates without signing in, also after they have left."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "kept certificates"


def sealed(person_id: int, secret: str) -> str:
    """What stands in the link: whose certificates they are, signed. It does not run out, and lets nobody do more."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(person_id))


def opened(token: str, secret: str) -> int | None:
    """Whose link it is; None if it was not made by `sealed` with this secret."""
    try:
        found = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    return found if isinstance(found, int) else None
