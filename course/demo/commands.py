"""flask demo prepare"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from course.analytics.jobs import publish_figures
from course.auth.password_hashing import hash_password, verify_password
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.dates import civil_date
from course.demo.actions import (
    ORGANISATION_NAME,
    accounts,
    add_later_accounts,
    administration,
    create_demo,
    password_hashes,
    set_passwords,
    write_history,
)
from course.demo.queries import database_owner
from course.demo.rules import HISTORY_LENGTH, last_sending_moment
from course.mail.jobs import render_waiting_mail
from course.organisation.queries import organisation
from course.privacy.jobs import run_erasure
from course.refreshers.jobs import send_boosters
from course.reminders.jobs import queue_due_reminders
from course.schema_upgrade import upgrade
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.unit_of_work import read_only_session, unit_of_work

_WRONG_DATABASE = (
    "This database belongs to {owner}. The demonstration needs one of its own: "
    "set DATABASE_URL to another, such as sqlite:////tmp/demo.db."
)
REMINDER_WEEKS = 10  # for which reminders were sent
FIGURE_WEEKS = 4  # for which figures of groups were published: two years of them take longer than all the rest
group = AppGroup("demo", help="A course to look around in.")


@group.command("prepare")
def prepare_command() -> None:
    """Make the demonstration, or find it as it was, and print how to sign in."""
    prepare_demo()


def prepare_demo() -> None:
    """Migrate, fill an empty database, and print the address and the sign-ins.

    A database of a real organisation is left alone: it is not even migrated.
    """
    current_database_check().prepare()
    if (owner := database_owner(app_state().engine)) not in (None, ORGANISATION_NAME):
        raise click.ClickException(_WRONG_DATABASE.format(owner=owner))
    upgrade(app_state().engine)
    password = demo_password()
    at, zone = now(), app_state().config.time_zone
    with unit_of_work() as session:
        is_new = organisation(session) is None
        if is_new:
            click.echo("Writing two years of an invented organisation (once) …", err=True)
        other = create_demo(session, at, at - HISTORY_LENGTH)
        if is_new and other is None:
            archive(session, library(), at - HISTORY_LENGTH)
            write_history(session, library(), zone, civil_date(at, zone))
    if other is None:
        _ensure_password(password, at)
    if is_new and other is None:
        _queue_past_reminders(at, zone)
        # Mail that is due counts as sent, on the last day on which it could leave: otherwise the start would print it all on
        # the screen.
        sent_at = last_sending_moment(at, zone)
        queue_due_reminders(sent_at, lambda: sent_at)
        send_boosters(civil_date(at, zone), sent_at)
        # Before the erasure: what managers saw includes those who are erased now.
        publish_figures(at, civil_date(at - timedelta(weeks=FIGURE_WEEKS), zone))
        run_erasure(at)
        render_waiting_mail(inf)  # a mail that was sent is listed by its subject
        with unit_of_work() as session:
            administration.mark_mail_sent(session, sent_at)
            administration.add_present_state(session, at, civil_date(at, zone))
            administration.issue_waiting_code(session, app_state().config.secret_key, at)
            add_later_accounts(session, at, civil_date(at, zone))
        _ensure_password(password, at)
    if other is not None:
        raise click.ClickException(_WRONG_DATABASE.format(owner=other))
    click.echo(f"\nThe demonstration: {app_state().config.public_url}\n")
    with read_only_session() as session:
        rows = [(role, email, password) for role, email in accounts(session)]
    headings = ("Role", "E-mail address", "Password")
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(3)]
    for row in [headings, tuple("-" * width for width in widths), *rows]:
        click.echo("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo()


def _ensure_password(password: str, at: datetime) -> None:
    """Set this password for those of the people who can sign in and have another one."""
    with read_only_session() as session:
        hashes = password_hashes(session)
    others = [person_id for person_id, old in hashes.items() if old is None or not verify_password(old, password)]
    if others:
        hashed = hash_password(password)
        with unit_of_work() as session:
            set_passwords(session, others, hashed, at)


def _queue_past_reminders(at: datetime, zone: str) -> None:
    """Queue the reminders of the last weeks, week by week, and mark them as sent: nobody has a mailbox."""
    for week in range(REMINDER_WEEKS, 0, -1):
        then = last_sending_moment((at - timedelta(weeks=week)).replace(hour=9, minute=5), zone)
        queue_due_reminders(then, lambda then=then: then)  # type: ignore[misc]
        render_waiting_mail(inf)  # a mail that was sent is listed by its subject
        with unit_of_work() as session:
            administration.mark_mail_sent(session, then)


def demo_password() -> str:
    """The password of the setting DEMO_PASSWORD, or the one in instance/demo-password, created at the first start."""
    configured = app_state().config.demo_password
    if configured:
        return str(configured)
    file = Path(current_app.root_path).parent / "instance" / "demo-password"
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        # Readable by its owner from the first moment: the mode is set before anything is in it.
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()
