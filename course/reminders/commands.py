"""The command `flask reminders send`, and the job that queues the due reminders."""

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
BATCH_SIZE = 100  # reminders in one transaction: other writers never wait long


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say what would be queued.")
def send_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the reminders of a day. Safe to run again, twice at once, or after weeks: each is queued once."""
    at = on.replace(hour=12, tzinfo=ZoneInfo(app_state().config.time_zone)) if on else now()
    if dry_run:
        for planned in find_due_reminders(at):
            click.echo(f"{planned.send_on}  {planned.kind:<8} {planned.recipient}: {planned.step}. {planned.reason}.")
        return
    queued = queue_due_reminders(at)
    click.echo(f"{queued} reminder{'' if queued == 1 else 's'} queued.")


def find_due_reminders(at: datetime, clock: Clock = now) -> list[PlannedReminder]:
    """The reminders that are due at the moment `at` and were not queued before; `clock` gives the current time."""
    # The query covers all people: on a read-only session it does not block writers.
    with read_only_session() as session:
        return actions.planned_reminders(session, app_state().config.time_zone, at, clock())


def queue_due_reminders(at: datetime, clock: Clock = now) -> int:
    """Queue the reminders that are due at the moment `at`. Returns their number; `clock` gives the current time."""
    queued, due = 0, iter(find_due_reminders(at, clock))
    while batch := list(islice(due, BATCH_SIZE)):
        rendered = _render_messages(batch)
        with unit_of_work() as session:
            for planned, message in rendered:
                queued += actions.queue_reminder(session, planned, message, clock())
    return queued


def _render_messages(batch: list[PlannedReminder]) -> list[tuple[PlannedReminder, MailMessage]]:
    """The messages of these reminders, rendered before the transaction that queues them."""
    config, course = app_state().config, library()
    with read_only_session() as session:
        own_organisation = organisation(session)
    name = own_organisation.name if own_organisation else ""
    return [
        (
            planned,
            message_text.reminder_message(
                planned, course.course.title, course.minutes, name, config.public_url, config.secret_key
            ),
        )
        for planned in batch
    ]
