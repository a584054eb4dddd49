"""flask backup · flask backup verify · flask backup restore · flask backup new-key · flask database move · flask upgrade"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from course.audit.commands import verify_log
from course.backups.actions import restoring
from course.backups.actions.archives import UnpackedBackup, new_identity, read_identities, unpacked, verify_unpacked
from course.backups.actions.moving import MoveOrder, move_database, target_engine
from course.backups.actions.numbering import leave_gap
from course.backups.actions.recording import record_backup, record_restore
from course.backups.jobs import delete_killed, delete_unwanted, make_backup, regular_files, upgrade_course
from course.backups.queries import TableDigest
from course.backups.rules import BackupFailedError
from course.clock import now
from course.context import make_context
from course.schema_upgrade import check_database, current_revision, newest_revision, upgrade
from course.sqlite_file import create_private_file
from course.web.app_state import app_state
from course.web.database_check import connected_damage, current_database_check, database_path
from course.web.unit_of_work import unit_of_work

_OUTPUT_FILE = click.Path(dir_okay=False, path_type=Path)
_INPUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_ALIASES = {"make": "create", "check": "verify"}  # earlier names, which stay


class _BackupGroup(AppGroup):
    """`flask backup FILE` makes a backup; the other commands of the group have names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *_ALIASES, "--help"):
            args = ["create", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, _ALIASES.get(cmd_name, cmd_name))


group = _BackupGroup("backup", help="Back up the course, and restore it. 'flask backup FILE' makes a backup.")
database_group = AppGroup("database", help="The database of the course.")


