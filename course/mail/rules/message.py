"""What a mail is, in which state it may be, and which mail is optional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DeliveryState = Literal["waiting", "failed", "sent", "withheld", "unknown"]
# The mail that a recipient may choose not to get, and what it is called on pages.
DIGEST = "manager-digest"
BOOSTER = "booster"
SCHEDULED_REPORT = "report"
OPTIONAL_MAIL = {
    DIGEST: "the weekly summary of your teams",
    BOOSTER: "five questions about once a month at the most",
    SCHEDULED_REPORT: "the team report",
}


@dataclass(frozen=True)
class MailMessage:
    """What a mail says: the same in plain text and, if there is any, in HTML. `headers` are added to its own."""

    subject: str
    text: str
    html: str | None = None
    headers: dict[str, str] | None = None
