"""`flask providers …`: what the person who runs the server needs when a provider fails."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from course.clock import now
from course.context import make_context
from course.identity_providers import actions, queries
from course.web.unit_of_work import db, unit_of_work

group = AppGroup("providers", help="Identity providers: list them, and let passwords work again.")


@group.command("list")
def list_providers() -> None:
    """List the providers, and which one is required."""
    required = queries.required_provider(db())
    found = queries.providers(db())
    for one in found:
        words = ["on" if one.active else "off"]
        if required is not None and required.provider_id == one.id:
            words.append("required")
        click.echo(f"{one.id}  {one.name}  {one.discovery}  ({', '.join(words)})")
    if not found:
        click.echo("There are no identity providers.")


@group.command("not-required")
def not_required() -> None:
    """Let everybody sign in with a password again, such as when the required provider fails."""
    with unit_of_work() as session:
        lifted = actions.lift_requirement(make_context(session, None, now()))
    click.echo("Passwords work again." if lifted else "No provider is required.")
