"""Commands of boosters, updates and the guard: flask boosters send · flask updates send · flask refreshers guard"""

from __future__ import annotations

import sys
from datetime import datetime

import click
from flask.cli import AppGroup

from course.clock import now
from course.dates import civil_date
from course.recertification import queries as renewal
from course.recertification.commands import group as recertification
from course.recertification.rules import missing_due_date_reason
from course.recertification.rules.civil_dates import long_date
from course.refreshers.jobs import (
    find_due_boosters,
    find_due_updates,
    recover_completions,
    send_boosters,
    send_updates,
)
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session

group = AppGroup("boosters", help="Five questions between two certificates.")


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send_boosters_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the boosters of a day. Safe to run again, or twice at once: nobody is sent two."""
    day = on.date() if on else civil_date(now(), app_state().config.time_zone)
    if dry_run:
        due = find_due_boosters(day)
        for learner in due:
            click.echo(learner.email or f"{learner.name}: to be told in person")
    click.echo(f"{len(due) if dry_run else send_boosters(day, now())} boosters.")


updates = AppGroup("updates", help="What has changed, for those who were certified before.")


@updates.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send_updates_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the mails about updates of a day. Safe to run again, or twice at once: each is queued once."""
    day = on.date() if on else civil_date(now(), app_state().config.time_zone)
    if dry_run:
        due = find_due_updates(day)
        for one in due:
            click.echo(f"{one.person.email or one.person.name}: {one.mail_step}")
    click.echo(f"{len(due) if dry_run else send_updates(day, now())} mails about updates.")


@recertification.command("guard")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
def guard_command(on: datetime | None) -> None:
    """List everybody whose next cycle would not happen, and why. The list must be empty; if not, it ends with 1.

    Before that it completes what somebody finished and what was not completed, unless another day is named.
    """
    zone = app_state().config.time_zone
    day = on.date() if on else civil_date(now(), zone)
    for one in [] if on else recover_completions(now()):
        course_name = "the course" if one.kind == "initial" else "a refresher"
        click.echo(
            f"{one.email}: finished {course_name} on {long_date(one.finished_on)}, without a certificate. It is issued now."
        )
    with read_only_session() as session:
        policies = renewal.policies(session, zone)
        without_due_date = [
            (one, why)
            for one in renewal.people(session, zone)
            if (why := missing_due_date_reason(one.facts, policies, day))
        ]
    for person, why in without_due_date:
        click.echo(f"{person.email}: {why}")
    if without_due_date:
        sys.exit(1)
    click.echo("Everybody who needs the course has a next due day.")
