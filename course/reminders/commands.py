"""flask reminders send"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from course.clock import now
from course.content.loaded_course import library
from course.mail.rules import MailMessage
from course.organisation.queries import organisation
from course.reminders import actions, message_text
from course.reminders.actions import PlannedReminder
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

group = AppGroup("reminders", help="Who is reminded of what, and why.")
Clock = Callable[[], datetime]
BATCH_SIZE = 100  # reminders in one transaction: others who write never wait long


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say what would be queued.")
def send_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the reminders of a day. Safe to run again, twice at once, or after weeks: each is queued once."""
    at = on.replace(hour=12, tzinfo=ZoneInfo(app_state().config.time_zone)) if on else now()
    if dry_run:
        for one in find_due_reminders(at):
            click.echo(f"{one.leaves_on}  {one.kind:<8} {one.recipient}: {one.step}. {one.reason}.")
        return
    queued = queue_due_reminders(at)
    click.echo(f"{queued} reminder{'' if queued == 1 else 's'} queued.")


def find_due_reminders(at: datetime, clock: Clock = now) -> list[PlannedReminder]:
    """What stands open at that moment and was not queued before; `clock` tells the time."""
    # Everybody is looked at here; that must not hold up those who write.
    with read_only_session() as session:
        return actions.planned_reminders(session, app_state().config.time_zone, at, clock())


def queue_due_reminders(at: datetime, clock: Clock = now) -> int:
    """Queue what stands open at that moment; returns how many reminders that is. `clock` tells the time."""
    queued, found = 0, iter(find_due_reminders(at, clock))
    while batch := list(islice(found, BATCH_SIZE)):
        written = _render_messages(batch)
        with unit_of_work() as session:
            for one, letter in written:
                queued += actions.queue_reminder(session, one, letter, clock())
    return queued


def _render_messages(batch: list[PlannedReminder]) -> list[tuple[PlannedReminder, MailMessage]]:
    """The letters of these reminders, before the transaction that queues them."""
    config, course = app_state().config, library()
    with read_only_session() as session:
        ours = organisation(session)
    name = ours.name if ours else ""
    return [
        (
            one,
            message_text.reminder_message(
                one, course.course.title, course.minutes, name, config.public_url, config.secret_key
            ),
        )
        for one in batch
    ]
