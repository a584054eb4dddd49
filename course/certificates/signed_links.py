"""The certificate link: it opens a person's own certificates without sign-in, also after the person has left.

The link does not expire, and allows nothing else. It can be ended: then the next link of the person is valid, and no
other. The links of a person are numbered from 0.
"""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "kept certificates"


def create_link_token(person_id: int, secret: str, number: int = 0) -> str:
    """The token of the link: the signed person id, with the number of the link unless that is 0."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([person_id, number] if number else person_id))


def read_person_id(token: str, secret: str) -> int | None:
    """The person of a link; None if `create_link_token` did not make the token with this secret."""
    parts = _read_token(token, secret)
    return None if parts is None else parts[0]


def read_link_number(token: str, secret: str) -> int:
    """The number of a link; 0 also if `create_link_token` did not make the token."""
    parts = _read_token(token, secret)
    return 0 if parts is None else parts[1]


def _read_token(token: str, secret: str) -> tuple[int, int] | None:
    try:
        value = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    if isinstance(value, int):
        return value, 0
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value[0], value[1]
    return None
