"""The commands `flask evidence make` and `flask evidence verify`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from course.clock import now
from course.credentials.rules.keys import Key, KeyLockedError, read_keys
from course.dates import civil_date
from course.evidence.builder import PackRequest
from course.evidence.forms import EARLIEST_DAY
from course.evidence.jobs import produce_pack
from course.evidence.queries import installation_keys
from course.evidence.rules.pack import MAX_PACK_BYTES, verify_pack
from course.people.rules import COMMAND_VIEWER
from course.reports.status_cache import StatusCache
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file
from course.web.unit_of_work import unit_of_work

group = AppGroup("evidence", help="Evidence packs for an inspection.")


@group.command("make")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="At the end of that day; else today.")
@click.option("--team", type=int, help="The number of a team: it and all below it; else everybody.")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def make_command(on: datetime | None, team: int | None, output: Path) -> None:
    """Make an evidence pack, and say how far it has come."""
    at = now()
    today = civil_date(at, app_state().config.time_zone)
    day = on.date() if on else today
    if day > today:
        raise click.ClickException(f"{day} has not come yet.")
    if day < EARLIEST_DAY:
        raise click.ClickException(f"Name a day from {EARLIEST_DAY.year} on.")
    refuse_existing_file(output)
    try:
        data = produce_pack(PackRequest(team, day, COMMAND_VIEWER, at), StatusCache(), _print_progress)
    except (LookupError, KeyLockedError) as error:
        raise click.ClickException(str(error)) from error
    write_new_file(output, data)
    click.echo(f"{output}: {len(data)} bytes.")


def _print_progress(stage: str, done: int, total: int) -> None:
    click.echo(f"{done + 1} of {total}: {stage} …", err=True)


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--issuer", metavar="KEY", help="The issuer's profile or key as a file, or the key itself (z6Mk…).")
def verify_command(file: Path, issuer: str | None) -> None:
    """Check whether the evidence pack FILE is as it was made.

    Ends with 0 if it is and the key is the issuer's, with 1 if anything was changed, and with 2 if nothing was changed
    but nobody has said yet whose the key is. Without --issuer the keys of this installation are used if there are any.
    """
    if file.stat().st_size > MAX_PACK_BYTES:
        raise click.ClickException(f"{file} is larger than any evidence pack, so it was not opened.")
    verdict = verify_pack(file.read_bytes(), _trusted_keys(issuer))
    for finding in verdict.findings:
        click.echo(f"{'right' if finding.is_valid else 'WRONG'}  {finding.sentence}")
    if not verdict.is_valid:
        click.echo("This pack is not as it was made.")
        sys.exit(1)
    if not verdict.is_key_trusted:
        click.echo("Nothing was changed since it was signed. Whose key that is was not checked: give it with --issuer.")
        sys.exit(2)
    click.echo("This pack is as it was made, and the key is the issuer’s.")


def _trusted_keys(issuer: str | None) -> tuple[Key, ...]:
    """The keys with which a pack is verified: the given ones, or those of this installation."""
    if issuer is None:
        with unit_of_work() as session:
            return installation_keys(session)
    try:
        return read_keys(Path(issuer).read_text(encoding="utf-8") if Path(issuer).is_file() else issuer)
    except (ValueError, OSError) as error:
        raise click.ClickException(f"{issuer}: {error}.") from error
