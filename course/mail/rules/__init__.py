"""When mail is tried again and when not, what the answers of mail servers mean, and what mail is optional. Pure."""

from __future__ import annotations

from course.mail.rules.message import (
    BOOSTER,
    DIGEST,
    OPTIONAL_MAIL,
    SCHEDULED_REPORT,
    DeliveryState,
    MailMessage,
    OptionalMailMessage,
    RenderedMail,
)
from course.mail.rules.outage import FAULT_TEXTS, DeliveryProblem, FaultReason, ServerFault, too_many_dead_addresses
from course.mail.rules.retry_schedule import (
    CLAIM_DURATION,
    MAX_SERVER_WAIT,
    OUTAGE_THRESHOLD,
    REFUSAL_RETRY_DELAY,
    REFUSAL_WINDOW,
    RETRY_DELAYS,
    ROUND_SECONDS,
    SERVER_CHECK_DELAYS,
    STALLED_AFTER,
    TEXT_RETENTION,
    UNKNOWN_OUTCOME,
    next_server_check,
    next_try,
    waited_too_long,
)
from course.mail.rules.smtp_replies import (
    ReplyMeaning,
    address_is_dead,
    redact_addresses,
    reply_meaning,
    report_says_dead,
)

__all__ = [
    "BOOSTER",
    "CLAIM_DURATION",
    "DIGEST",
    "FAULT_TEXTS",
    "MAX_SERVER_WAIT",
    "OPTIONAL_MAIL",
    "OUTAGE_THRESHOLD",
    "REFUSAL_RETRY_DELAY",
    "REFUSAL_WINDOW",
    "RETRY_DELAYS",
    "ROUND_SECONDS",
    "SCHEDULED_REPORT",
    "SERVER_CHECK_DELAYS",
    "STALLED_AFTER",
    "TEXT_RETENTION",
    "UNKNOWN_OUTCOME",
    "DeliveryProblem",
    "DeliveryState",
    "FaultReason",
    "MailMessage",
    "OptionalMailMessage",
    "RenderedMail",
    "ReplyMeaning",
    "ServerFault",
    "address_is_dead",
    "next_server_check",
    "next_try",
    "redact_addresses",
    "reply_meaning",
    "report_says_dead",
    "too_many_dead_addresses",
    "waited_too_long",
]
