"""The command `flask reminders send`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from course.clock import now
from course.reminders.jobs import find_due_reminders, queue_due_reminders
from course.web.app_state import app_state

group = AppGroup("reminders", help="Who is reminded of what, and why.")


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say what would be queued.")
def send_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the reminders of a day. Safe to run again, twice at once, or after weeks: each is queued once."""
    at = on.replace(hour=12, tzinfo=ZoneInfo(app_state().config.time_zone)) if on else now()
    if dry_run:
        due = find_due_reminders(at, now)
        for planned in due:
            click.echo(f"{planned.send_on}  {planned.kind:<8} {planned.recipient}: {planned.step}. {planned.reason}.")
        if not due:
            click.echo("No reminder is due.")
        return
    queued = queue_due_reminders(at, now)
    click.echo(f"{queued} reminder{'' if queued == 1 else 's'} queued.")
