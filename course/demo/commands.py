"""flask demo prepare"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from course.auth.password_hashing import hash_password, verify_password
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.dates import civil_date
from course.demo.actions import (
    DEMO_ACCOUNTS,
    ORGANISATION_NAME,
    create_demo,
    office,
    password_hashes,
    set_passwords,
    write_history,
)
from course.demo.queries import database_owner
from course.demo.rules import HISTORY_LENGTH
from course.organisation.queries import organisation
from course.privacy.commands import run_erasure
from course.refreshers.commands import send_boosters
from course.reminders.commands import queue_due_reminders
from course.schema_upgrade import upgrade
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.unit_of_work import read_only_session, unit_of_work

_WRONG_DATABASE = (
    "This database belongs to {owner}. The demonstration needs one of its own: "
    "set DATABASE_URL to another, such as sqlite:////tmp/demo.db."
)
REMINDER_WEEKS = 10  # for which reminders went out
group = AppGroup("demo", help="A course to look around in.")


@group.command("prepare")
def prepare_command() -> None:
    """Make the demonstration, or find it as it was, and print how to sign in."""
    prepare_demo()


def prepare_demo() -> None:
    """Migrate, fill an empty database, and print the address and the three sign-ins.

    Nothing is done to a database that was made for real: not even migrated.
    """
    current_database_check().prepare()
    if (owner := database_owner(app_state().engine)) not in (None, ORGANISATION_NAME):
        raise click.ClickException(_WRONG_DATABASE.format(owner=owner))
    upgrade(app_state().engine)
    password = demo_password()
    at, zone = now(), app_state().config.time_zone
    with unit_of_work() as session:
        new = organisation(session) is None
        if new:
            click.echo("Writing two years of an invented organisation (once) …", err=True)
        other = create_demo(session, at, at - HISTORY_LENGTH)
        if new and other is None:
            archive(session, library(), at - HISTORY_LENGTH)
            write_history(session, library(), zone, civil_date(at, zone))
    if other is None:
        _ensure_password(password, at)
    if new and other is None:
        _queue_past_reminders(at)
        # What is due today was mailed earlier today: it would fill the screen of whoever only looks around.
        queue_due_reminders(at)
        send_boosters(civil_date(at, zone))
        run_erasure(at)
        with unit_of_work() as session:
            office.mark_mail_sent(session, at)
            office.add_present_state(session, at, civil_date(at, zone))
    if other is not None:
        raise click.ClickException(_WRONG_DATABASE.format(owner=other))
    click.echo(f"\nThe demonstration: {app_state().config.public_url}\n")
    rows = [(role.capitalize(), email, password) for _, email, role in DEMO_ACCOUNTS]
    heads = ("Role", "E-mail address", "Password")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    for row in [heads, tuple("-" * width for width in widths), *rows]:
        click.echo("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo()


def _ensure_password(password: str, at: datetime) -> None:
    """See to it that the three people have this password."""
    with read_only_session() as session:
        known = password_hashes(session)
    others = [person_id for person_id, kept in known.items() if kept is None or not verify_password(kept, password)]
    if others:
        kept = hash_password(password)
        with unit_of_work() as session:
            set_passwords(session, others, kept, at)


def _queue_past_reminders(at: datetime) -> None:
    """Reminders as they went out in the last weeks, week by week. Nobody in the story has a mailbox."""
    for week in range(REMINDER_WEEKS, 0, -1):
        then = (at - timedelta(weeks=week)).replace(hour=9, minute=5)
        queue_due_reminders(then, lambda then=then: then)  # type: ignore[misc]
        with unit_of_work() as session:
            office.mark_mail_sent(session, then)


def demo_password() -> str:
    """DEMO_PASSWORD, or the one kept in instance/demo-password, which is made up at the first start."""
    given = app_state().config.demo_password
    if given:
        return str(given)
    file = Path(current_app.root_path).parent / "instance" / "demo-password"
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        # Readable by its owner from the first moment: the mode is set before anything is in it.
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()
