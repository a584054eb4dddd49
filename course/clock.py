"""The only place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 (this is the edge)


def civil_date(moment: datetime, zone: str) -> date:
    """The calendar day of a moment for people in `zone` (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date()
