"""flask signin set-up-link, flask people reset-factors"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from course.auth.actions import create_set_up_link, reset_factors
from course.auth.queries import code_person_by_login
from course.clock import now
from course.context import make_context
from course.people_import.commands import group as people_group
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work

group = AppGroup("signin", help="Get into a fresh course.")


@people_group.command("reset-factors")
@click.argument("login")
@click.option("--reason", required=True, help="Why, and how you know that it is them; they are told.")
def reset_factors_command(login: str, reason: str) -> None:
    """Remove the second factors of the person who signs in with LOGIN (an e-mail address or sign-in name)."""
    with unit_of_work() as session:
        context = make_context(session, None, now())
        person = code_person_by_login(session, login, context.today)
        gone = person is not None and reset_factors(context, person.id, reason)
    if person is None:
        click.echo("No one who works here signs in with this address or name.", err=True)
        sys.exit(1)
    click.echo("Removed. They sign in with their password now." if gone else "They have no second factor.")


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
