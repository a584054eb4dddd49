"""flask boosters send"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

import click
from flask import current_app, url_for
from flask.cli import AppGroup

from course.clock import now
from course.content.current import library
from course.dates import civil_date
from course.organisation.queries import organisation
from course.people.rules import first_name
from course.recall import actions
from course.recall.queries import Certified
from course.recall.rules.boosters import sealed
from course.web.session import command_session
from course.web.site import state

group = AppGroup("boosters", help="Five questions between two certificates.")


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send(on: datetime | None, dry_run: bool) -> None:
    """Queue the boosters of a day. Safe to run again, or twice at once: nobody is sent two."""
    day = on.date() if on else civil_date(now(), state().config.time_zone)
    click.echo(f"{send_boosters(day, dry_run)} boosters.")


def send_boosters(on: date, dry_run: bool = False) -> int:
    """Queue what is due on that day; returns how many that is."""
    zone, sent = state().config.time_zone, 0
    with command_session() as session:
        ours = organisation(session)
        due = actions.boosters_due(session, library(), zone, on)
    for one in due:
        if dry_run:
            click.echo(one.email)
            sent += 1
            continue
        letter = partial(_letter, one, ours.name if ours else "")
        with command_session() as session:
            sent += actions.send_booster(session, library(), one, letter, zone, now())
    return sent


def _letter(to: Certified, ours: str, attempt: int) -> tuple[str, str]:
    course = library().course.title
    with current_app.test_request_context():
        path = url_for("recall.booster", token=sealed(attempt, state().config.secret_key))
    template = current_app.jinja_env.get_template("mail/booster.txt")
    text = template.render(
        name=first_name(to.name), link=state().config.public_url + path, organisation=ours, course=course
    )
    return f"Five questions, two minutes: {course}", text
