"""When mail is tried again, what a refusal says about an address, and what mail is optional."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
# Longer than one round of sending can take. If a sender dies half-way, another takes the mail up after this.
CLAIM = timedelta(minutes=30)
# How long the text of a mail that was given up is kept, so that it can be sent again: as long as the
# longest-lived link in one of them works.
KEPT = timedelta(days=7)
State = Literal["waiting", "failed", "sent", "withheld"]
# The mail that a recipient may choose not to get, and what it is called on pages.
DIGEST = "manager-digest"
BOOSTER = "booster"
BULLETIN = "report"
OPTIONAL = {
    DIGEST: "the weekly summary of your teams",
    BOOSTER: "five questions about once a month at the most",
    BULLETIN: "the team report",
}
FULL = "5.2.2"


@dataclass(frozen=True)
class Letter:
    """What a mail says: the same in plain text and, if there is any, in HTML. `headers` are added to its own."""

    subject: str
    text: str
    html: str | None = None
    headers: dict[str, str] | None = None


def next_try(tries: int, at: datetime) -> datetime | None:
    """When to try again after `tries` failures, the last of them at `at`; None to give up."""
    return at + WAITS[tries - 1] if tries <= len(WAITS) else None


def address_is_dead(code: int, words: str) -> bool:
    """Whether a mail server's answer means that the address takes no mail, rather than that this mail, or this
    sender, was not wanted.

    RFC 3463: 5.1.x is about the address and 5.2.x about the mailbox; a full one (5.2.2) may be emptied. Without such
    a code the older ones speak (RFC 5321: 550, 551, 553), but a server that will not relay says nothing about it.
    """
    if not 500 <= code < 600:
        return False
    status = re.match(r"\s*(\d\.\d{1,3}\.\d{1,3})\b", words)
    if status:
        return status[1].startswith(("5.1.", "5.2.")) and status[1] != FULL
    return code in (550, 551, 553) and "relay" not in words.lower()
