"""flask people import"""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from course.clock import now
from course.context import make_context
from course.people_import import actions, queries
from course.people_import.jobs import apply_import, mail_invitations
from course.people_import.rules.columns import guess_columns, mapping_error
from course.people_import.rules.journal import SkippedLine
from course.people_import.rules.parsing import parse_file
from course.people_import.rules.planning import LINE_KINDS, ImportPlan
from course.people_import.rules.table import UnreadableError, pack_table
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

group = AppGroup("people", help="Bring people in from a list.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--invite", is_flag=True, help="E-mail an invitation to everyone who is added or returns.")
@click.option("--sender", default=queries.DEFAULT_SENDER, show_default=True, help="Who invites, as the mail says it.")
def import_command(file: Path, dry_run: bool, invite: bool, sender: str) -> None:
    """Apply the list FILE, with its columns as they were last time; those with usual headings are guessed.

    Names in capitals or with the last name first are corrected, or kept as written, as was decided last time.

    Ends with 0 if every row is in order, with 2 if some were refused, or have to be decided on the page (the others are
    applied), and with 1 if nothing could be done.
    """
    zone, at = app_state().config.time_zone, now()
    skipped: tuple[SkippedLine, ...] = ()
    try:
        table = parse_file(file.read_bytes())
        with read_only_session() as reading:
            before = queries.previous_mapping(reading, table.headings)
            columns = guess_columns(table.headings, before.columns, before.unused, table)
            wrong = mapping_error(columns)
            if wrong is not None:
                raise UnreadableError(f"{wrong[1]} Upload the list once on the page, and match its columns there.")
            choices = queries.ImportChoices(columns, before.base, before.decisions)
            draft = queries.draft_import(reading, table, choices, zone, at)
        if not dry_run:
            content, preview = pack_table(table), draft.preview
            with unit_of_work() as session:
                context = make_context(session, None, at)
                import_id = actions.store_upload(context, file.name, content)
                actions.keep_preview(session, import_id, table, choices, preview, invite)
                actions.begin_apply(context, import_id, preview.fingerprint)
            click.echo("Applying …", err=True)
            skipped = apply_import(import_id, zone, at, _print_progress)
            mail_invitations(import_id, sender, at)
    except (UnreadableError, actions.StalePreviewError, LookupError) as error:
        raise click.ClickException(str(error)) from error
    _print_preview(draft.plan, dry_run)
    for one in skipped:
        click.echo(f"Line {one.number}: {one.reason}")
    sys.exit(2 if skipped or any(line.kind in ("refused", "asked") for line in draft.plan.lines) else 0)


def _print_progress(done: int, of: int) -> None:
    click.echo(f"{done} of {of}", err=True)


def _print_preview(plan: ImportPlan, dry_run: bool) -> None:
    for line in plan.lines:
        if line.kind in ("refused", "asked") or (dry_run and line.kind != "unchanged"):
            click.echo(f"Line {line.number}: {LINE_KINDS[line.kind].lower()}: {line.who}: {' '.join(line.notes)}")
    for note in plan.notes:
        click.echo(note)
    for path in plan.new_teams:
        click.echo(f"New team: {' > '.join(path)}")
    for kind, words in LINE_KINDS.items():
        click.echo(f"{words}: {sum(line.kind == kind for line in plan.lines)}")
    click.echo(f"Not in the list: {len(plan.missing)}. Nothing changes for them.")
