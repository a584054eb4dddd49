"""Commands of kept standings: flask standings rebuild · check"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from course.clock import now
from course.standings.actions import drop_standings
from course.standings.jobs import SAMPLE, catch_up, check_standings
from course.web.unit_of_work import unit_of_work

group = AppGroup("standings", help="The certification status of everybody, kept as rows that reports read.")
MAX_PRINTED = 20  # people of whom the check prints what differs


@group.command("rebuild")
def rebuild_command() -> None:
    """Delete the rows, and derive them from the records again. Reports go on while that lasts."""
    with unit_of_work() as session:
        drop_standings(session)
    count = catch_up(now(), lambda stage, done, total: click.echo(f"{stage}: {done} of {total} …", err=True))
    click.echo(f"{count} people were derived.")


@group.command("check")
@click.option("--sample", type=click.IntRange(1), default=SAMPLE, show_default=True, help="How many people to compare.")
@click.option("--all", "everybody", is_flag=True, help="Compare everybody.")
def check_command(sample: int, everybody: bool) -> None:
    """Compare the rows with the records. Exits with 1 if anything differs."""
    found = check_standings(now(), None if everybody else sample)
    click.echo(f"{found.people} people were compared, {len(found.differences)} differ; {found.cells} counts differ.")
    for person_id, columns in sorted(found.differences.items())[:MAX_PRINTED]:
        click.echo(f"person {person_id}: {', '.join(columns)}")
    if found.differing:
        raise click.ClickException("Run “flask standings rebuild”.")
