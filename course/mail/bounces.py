"""Reading delivery reports (RFC 3464): which mail of ours came back, and why.

Each mail has one recipient, so its mark says who that was, also where it had been forwarded from there."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser, BytesParser
from typing import Any

from course.mail.rules import report_says_dead
from course.mail.smtp import reply_text
from course.translation import lazy_gettext as _

_STATUS_TYPE = "message/delivery-status"
_DIAGNOSTIC_KIND = re.compile(r"\A[\w-]+\s*;\s*")
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
    status, returned = _status_and_returned(message)
    if status is None:
        return DeliveryReport("", (), NOT_A_REPORT)
    blocks = status.get_payload()
    recipients = [
        (str(block["Action"]).strip().lower(), block)  # not translated: a header of the report
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, Message) and block.get("Action")
    ]
    failures = [_delivery_failure(block) for action, block in recipients if action == "failed"]
    # An address may hand a mail on to several people. It is dead if none of them gets it because none exists.
    dead = len(failures) == len(recipients) and all(one.dead for one in failures)
    mark = _message_id(message, returned)
    return DeliveryReport(mark, tuple(replace(one, dead=dead) for one in failures), "" if failures else NOT_A_FAILURE)


def _status_and_returned(message: Message) -> tuple[Message | None, list[Message]]:
    """The part of a report for programs, and what comes after it: the mail that came back, or its headers."""
    for part in message.walk():
        inner = part.get_payload()
        if part.get_content_type() == _STATUS_TYPE:
            return part, []
        if part.is_multipart() and part.get_content_maintype() == "multipart" and isinstance(inner, list):
            children = [child for child in inner if isinstance(child, Message)]
            for place, child in enumerate(children):
                if child.get_content_type() == _STATUS_TYPE:
                    return child, children[place + 1 :]
    return None, []


def _delivery_failure(block: Message) -> DeliveryFailure:
    status = reply_text(str(block.get("Status", ""))).strip().split(" ")[0]
    words = " ".join(reply_text(str(block.get("Diagnostic-Code", ""))).split())
    # "smtp; 550 …"; some servers leave the kind out.
    words = _DIAGNOSTIC_KIND.sub("", words)
    return DeliveryFailure(
        words or f"{status} (no further words)",
        report_says_dead(status, words),
    )


def _message_id(message: Message, returned: list[Message]) -> str:
    """The mark of the mail that came back: its own Message-ID, or the one that the report names if it carries none. A mail
    that came back and only answers ours, or reports about it, is not ours."""
    for part in returned:
        inner = part.get_payload()
        if part.get_content_maintype() == "message" and isinstance(inner, list):
            named = next((one.get("Message-ID") for one in inner if isinstance(one, Message)), None)
        elif part.get_content_type() == "text/rfc822-headers":
            named = _headers_of(part).get("Message-ID")
        else:
            continue
        if named:
            return _mark_in(str(named))
    return _mark_in(f"{message.get('In-Reply-To', '')} {message.get('References', '')}")


def _headers_of(part: Message) -> Message:
    return BytesHeaderParser().parsebytes(bytes(part.get_payload(decode=True) or b""))


def _mark_in(text: str) -> str:
    found = _MESSAGE_ID.search(text)
    return found[1] if found else ""
