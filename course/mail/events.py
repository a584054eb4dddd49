"""What others may want to know before a mail leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class BeforeMailSend:
    """A mail is about to be sent. Whoever queued it may still withhold or postpone it (see actions); `zone` is the
    organisation's, `taught` the content that this process teaches (a Library), None where it teaches none."""

    key: str
    recipient: str
    at: datetime
    zone: str
    taught: object = None
