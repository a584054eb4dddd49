"""The content of a status cache, to compare it with one that has read everything again, and people for files of the report."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from course.clock import now
from course.dates import civil_date
from course.people.queries import TeamView
from course.reports.rules import StatusLine
from course.reports.status_cache import StatusCache
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import make_completed

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


def setting(app: Flask, session: Session, client: Client) -> None:
    """Three people, and an administrator who is signed in."""
    library = app.extensions["course"].library.for_("school", "england")
    team = make_team(session, "Care")
    make_completed(session, library, timedelta(days=60), email="done@example.org").name = "Done Early"
    make_person(session, "=1+1", "odd@example.org", team=team, at=now())
    make_person(session, "Oyin Adébáyọ̀", "oyin@example.org", team=team, at=now())
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=now())
    session.commit()
    sign_in(client, boss)
