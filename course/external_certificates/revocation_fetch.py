"""Fetching the status list of another installation, within the limits of `course/outgoing_request`."""

from __future__ import annotations

import threading

from course.outgoing_request import OutgoingRequest, exchange

TIMEOUT_SECONDS = 10.0  # in all, from resolving the name to the last byte
MAX_BYTES = 64 * 1024  # bytes
_MAX_CONCURRENT = 4  # issuers that are contacted at the same time
_slots = threading.BoundedSemaphore(_MAX_CONCURRENT)


def fetch(address: str, allow_local: bool = False, max_bytes: int = MAX_BYTES, seconds: float | None = None) -> bytes:
    """The bytes at an address: at most `max_bytes`, within `seconds` (default TIMEOUT_SECONDS) in all.

    `allow_local`: this machine may be contacted too, because the course itself is tried out on it. Raises OSError, also
    for an address that is not permitted.
    """
    seconds = TIMEOUT_SECONDS if seconds is None else seconds
    headers = {"accept": "application/json"}
    answer = exchange(OutgoingRequest("GET", address, headers, seconds, max_bytes, allow_local=allow_local), _slots)
    if answer.status != 200:
        raise OSError(f"the answer was {answer.status}")
    if not answer.is_whole:
        raise OSError("the answer is too large")
    return answer.body
