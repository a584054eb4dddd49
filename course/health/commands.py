"""flask doctor: look through the database and the server for what must not be, and say what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from course.clock import now
from course.health.jobs import examine
from course.health.rules import examination_lines
from course.web.database_check import current_database_check, database_path


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, for another program.")
@with_appcontext
def doctor_command(as_json: bool) -> None:
    """Look for what must not be, and say what to do about it. Nothing is changed; the course may go on meanwhile.

    Ends with 1 if there is a fault. What begins with "Note" needs a look, but breaks nothing. People are named by their
    numbers only, so that the output can be passed on.
    """
    file = database_path()
    if file is not None and not file.exists():
        current_database_check().check()  # refuses it, and makes none
    current_database_check().announce()
    found = []
    for one in examine(now()):
        found.append(one)
        if not as_json:
            for line in examination_lines([one]):
                click.echo(line)
    is_sound = all(one.is_sound for one in found)
    if as_json:
        click.echo(json.dumps({"sound": is_sound, "examined": [asdict(one) for one in found]}, indent=1))
    else:
        click.echo("There is no fault." if is_sound else "There are faults.")
    sys.exit(0 if is_sound else 1)
