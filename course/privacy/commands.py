"""The commands `flask privacy run` (erasure) and `flask privacy copy` (subject access)."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from course.audit.actions import record_event
from course.clock import now
from course.context import make_context
from course.organisation.queries import organisation
from course.people.queries import person, person_id_by_login
from course.privacy.jobs import run_erasure
from course.privacy.queries import retention_due
from course.privacy.queries.subject_data import read_subject_data
from course.privacy.rules.retention_schedule import STAGE_TITLES
from course.privacy.subject_access_export import export_subject_data
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file
from course.web.template_filters import plural
from course.web.unit_of_work import unit_of_work

group = AppGroup("privacy", help="Erase data past its time, and copy the data held about a person.")


@group.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
def run_command(dry_run: bool) -> None:
    """Erase whose time has run out, and what was asked for. Safe to run again, twice at once, or after a stop; the
    worker does it once an hour."""
    if dry_run:
        with unit_of_work() as session:
            # Counting is slow: on a read connection it does not block other writers.
            session.connection(execution_options={"writes": False})
            preview = retention_due.preview_erasure(
                session, retention_due.current_schedule(session), app_state().config.time_zone, now()
            )
        lines = [(effect.stage, effect.person_count, effect.row_count) for effect in preview]
    else:
        totals = run_erasure(now())
        lines = [(stage, totals.people[stage], totals.rows[stage]) for stage in STAGE_TITLES if totals.rows[stage]]
        if totals.deleted_join_requests:
            click.echo(f"Requests to join that were refused: {totals.deleted_join_requests}")
    for stage, people, rows in lines:
        click.echo(f"{STAGE_TITLES[stage]}: {plural(rows, 'row')} of {plural(people, 'person', 'people')}")
    if not lines:
        click.echo("Nothing is to be erased.")


@group.command("copy")
@click.argument("who", metavar="PERSON")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def copy_command(who: str, file: Path) -> None:
    """Write all that is held about PERSON (an e-mail address, or the number in the address of their page) into FILE.

    For somebody who has left and asks for their data: who works here has it under "My data". Private notes are left
    out. It stands in the log.
    """
    refuse_existing_file(file)
    with unit_of_work() as session:
        person_id = int(who) if who.isdecimal() else person_id_by_login(session, who)
        subject = person(session, person_id) if person_id is not None and person_id < 2**31 else None
        own_organisation = organisation(session)
        if subject is None or own_organisation is None:
            raise click.ClickException(f"Nobody here has the address or the number {who}.")
        at, subject_data = now(), read_subject_data(session, subject.id, app_state().config.secret_key)
        data = export_subject_data(subject_data, subject.id, own_organisation.name, at, own=False)
        write_new_file(file, data)
        record_event(make_context(session, None, at), "data.downloaded", ("person", subject.id), {})
    click.echo(f"{file}: {len(data):,} bytes. It is about {subject.name}: give it to no one else.")