@contextmanager
def _failures_in_words() -> Iterator[None]:
    try:
        yield
    except BackupFailedError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _tidy_when_stopped() -> Iterator[None]:
    """End by an exception when the system asks for it, so that what is not encrypted yet is deleted."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@group.command("create")
@click.argument("file", type=_OUTPUT_FILE, required=False)
@click.option("--done", is_flag=True, help="FILE was made by another program: only look at it and write it down.")
def create_command(file: Path | None, done: bool) -> None:
    """Back up the course into FILE while it goes on, read the file back, and write down that it was done.

    Without FILE the backup gets a name of its own in the folder BACKUP_FOLDER, where the oldest are deleted.
    """
    current_database_check().check()
    at = now()
    files = [file] if file else regular_files(at)
    if not files:
        raise click.UsageError("Name a file, or set BACKUP_FOLDER.")
    if done and not files[0].is_file():
        raise click.ClickException(f"There is no file {files[0]}.")
    if done:
        _write_down(files[0], at)
        return
    delete_killed(at)
    with _failures_in_words(), _tidy_when_stopped():
        made = make_backup(files, None, at)
    if not file:
        delete_unwanted(made.file, at)
    click.echo(f"{made.file}: {_size(made.size)}, read back and whole; {made.tables} tables, {made.rows:,} rows.")
    if not app_state().config.backup_recipients:
        click.echo(
            "It is not encrypted and does not hold the secret key: keep that with it. See BACKUP_RECIPIENT.", err=True
        )


def _write_down(file: Path, at: datetime) -> None:
    """Record a file of another program; as verified only if it can be restored here."""
    verified_at = None
    try:
        with unpacked(file, []) as backup:
            verify_unpacked(backup)
        verified_at = at
    except BackupFailedError as error:
        click.echo(f"Written down as not verified: {error}", err=True)
    size = file.stat().st_size
    with unit_of_work() as session:
        record_backup(make_context(session, None, at), str(file.absolute()), size, verified_at)
    click.echo(f"{file}: {_size(size)}.")


@group.command("new-key")
@click.argument("file", type=_OUTPUT_FILE)
def new_key_command(file: Path) -> None:
    """Make a pair of keys for backups: the secret one into FILE, the public one, for BACKUP_RECIPIENT, on the screen."""
    if file.exists():
        raise click.ClickException(f"{file} is there already. Nothing was changed.")
    secret, public = new_identity()
    try:
        create_private_file(file)
        file.write_text(f"# public key: {public}\n{secret}\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error}.") from error
    click.echo(public)
    click.echo(
        f"Set BACKUP_RECIPIENT to this. Keep {file} on another machine and on paper: without it nobody opens the backups.",
        err=True,
    )


_IDENTITY_OPTION = click.option("--identity", type=_INPUT_FILE, help="The file of the secret key that opens FILE.")


@group.command("verify")
@click.argument("file", type=_INPUT_FILE)
@_IDENTITY_OPTION
@click.option("--thorough", is_flag=True, help="PostgreSQL: restore into a database that is made for it and removed.")
def verify_command(file: Path, identity: Path | None, thorough: bool) -> None:
    """Look whether FILE can be restored. Nothing is changed. Ends with 1 if it cannot."""
    config = app_state().config
    with _failures_in_words(), unpacked(file, read_identities(identity) if identity else []) as backup:
        trial = None
        if thorough and backup.is_dump:
            if database_path() is not None:
                raise BackupFailedError(
                    "--thorough restores a dump into a database of its own on the server of DATABASE_URL, which names a SQLite "
                    "file here. Set DATABASE_URL to a database of a PostgreSQL server, or leave --thorough out."
                )
            trial = config.database_url
        found = verify_unpacked(backup, trial)
        about = _description(backup)
    revision = f": schema {found.revision}" if found.revision else ""
    last = f"; its newest entry of the log is of {found.newest_event_at} (UTC)" if found.newest_event_at else ""
    click.echo(f"{file} can be restored{revision}{last}.{about}")


def _description(backup: UnpackedBackup) -> str:
    if backup.manifest is None:
        return ""
    one = backup.manifest
    kind = "encrypted, with the secret key" if backup.secret_key() else "without the secret key"
    rows = sum(one.tables.values())
    return (
        f"\nMade {one.made_at:%Y-%m-%d %H:%M} (UTC) of {one.settings.get('DATABASE', one.engine)}: "
        f"{len(one.tables)} tables, {rows:,} rows; {kind}."
    )


@group.command("restore")
@click.argument("file", type=_INPUT_FILE)
@click.option("--replace", "replace_it", is_flag=True, help="SQLite: also if the database holds people; it is kept.")
@_IDENTITY_OPTION
@click.option("--key-file", type=_INPUT_FILE, help="The file of the secret key that the backup was used with.")
@click.option("--without-key", is_flag=True, help="Restore although that secret key is lost.")
@click.option("--content", type=_FOLDER, help="Write the content that the backup holds into this new folder.")
def restore_command(
    file: Path, replace_it: bool, identity: Path | None, key_file: Path | None, without_key: bool, content: Path | None
) -> None:
    """Put the backup FILE in the place of the database. Stop every server and worker first.

    The backup is looked through before anything is changed. What a SQLite database held before is kept beside it. A
    PostgreSQL database must be empty.
    """
    current_database_check().announce()
    state, at = app_state(), now()
    with _failures_in_words(), unpacked(file, read_identities(identity) if identity else []) as backup:
        verify_unpacked(backup)
        restoring.refuse_filled_database(state.engine, state.config.database_url, replace_it)
        key = None if without_key else restoring.fitting_secret_key(backup, state.config.secret_key, key_file)
        if key is not None:
            if state.config.secret_key_file is None:
                raise BackupFailedError(
                    "SECRET_KEY is not the key that the backup was used with. Nothing was changed. Set it to that key, or set "
                    "SECRET_KEY_FILE instead, into which the key of the backup is written."
                )
            restoring.refuse_unwritable_key_file(state.config.secret_key_file)
        if content is not None:
            count = restoring.unpack_content(backup, content)
            click.echo(f"The content is in {content}: {count} files. Name the folder in CONTENT.")
        restored = restoring.restore_database(state.engine, state.config.database_url, backup, at)
        if key is not None:
            _put_key_in_place(key, at)
    if restored.previous_database is not None:
        click.echo(f"The database that was there before is kept in {restored.previous_database}.")
    if restored.backup.revision != newest_revision():
        upgrade(state.engine)
    with unit_of_work() as session:
        leave_gap(session)
    _check_restored(file, at)
    current_database_check().warn()


@group.command("restored")
def restored_command() -> None:
    """Say that another program has brought the database back to an earlier moment. Run it before the course is started.

    People and certificates that are added from then on get numbers that were not given in the time that was lost: links
    and other programs know those who had them. 'flask backup restore' does the same by itself.
    """
    current_database_check().check()
    with unit_of_work() as session:
        leave_gap(session)
        record_restore(make_context(session, None, now()), "")
    click.echo("New people and certificates get numbers that nobody had in the time that was lost. Start the course.")


def _put_key_in_place(key: str, at: datetime) -> None:
    """Write the secret key into its file, and go on with it in this process."""
    state = app_state()
    file = state.config.secret_key_file
    assert file is not None  # noqa: S101 (asked before anything was changed)
    former = restoring.place_secret_key(file, key, at)
    current_app.extensions["course"] = replace(state, config=replace(state.config, secret_key=key))
    click.echo(f"The secret key of the backup is in {file}." + (f" The former one is in {former}." if former else ""))


def _check_restored(file: Path, at: datetime) -> None:
    """Look at the restored database, and write down that it was restored."""
    number, wrong = verify_log()
    found = connected_damage()
    if wrong or found:
        raise click.ClickException(found or "The backup is restored, but its log is not as it was written.")
    with unit_of_work() as session:
        record_restore(make_context(session, None, at), str(file.absolute()))
    click.echo(f"{file} is restored and sound; its log is as it was written: {number} entries.")
    click.echo("Mail that was waiting when the backup was made is sent once the course runs, perhaps a second time.")


@database_group.command("move")
@click.option(
    "--to", "address", required=True, help="postgresql://user@host/name, or sqlite:////path. It must be empty."
)
def move_command(address: str) -> None:
    """Copy everything into another database, and compare it. Stop every server and worker first.

    All rows are copied in one transaction, counted and compared by checksums. The database of today stays as it is. A
    password in the address can be seen by others on this machine: leave it out and set PGPASSWORD, or use ~/.pgpass.
    """
    current_database_check().check()

    def show(table: str, found: TableDigest) -> None:
        click.echo(f"{table}\t{found.rows}\t{found.checksum}")

    state = app_state()
    with _failures_in_words():
        target = target_engine(address)
        try:
            moved = move_database(state.engine, target, MoveOrder(show, now(), state.config.time_zone))
        finally:
            target.dispose()
    rows = sum(one.rows for one in moved.values())
    click.echo(
        f"{len(moved)} tables with {rows:,} rows are the same in both databases, and the log is as it was written."
    )
    click.echo("Set DATABASE_URL to the new address and start the course. Then keep the old database away from it.")


@click.command("upgrade")
@click.option(
    "--backup", "file", type=_OUTPUT_FILE, help="The file of the backup. Default: a new one in BACKUP_FOLDER."
)
@with_appcontext
def upgrade_command(file: Path | None) -> None:
    """Back up the course, bring its database up to date, and check it. Says how to go back.

    `flask serve` and `flask worker` do the same when they start, without the check.
    """
    current_database_check().prepare()
    check_database(app_state().engine, older=True)
    revision = current_revision(app_state().engine)
    if revision == newest_revision():
        click.echo(f"The database is up to date: schema {revision}. Nothing was changed.")
        return
    if file is None and not regular_files(now()):
        raise click.UsageError("Name a file for the backup (--backup FILE), or set BACKUP_FOLDER.")
    made = upgrade_course(now(), file)
    number, wrong = verify_log()
    path = database_path()
    found = connected_damage()
    click.echo(f"The database was at schema {revision} and is at {newest_revision()}.")
    if made is not None:
        into = "" if path else ", with DATABASE_URL set to a new, empty database"
        click.echo(
            f"The way back: stop the course, put the earlier program in place, then{into}:\n"
            f"  flask backup restore {'--replace ' if path else ''}{made.file}"
        )
    if wrong or found:
        raise click.ClickException(
            f"{found or 'The log is not as it was written.'} Take the way back, and report this."
        )
    click.echo(f"Checked: the log is as it was written, {number} entries. Start the course.")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{count:,} bytes"
