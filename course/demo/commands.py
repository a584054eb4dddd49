"""flask demo prepare"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from course.auth.password_hashing import hashed, verify
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.dates import civil_date
from course.demo.actions import NAME, PEOPLE, let_in, office, passwords, prepare, tell
from course.demo.queries import owner_of
from course.demo.rules import YEARS
from course.organisation.queries import organisation
from course.privacy.commands import run
from course.refreshers.commands import send_boosters
from course.reminders.commands import send
from course.schema_upgrade import upgrade
from course.web.app_state import state
from course.web.database_check import opening
from course.web.unit_of_work import command_session, reading_session

_NOT_HERE = (
    "This database belongs to {owner}. The demonstration needs one of its own: "
    "set DATABASE_URL to another, such as sqlite:////tmp/demo.db."
)
WEEKS = 10  # for which reminders went out
group = AppGroup("demo", help="A course to look around in.")


@group.command("prepare")
def prepare_command() -> None:
    """Make the demonstration, or find it as it was, and print how to sign in."""
    prepare_demo()


def prepare_demo() -> None:
    """Migrate, fill an empty database, and print the address and the three sign-ins.

    Nothing is done to a database that was made for real: not even migrated.
    """
    opening().prepare()
    if (owner := owner_of(state().engine)) not in (None, NAME):
        raise click.ClickException(_NOT_HERE.format(owner=owner))
    upgrade(state().engine)
    password = demo_password()
    at, zone = now(), state().config.time_zone
    with command_session() as session:
        new = organisation(session) is None
        if new:
            click.echo("Writing two years of an invented organisation (once) …", err=True)
        other = prepare(session, at, at - YEARS)
        if new and other is None:
            archive(session, library(), at - YEARS)
            tell(session, library(), zone, civil_date(at, zone))
    if other is None:
        _let_in(password, at)
    if new and other is None:
        _remind(at)
        # What is due today was mailed earlier today: it would fill the screen of whoever only looks around.
        send(at)
        send_boosters(civil_date(at, zone))
        run(at)
        with command_session() as session:
            office.note_mail_as_sent(session, at)
            office.finish(session, at, civil_date(at, zone))
    if other is not None:
        raise click.ClickException(_NOT_HERE.format(owner=other))
    click.echo(f"\nThe demonstration: {state().config.public_url}\n")
    rows = [(role.capitalize(), email, password) for _, email, role in PEOPLE]
    heads = ("Role", "E-mail address", "Password")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    for row in [heads, tuple("-" * width for width in widths), *rows]:
        click.echo("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo()


def _let_in(password: str, at: datetime) -> None:
    """See to it that the three people have this password."""
    with reading_session() as session:
        known = passwords(session)
    others = [person_id for person_id, kept in known.items() if kept is None or not verify(kept, password)]
    if others:
        kept = hashed(password)
        with command_session() as session:
            let_in(session, others, kept, at)


def _remind(at: datetime) -> None:
    """Reminders as they went out in the last weeks, week by week. Nobody in the story has a mailbox."""
    for week in range(WEEKS, 0, -1):
        then = (at - timedelta(weeks=week)).replace(hour=9, minute=5)
        send(then, lambda then=then: then)  # type: ignore[misc]
        with command_session() as session:
            office.note_mail_as_sent(session, then)


def demo_password() -> str:
    """DEMO_PASSWORD, or the one kept in instance/demo-password, which is made up at the first start."""
    given = state().config.demo_password
    if given:
        return str(given)
    file = Path(current_app.root_path).parent / "instance" / "demo-password"
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        # Readable by its owner from the first moment: the mode is set before anything is in it.
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()
