"""Asking another installation for its list of revocations."""

from __future__ import annotations

from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from course.passport.rules import reachable

TIMEOUT = 5  # seconds
MOST = 64 * 1024  # bytes


class _Stay(HTTPRedirectHandler):
    """Only the address that an administrator trusts is asked, and never where it points."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_opener = build_opener(_Stay)


def fetch(address: str) -> bytes:
    """The bytes at an address, at most MOST of them. Raises OSError, also for an address that may not be asked."""
    if not reachable(address):
        raise OSError(f"{address} may not be asked")
    try:
        with _opener.open(Request(address, headers={"Accept": "application/json"}), timeout=TIMEOUT) as answer:  # noqa: S310
            data: bytes = answer.read(MOST + 1)
    except (HTTPException, ValueError) as error:
        raise OSError(str(error)) from error
    if len(data) > MOST:
        raise OSError("the answer is too large")
    return data
