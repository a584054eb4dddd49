"""flask privacy run | copy"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

import click
from flask.cli import AppGroup

from course.audit.actions import record_event
from course.clock import now
from course.organisation.queries import organisation
from course.people.queries import person, person_id_by_email
from course.privacy import actions
from course.privacy.queries import retention_due
from course.privacy.queries.subject_data import holding
from course.privacy.rules.retention_schedule import STAGES, Stage
from course.privacy.subject_access_export import copy_of
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file
from course.web.template_filters import plural
from course.web.unit_of_work import unit_of_work

group = AppGroup("privacy", help="Erase what is not kept any more, and copy what is held about somebody.")
BATCH = 5  # people in one transaction, of a tenth of a second each: others who write never wait long


@dataclass
class Totals:
    """What one run erased: rows and people by stage, and how many who had been refused were forgotten."""

    rows: Counter[Stage] = field(default_factory=Counter)
    people: Counter[Stage] = field(default_factory=Counter)
    refused: int = 0


@group.command("run")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
def run_command(dry_run: bool) -> None:
    """Erase whose time has run out, and what was asked for. Safe to run again, twice at once, or after a stop; the
    worker does it once an hour."""
    if dry_run:
        with unit_of_work() as session:
            # Counting takes a while; that must not hold up those who write.
            session.connection(execution_options={"writes": False})
            found = retention_due.effects(session, retention_due.schedule(session), app_state().config.time_zone, now())
        lines = [(one.stage, one.people, one.rows) for one in found]
    else:
        done = run(now())
        lines = [(stage, done.people[stage], done.rows[stage]) for stage in STAGES if done.rows[stage]]
        if done.refused:
            click.echo(f"Requests to join that were refused: {done.refused}")
    for stage, people, rows in lines:
        click.echo(f"{STAGES[stage]}: {plural(rows, 'row')} of {plural(people, 'person', 'people')}")
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
        person_id = int(who) if who.isdecimal() else person_id_by_email(session, who)
        found = person(session, person_id) if person_id is not None and person_id < 2**31 else None
        ours = organisation(session)
        if found is None or ours is None:
            raise click.ClickException(f"Nobody here has the address or the number {who}.")
        at, everything = now(), holding(session, found.id, app_state().config.secret_key)
        data = copy_of(everything, found.id, ours.name, at, own=False)
        write_new_file(file, data)
        record_event(session, "data.downloaded", ("person", found.id), {}, None, at)
    click.echo(f"{file}: {len(data):,} bytes. It is about {found.name}: give it to nobody else.")


def run(at: datetime) -> Totals:
    """Erase what is to go at that moment, a few people in each transaction."""
    totals, zone = Totals(), app_state().config.time_zone
    with unit_of_work() as session:
        session.connection(execution_options={"writes": False})
        ids = [task.person_id for task in retention_due.tasks(session, retention_due.schedule(session), zone, at)]
    for start in range(0, len(ids), BATCH):
        with unit_of_work() as session:
            for one in actions.erase(session, ids[start : start + BATCH], zone, at):
                stage = cast("Stage", one.stage)
                totals.rows[stage] += one.total
                totals.people[stage] += one.total > 0
    with unit_of_work() as session:
        totals.refused = actions.forget_refused(session, zone, at)
    return totals
