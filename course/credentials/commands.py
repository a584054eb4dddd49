"""The commands `flask credentials keys`, `rotate` and `withdraw`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from course.clock import now
from course.credentials import actions, queries
from course.credentials.rules.did_web import issuer_name
from course.credentials.rules.keys import KeyLockedError, encode_multikey
from course.web.app_state import app_state
from course.web.template_filters import format_moment
from course.web.unit_of_work import unit_of_work

group = AppGroup("credentials", help="The keys with which certificates are signed.")
_REASON = click.option("--reason", required=True, help="Why, in a few words.")


@group.command("keys")
def keys_command() -> None:
    """List the public keys, the oldest first."""
    with unit_of_work() as session:
        keys = queries.keys(session)
    for key in keys:
        withdrawal = (
            f", withdrawn since {format_moment(key.withdrawn_from, app_state().config.time_zone)}"
            if key.withdrawn_from
            else ""
        )
        click.echo(f"{key.address} {encode_multikey(key.public_bytes)}{withdrawal}")
    if not keys:
        click.echo("There is no key yet. The first certificate makes one.")


@group.command("rotate")
@_REASON
def rotate_command(reason: str) -> None:
    """Sign with a new key from now on. What the earlier keys signed stays valid."""
    with unit_of_work() as session:
        address = actions.rotate_key(session, reason[:200], now())
    click.echo(f"Certificates are signed with {address} from now on.")


@group.command("issuer")
@click.argument("name", type=click.Choice(["did:web", "address"]))
def issuer_command(name: str) -> None:
    """The NAME that the issuer bears in new certificates: its did:web, or its https address.

    Nothing that was issued changes. Another installation of this course that trusts the issuer by an older version, or
    software that has its name in a list, has to be told the new name.
    """
    try:
        with unit_of_work() as session:
            changed = actions.name_issuer(session, name == "did:web", now())
    except (ValueError, KeyLockedError) as error:
        raise click.ClickException(f"{str(error).rstrip('.')}.") from error
    base_url = app_state().config.public_url
    shown = issuer_name(base_url, name == "did:web")
    click.echo(f"New certificates are issued by {shown}{' from now on' if changed else ' already'}.")


@group.command("withdraw")
@click.argument("number", type=int)
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="From the start of that day; else from now.")
@_REASON
def withdraw_command(number: int, since: datetime | None, reason: str) -> None:
    """What key NUMBER signed proves nothing any more, for example because somebody else may have the key.

    'flask credentials sign-missing' then signs the certificates anew.
    """
    zone = ZoneInfo(app_state().config.time_zone)
    try:
        with unit_of_work() as session:
            actions.withdraw_key(session, number, since.replace(tzinfo=zone) if since else now(), reason[:200], now())
    except (LookupError, ValueError, KeyLockedError) as error:
        raise click.ClickException(f"{str(error).rstrip('.')}.") from error
    click.echo(f"Key {number} is withdrawn. Now run 'flask credentials sign-missing'.")
