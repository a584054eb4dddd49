"""flask demo prepare"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from course.clock import now
from course.demo.actions import PEOPLE, prepare
from course.migrating import upgrade
from course.web.session import command_session
from course.web.site import state

group = AppGroup("demo", help="A course to look around in.")


@group.command("prepare")
def prepare_command() -> None:
    """Make the demonstration, or find it as it was, and print how to sign in."""
    prepare_demo()


def prepare_demo() -> None:
    """Migrate, fill an empty database, and print the address and the three sign-ins."""
    upgrade(state().engine)
    password = demo_password()
    with command_session() as session:
        other = prepare(session, password, now())
    if other is not None:
        raise click.ClickException(
            f"This database belongs to {other}. The demonstration needs one of its own: "
            "set DATABASE_URL to another, such as sqlite:////tmp/demo.db."
        )
    click.echo(f"\nThe demonstration: {state().config.public_url}\n")
    rows = [(role.capitalize(), email, password) for _, email, role in PEOPLE]
    heads = ("Role", "E-mail address", "Password")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    for row in [heads, tuple("-" * width for width in widths), *rows]:
        click.echo("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo()


def demo_password() -> str:
    """DEMO_PASSWORD, or the one kept in instance/demo-password, which is made up at the first start."""
    given = os.environ.get("DEMO_PASSWORD")
    if given:
        return given
    file = Path(current_app.root_path).parent / "instance" / "demo-password"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        # Readable by its owner from the first moment: the mode is set before anything is in it.
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9) + "\n", encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()
