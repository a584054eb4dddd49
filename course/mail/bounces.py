"""Reading delivery reports (RFC 3464): which mail of ours came back, and why.

Each mail has one recipient, so its mark says who that was, also where it had been forwarded from there."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from typing import Any

from course.mail.rules import report_says_dead
from course.mail.smtp import reply_text
from course.translation import lazy_gettext as _

_MESSAGE_ID = re.compile(r"<([0-9a-f]{32})@")
MAX_REPORT_BYTES = 1024 * 1024  # bytes; what the report says comes before the mail that it carries
LIMITS_EXCEEDED = _("This message takes more time or memory to read than a delivery report does. Nothing is noted.")
NOT_A_FAILURE = _("The report says that the mail is late or has arrived. Nothing is noted.")
NOT_A_REPORT = _("This is not a delivery report (multipart/report with message/delivery-status).")


@dataclass(frozen=True)
class DeliveryFailure:
    """Why the mail did not arrive; `dead` if the address takes none at all."""

    reason: str
    dead: bool


@dataclass(frozen=True)
class DeliveryReport:
    """A delivery report: the mark in the Message-ID of the mail, and its failures. Without any, `why_not` says why."""

    mark: str
    failures: tuple[DeliveryFailure, ...]
    why_not: str = ""


def report_as_json(data: bytes) -> dict[str, Any]:
    """What `read` says of a message, as JSON carries it. A message from outside can ask for any time: a hundred
    kilobytes of semicolons took two minutes. Read it in a process of its own (course/web/sandbox.py)."""
    return asdict(read_report(BytesParser(policy=policy.default).parsebytes(data[:MAX_REPORT_BYTES])))


def report_from_json(said: dict[str, Any]) -> DeliveryReport:
    """The report that `report_as_json` gave."""
    return DeliveryReport(said["mark"], tuple(DeliveryFailure(**one) for one in said["failures"]), said["why_not"])


def read_report(message: EmailMessage) -> DeliveryReport:
    """What a message says about mail that came back; it never raises, whatever somebody sends."""
    status = next((part for part in message.walk() if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return DeliveryReport("", (), NOT_A_REPORT)
    blocks = status.get_payload()
    failures = tuple(
        _delivery_failure(block)
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed"
    )
    return DeliveryReport(_message_id(message), failures, "" if failures else NOT_A_FAILURE)


def _delivery_failure(block: Message) -> DeliveryFailure:
    status = reply_text(str(block.get("Status", ""))).strip().split(" ")[0]
    words = " ".join(reply_text(str(block.get("Diagnostic-Code", "")).partition(";")[2]).split())
    return DeliveryFailure(
        words or f"{status} (no further words)",
        report_says_dead(status, words),
    )


def _message_id(message: EmailMessage) -> str:
    """The mark of the mail that the report is about: in the mail or the headers that it carries, or that it names."""
    for part in message.walk():
        if part is not message and part.get("Message-ID") and (found := _MESSAGE_ID.search(str(part["Message-ID"]))):
            return found[1]
        if part.get_content_type() == "text/rfc822-headers" and (found := _MESSAGE_ID.search(str(part.get_payload()))):
            return found[1]
    named = f"{message.get('In-Reply-To', '')} {message.get('References', '')}"
    found = _MESSAGE_ID.search(named)
    return found[1] if found else ""
