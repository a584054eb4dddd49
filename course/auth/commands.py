"""flask signin set-up-link"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from course.auth.actions import create_set_up_link
from course.clock import now
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work

group = AppGroup("signin", help="Get into a fresh course.")


@group.command("set-up-link")
def set_up_link_command() -> None:
    """Print a fresh link with which the course can be set up, once, within a day."""
    try:
        with unit_of_work() as session:
            token = create_set_up_link(session, now())
    except ValueError:
        click.echo("The course has been set up already. Administrators add people on its pages.", err=True)
        sys.exit(1)
    click.echo(app_state().public_address("auth.set_up", token=token))
