"""When mail that could not be sent is tried again."""

from __future__ import annotations

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
State = Literal["waiting", "failed", "sent"]


def next_try(tries: int, at: datetime) -> datetime | None:
    """When to try again after `tries` failures, the last of them at `at`; None to give up."""
    return at + WAITS[tries - 1] if tries <= len(WAITS) else None
