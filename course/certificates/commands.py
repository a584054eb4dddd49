"""flask certificates reissue · revoke"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from course.certificates import actions
from course.certificates.rules import typed_number
from course.clock import now
from course.web.session import command_session

group = AppGroup("certificates", help="Re-issue and revoke certificates.")
_REASON = click.option("--reason", required=True, help="Why, in a few words. The holder sees it.")


@group.command("reissue")
@click.argument("number")
@click.option("--name", required=True, help="The name that the new certificate bears.")
@_REASON
def reissue_command(number: str, name: str, reason: str) -> None:
    """Issue certificate NUMBER anew under another name. The old one is marked as replaced."""
    try:
        with command_session() as session:
            new = actions.reissue(session, typed_number(number), name, reason[:200], None, now())
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"{error}.") from error
    click.echo(f"Certificate {typed_number(number)} is replaced by {new}.")


@group.command("revoke")
@click.argument("number")
@_REASON
def revoke_command(number: str, reason: str) -> None:
    """Certificate NUMBER is not valid any more."""
    try:
        with command_session() as session:
            actions.revoke(session, typed_number(number), reason[:200], None, now())
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"{error}.") from error
    click.echo(f"Certificate {typed_number(number)} is revoked.")
