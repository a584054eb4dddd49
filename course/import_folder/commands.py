"""flask people import-folder"""

from __future__ import annotations

import sys

import click

from course.clock import now
from course.import_folder.actions.files import FolderError
from course.import_folder.jobs import FolderBusyError, take_files
from course.people_import.commands import group as people_group

OUTCOMES = {
    "apply": "applied",
    "wait": "not applied: it waits on the page “Import folder”",
    "refuse": "refused: it is now in the folder “refused”",
    "same": "the same list as before, so there was nothing to do",
}
__all__ = ["people_group"]


@people_group.command("import-folder")
def import_folder_command() -> None:
    """Take the lists that are in IMPORT_FOLDER now, as the worker does each night.

    A file that changed within the last minute is left for later. Ends with 0 if all lists were applied, with 2 if one was
    refused or waits for a decision on the page, and with 1 if the folder cannot be used.
    """
    try:
        taken = take_files(now)
    except FolderError as error:
        raise click.ClickException(str(error)) from error
    except FolderBusyError:
        raise click.ClickException("Another process takes lists from the folder just now.") from None
    for one in taken:
        click.echo(f"{one.name}: {' '.join((OUTCOMES[one.outcome] + '.', *map(str, one.reasons)))}")
    if not taken:
        click.echo("There is no complete file in the folder.")
    sys.exit(2 if any(one.outcome in ("wait", "refuse") for one in taken) else 0)
