"""When mail is tried again, when it is given up, and how long the sender leaves an unreachable server alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from course.translation import lazy_gettext as _

# After each answer about a mail. Together they are more than three days, as RFC 5321 (4.5.4.1) asks for.
RETRY_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=2),
    *(timedelta(hours=4) for _ in range(18)),
)
# A refusal that is called final, but may be about the sender or the server: nothing changes within minutes.
REFUSAL_RETRY_DELAY = timedelta(hours=2)
# Longer than handing over one mail can take, with a new connection to a server that is slow at each answer. A claim that is
# older is from a sender that died.
CLAIM_DURATION = timedelta(minutes=5)
UNKNOWN_OUTCOME = _(
    "The program was stopped while it handed this mail over, so it is not known whether it left. It is not sent again "
    "automatically. Ask whether it has arrived, or send it again."
)
# Seconds after which a round of sending ends; the rest is for the next one.
ROUND_SECONDS = 600.0
# How long a mail waits for a mail server that cannot be reached, or that accepts nothing.
MAX_SERVER_WAIT = timedelta(days=7)
# How long the text of a mail that was given up is kept, so that it can be sent again: the time that it may have waited
# for the server, and a week for somebody to press the button.
TEXT_RETENTION = timedelta(days=14)
# Between two looks at a server that could not be reached; the last one repeats.
SERVER_CHECK_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))
# A mail that is due leaves within seconds while somebody is sending.
STALLED_AFTER = timedelta(minutes=10)
# Clocks of servers differ by less. A mail that was queued later than that from now was queued by a clock that was ahead.
CLOCK_TOLERANCE = timedelta(hours=1)
# Further than any mail is put off: to the end of two long closures of an organisation, one after the other.
FURTHEST_AHEAD = timedelta(days=190)
# Answers about addresses within this time are looked at together.
REFUSAL_WINDOW = timedelta(days=1)
# How many mails have to be turned away, and none accepted, before that is called a fault of the server.
OUTAGE_THRESHOLD = 3


def next_try(tries: int, at: datetime, least: timedelta = timedelta()) -> datetime | None:
    """When to try a mail again after `tries` answers, the last of them at `at`; None to give up."""
    return at + max(RETRY_DELAYS[tries - 1], least) if tries <= len(RETRY_DELAYS) else None


def next_server_check(looks: int, at: datetime) -> datetime:
    """When to look again at a server at which `looks` looks in a row were in vain, the last of them at `at`."""
    return at + SERVER_CHECK_DELAYS[min(looks, len(SERVER_CHECK_DELAYS)) - 1]


def waited_too_long(queued_at: datetime, at: datetime) -> bool:
    """Whether a mail has waited so long for its server that it is given up."""
    return at - queued_at >= MAX_SERVER_WAIT
