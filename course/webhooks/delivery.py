"""Sending one delivery: its body, its signatures, the request, and what became of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from course.encryption import SecretLockedError, unlock_secret
from course.outgoing_request import OutgoingRequest, ServerAnswer, exchange, failure_words
from course.translation import lazy_gettext as _
from course.webhooks.actions.settings import secret_purpose
from course.webhooks.queries import Parcel
from course.webhooks.rules import (
    ATTEMPT_SECONDS,
    MAX_ANSWER_BYTES,
    MAX_AT_ONCE,
    AttemptResult,
    payload,
    signature_headers,
)

USER_AGENT = "online-abuse-course webhooks"
_slots = threading.BoundedSemaphore(MAX_AT_ONCE)


@dataclass(frozen=True)
class DeliverySettings:
    """What decides where a delivery may go: with `test_ca`, a file of certificate authorities, to this machine as well."""

    secret_key: str
    test_ca: str | None = None


def send_parcel(parcel: Parcel, settings: DeliverySettings, at: datetime) -> AttemptResult:
    """Send a delivery, signed at the moment `at`. Never raises: what is wrong is in the result."""
    try:
        keys = [unlock_secret(one, settings.secret_key, secret_purpose(parcel.webhook_id)) for one in parcel.secrets]
    except SecretLockedError:
        return AttemptResult(None, "", _("Its secret cannot be read with this SECRET_KEY. Replace the secret."), 0)
    body = payload(parcel.kind, parcel.mark, parcel.found_at, _person(parcel), parcel.dates)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **signature_headers(parcel.mark, at, body, keys),
    }
    request = OutgoingRequest(
        "POST", parcel.address, headers, ATTEMPT_SECONDS, MAX_ANSWER_BYTES, body,
        allow_local=settings.test_ca is not None, ca_file=settings.test_ca,
    )  # fmt: skip
    began = time.monotonic()
    try:
        answer = exchange(request, _slots)
    except OSError as error:
        return AttemptResult(None, "", failure_words(error), _milliseconds(began))
    return AttemptResult(answer.status, readable(answer.body), "", _milliseconds(began), _retry_after(answer))


def _person(parcel: Parcel) -> dict[str, int | str | None] | None:
    if parcel.person_id is None:
        return None
    number: dict[str, int | str | None] = {"staff_number": parcel.staff_number} if parcel.with_staff_number else {}
    return {"id": parcel.person_id, **number}


def _milliseconds(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def readable(body: bytes) -> str:
    """The beginning of an answer as text in one line. What is no text, or would change how a page is read, becomes a space."""
    text = body.decode("utf-8", "replace")
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _retry_after(answer: ServerAnswer) -> timedelta:
    """How long the server asks to be left alone; nothing if it does not, or names a moment instead of seconds."""
    seconds = answer.headers.get("retry-after", "")
    return (
        timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdigit() and len(seconds) < 9 else timedelta()
    )
