"""flask audit verify · head"""

from __future__ import annotations

import re
import sys

import click
from flask.cli import AppGroup

from course.audit import queries
from course.audit.rules import integrity_faults
from course.sqlite_file import find_damage
from course.web.database_check import database_path
from course.web.unit_of_work import unit_of_work

group = AppGroup("audit", help="Check that the log of what was done is as it was written.")


def _parse_head(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, str] | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", value):
        raise click.BadParameter("it is a number, a colon and 64 letters and digits, as 'flask audit head' prints it.")
    number, _, mark = value.partition(":")
    return int(number), mark


@group.command("head")
def head_command() -> None:
    """Print number and hash of the newest entry. Kept elsewhere, it shows later whether entries were removed."""
    with unit_of_work() as session:
        queries.set_read_only(session)
        number, mark = queries.log_head(session)
    click.echo(f"{number}:{mark}")


def verify_log(head: tuple[int, str] | None = None) -> tuple[int, int]:
    """Print what is wrong with the log. Returns how many entries it has, and how much was found."""
    wrong = 0
    with unit_of_work() as session:
        queries.set_read_only(session)
        number, _ = queries.log_head(session)
        noted = queries.recorded_head(session)
        if noted is None:
            click.echo("The note of the newest entry was removed.")
            wrong += 1
        for words in integrity_faults(queries.all_entries(session), [one for one in (noted, head) if one and one[0]]):
            click.echo(words)
            wrong += 1
    return number, wrong


@group.command("verify")
@click.option(
    "--head", callback=_parse_head, metavar="NUMBER:HASH", help="What 'flask audit head' printed on an earlier day."
)
def verify_command(head: tuple[int, str] | None) -> None:
    """Look for entries that were changed, removed, put in or put in another order, and on SQLite for damage to the
    database. Ends with 1 if there is any."""
    number, wrong = verify_log(head)
    file = database_path()
    found = find_damage(file, thorough=True) if file else None
    if found is not None:
        click.echo(found, err=True)
    if wrong:
        click.echo(f"The log is not as it was written: {wrong} found.", err=True)
    if wrong or found is not None:
        sys.exit(1)
    click.echo(f"The log is as it was written: {number} entries.")
    if head is None:
        click.echo("Whether all of it was written anew shows only with --head, which 'flask audit head' prints.")
