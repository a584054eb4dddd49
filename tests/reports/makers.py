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


def told(
    app: Flask, session: Session, ledger: StatusCache | None = None
) -> list[tuple[list[StatusLine], list[TeamView]]]:
    """The lines and the teams of today and of a day a month ago, as the application's ledger knows them or that one."""
    today: date = civil_date(now(), ZONE)
    session.commit()
    session.expire_all()
    ledger = ledger or app.extensions["course.status_cache"]
    days = [ledger.day(session, ZONE, on, today) for on in (today, today - timedelta(days=30))]
    return [(list(day.lines), list(day.tree)) for day in days]
