"""The content of a status cache, to compare it with one that has read everything again."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.dates import civil_date
from course.people.queries import TeamView
from course.reports.rules import StatusLine
from course.reports.status_cache import StatusCache

ZONE = "Europe/London"


def cached_lines(
    app: Flask, session: Session, cache: StatusCache | None = None
) -> list[tuple[list[StatusLine], list[TeamView]]]:
    """The lines and the teams of today and of a day a month ago, from the application's status cache or from the given
    one."""
    today: date = civil_date(now(), ZONE)
    session.commit()
    session.expire_all()
    cache = cache or app.extensions["course.status_cache"]
    days = [cache.day(session, ZONE, on, today) for on in (today, today - timedelta(days=30))]
    return [(list(day.lines), list(day.tree)) for day in days]
