"""When mail is tried again and when not, what the answers of mail servers mean, and what mail is optional. Pure."""

from __future__ import annotations

from course.mail.rules.message import BOOSTER, BULLETIN, DIGEST, OPTIONAL, Letter, State
from course.mail.rules.outage import WORDS, Fault, Reason, Trouble, too_many_at_once
from course.mail.rules.retry_schedule import (
    CLAIM,
    KEPT,
    LOOKS,
    MAIL_WAITS,
    PATIENCE,
    REFUSAL_WAITS,
    ROUND,
    TOGETHER,
    TURNED_AWAY,
    WAITS,
    next_look,
    next_try,
    waited_too_long,
)
from course.mail.rules.smtp_replies import Meaning, address_is_dead, meaning, report_says_dead, without_addresses

__all__ = [
    "BOOSTER",
    "BULLETIN",
    "CLAIM",
    "DIGEST",
    "KEPT",
    "LOOKS",
    "MAIL_WAITS",
    "OPTIONAL",
    "PATIENCE",
    "REFUSAL_WAITS",
    "ROUND",
    "TOGETHER",
    "TURNED_AWAY",
    "WAITS",
    "WORDS",
    "Fault",
    "Letter",
    "Meaning",
    "Reason",
    "State",
    "Trouble",
    "address_is_dead",
    "meaning",
    "next_look",
    "next_try",
    "report_says_dead",
    "too_many_at_once",
    "waited_too_long",
    "without_addresses",
]
