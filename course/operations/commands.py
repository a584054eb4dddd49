"""flask backup · flask backup restore · flask backup check · flask system accept-key"""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from course.audit.commands import verify_log
from course.certificates.actions import sign_missing_credentials
from course.clock import now
from course.credentials.actions import rotate_key
from course.operations.actions import (
    BackupFailedError,
    check_backup,
    copy_sqlite,
    record_backup,
    record_restore,
    restore_sqlite,
)
from course.operations.rules import format_size
from course.schema_upgrade import newest_revision, upgrade
from course.server.actions import accept_secret_key
from course.server.queries import count_unsigned_certificates, secret_key_state, signing_key_opens
from course.server.settings_check import settings_warnings
from course.sqlite_file import find_damage
from course.web.app_state import app_state
from course.web.database_check import current_database_check, database_path, postgresql_address
from course.web.unit_of_work import unit_of_work

DUMP_INSTRUCTIONS = """PostgreSQL is copied with its own program, which asks for the password. For example:

  umask 077 && pg_dump --format=custom --file={file} {address} && flask backup --done {file}

The last command writes down that it was done, so that the page System can say so."""
RESTORE_INSTRUCTIONS = """\
PostgreSQL is restored with its own program, into a new and empty database, while nothing of the course runs:

  pg_restore --exit-on-error --no-owner --dbname={address} {file}

Name the new database in DATABASE_URL, then run 'flask audit verify' and start the course."""
_OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)
_BACKUP_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _BackupGroup(AppGroup):
    """`flask backup FILE` makes a backup; what else can be done with one has a name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


group = _BackupGroup("backup", help="Copy the database, and restore a copy. 'flask backup FILE' makes one.")
system_group = AppGroup("system", help="Running the course.")


@group.command("make")
@click.argument("file", type=_OUTPUT_FILE)
@click.option("--done", is_flag=True, help="FILE was made by another program: only write down that it was.")
def make_command(file: Path, done: bool) -> None:
    """Copy the database into FILE while the course goes on, and write down that it was done."""
    url = app_state().config.database_url
    if not done and database_path() is None:
        raise click.ClickException(DUMP_INSTRUCTIONS.format(file=file, address=postgresql_address()))
    if done and not file.is_file():
        raise click.ClickException(f"There is no file {file}.")
    current_database_check().open()
    try:
        count = file.stat().st_size if done else copy_sqlite(url, file)
    except BackupFailedError as error:
        raise click.ClickException(str(error)) from error
    with unit_of_work() as session:
        record_backup(session, str(file.absolute()), count, now())
    click.echo(f"{file}: {format_size(count)}.")


@group.command("check")
@click.argument("file", type=_BACKUP_FILE)
def check_command(file: Path) -> None:
    """Look whether FILE can be restored. Nothing is changed. Ends with 1 if it cannot."""
    try:
        found = check_backup(file)
    except BackupFailedError as error:
        raise click.ClickException(str(error)) from error
    last = f"; its newest entry of the log is of {found.last_entry} (UTC)" if found.last_entry else ""
    click.echo(f"{file} can be restored: schema {found.revision}{last}.")


@group.command("restore")
@click.argument("file", type=_BACKUP_FILE)
def restore_command(file: Path) -> None:
    """Put the backup FILE in the place of the database (SQLite). Stop every server and worker first.

    The backup is looked through before anything is changed, and what was there before is kept beside the database.
    """
    current_database_check().say()
    url = app_state().config.database_url
    if database_path() is None:
        raise click.ClickException(RESTORE_INSTRUCTIONS.format(file=file, address=postgresql_address()))
    try:
        restored = restore_sqlite(url, file, now())
    except BackupFailedError as error:
        raise click.ClickException(str(error)) from error
    if restored.kept is not None:
        click.echo(f"The database that was there before is kept in {restored.kept}.")
    if restored.backup.revision != newest_revision():
        upgrade(app_state().engine)
    number, wrong = verify_log()
    found = find_damage(Path(database_path() or ""), thorough=True)
    if wrong or found:
        raise click.ClickException(found or "The backup is restored, but its log is not as it was written.")
    with unit_of_work() as session:
        record_restore(session, str(file.absolute()), now())
    click.echo(f"{file} is restored and sound; its log is as it was written: {number} entries.")
    click.echo("Mail that was waiting when the backup was made is sent once the course runs, perhaps a second time.")
    for words in settings_warnings(now()):
        click.echo(f"Warning: {words}", err=True)


@system_group.command("accept-key")
@click.option("--reason", required=True, help="Why the former key cannot be had again, in a few words.")
def accept_key_command(reason: str) -> None:
    """Go on with the SECRET_KEY of today, because the former one is lost.

    Certificates are signed with a new key from now on; those that have no signature get one. What was signed before
    stays valid. Links in mails that were sent with the former key stay void.
    """
    secret = app_state().config.secret_key
    with unit_of_work() as session:
        if secret_key_state(session, secret) == "same":
            raise click.ClickException("SECRET_KEY is the key that this database is used with. Nothing was changed.")
        accept_secret_key(session, secret, reason[:200], now())
        if signing_key_opens(session, secret) is False:
            rotate_key(session, reason[:200], now())
        missing = count_unsigned_certificates(session)
        done, _ = sign_missing_credentials(session, now()) if missing else (0, 0)
    click.echo(f"This SECRET_KEY is the database's from now on. Certificates signed: {done}. Restart every server.")
