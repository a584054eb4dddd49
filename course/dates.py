"""Sums with calendar days. There is no clock here."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def civil_date(moment: datetime, zone: str) -> date:
    """The calendar day of a moment for people in `zone` (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """The moment at which a calendar day begins for people in `zone`, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def clamped_date(year: int, month: int, day: int) -> date:
    """That day, or the last of the month where it is shorter: 29 February is the 28th in a common year."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def add_months(day: date, months: int) -> date:
    """The same day `months` later (earlier if negative), or the last of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return clamped_date(year, month + 1, day.day)
