"""flask backup"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from course.clock import now
from course.system.actions import BackupError, copy_sqlite, note_backup
from course.system.rules import size
from course.web.session import command_session
from course.web.site import state

DUMP = """PostgreSQL is copied with its own program. For example:

  pg_dump --format=custom --file={file} "$DATABASE_URL" && flask backup --done {file}

The second command writes down that it was done, so that the page System can say so."""


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--done", is_flag=True, help="FILE was made by another program: only write down that it was.")
@with_appcontext
def group(file: Path, done: bool) -> None:
    """Copy the database into FILE while the course goes on, and write down that it was done."""
    url = state().config.database_url
    if not done and not url.startswith("sqlite"):
        raise click.ClickException(DUMP.format(file=file))
    if done and not file.is_file():
        raise click.ClickException(f"There is no file {file}.")
    try:
        count = file.stat().st_size if done else copy_sqlite(url, file)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    with command_session() as session:
        note_backup(session, str(file.absolute()), count, now())
    click.echo(f"{file}: {size(count)}.")
