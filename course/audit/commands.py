"""The commands `flask audit verify` and `flask audit head`."""

from __future__ import annotations

import re
import sys

import click
from flask.cli import AppGroup

from course.audit import queries
from course.audit.rules import integrity_faults
from course.web.database_check import connected_damage
from course.web.unit_of_work import unit_of_work

group = AppGroup("audit", help="Check that the log of what was done is as it was written.")


def _parse_head(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, str] | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", value):
        raise click.BadParameter("it is a number, a colon and 64 letters and digits, as 'flask audit head' prints it.")
    number, _, digest = value.partition(":")
    return int(number), digest


@group.command("head")
def head_command() -> None:
    """Print number and hash of the newest entry. Kept elsewhere, it shows later whether entries were removed."""
    with unit_of_work() as session:
        queries.set_read_only(session)
        number, digest = queries.log_head(session)
    click.echo(f"{number}:{digest}")


def verify_log(head: tuple[int, str] | None = None) -> tuple[int, int]:
    """Print every integrity fault of the audit log. Returns the number of entries and the number of faults."""
    fault_count = 0
    with unit_of_work() as session:
        queries.set_read_only(session)
        number, _ = queries.log_head(session)
        recorded = queries.recorded_head(session)
        if recorded is None:
            click.echo("The note of the newest entry was removed.")
            fault_count += 1
        for fault in integrity_faults(
            queries.all_entries(session), [known for known in (recorded, head) if known and known[0]]
        ):
            click.echo(fault)
            fault_count += 1
    return number, fault_count


@group.command("verify")
@click.option(
    "--head", callback=_parse_head, metavar="NUMBER:HASH", help="What 'flask audit head' printed on an earlier day."
)
def verify_command(head: tuple[int, str] | None) -> None:
    """Look for entries that were changed, removed, put in or put in another order, and on SQLite for damage to the
    database. Ends with 1 if there is any."""
    number, fault_count = verify_log(head)
    damage = connected_damage()
    if damage is not None:
        click.echo(damage, err=True)
    if fault_count:
        click.echo(f"The log is not as it was written: {fault_count} found.", err=True)
    if fault_count or damage is not None:
        sys.exit(1)
    click.echo(f"The log is as it was written: {number} entries.")
    if head is None:
        click.echo("Whether all of it was written anew shows only with --head, which 'flask audit head' prints.")
