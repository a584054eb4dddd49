"""The cursor of a list: the place after which the next page begins, as a text that a program only passes on."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

_FORM = re.compile(r"([a-z]+):([0-9]{1,10})")
_MESSAGE = "not a cursor of this list"
_LARGEST = 2**31 - 1  # that both databases store


def encode_cursor(kind: str, place: int) -> str:
    """The cursor of a list of that kind ("people")."""
    return urlsafe_b64encode(f"{kind}:{place}".encode()).decode().rstrip("=")


def decode_cursor(kind: str, cursor: str) -> int:
    """The place in a cursor. Raises ValueError for what is no cursor of a list of that kind."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise ValueError(_MESSAGE) from error
    match = _FORM.fullmatch(text)
    if match is None or match[1] != kind or int(match[2]) > _LARGEST or encode_cursor(kind, int(match[2])) != cursor:
        raise ValueError(_MESSAGE)
    return int(match[2])
