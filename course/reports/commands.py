"""Command of the team report: flask report export"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from course.clock import now
from course.dates import civil_date
from course.people.rules import COMMAND_VIEWER
from course.recertification.rules.explanations import STATUS_GROUPS
from course.reports.jobs import ReportRequest, export_report
from course.reports.report_files import REPORT_FORMATS
from course.reports.rules import SORT_ORDERS, ReportFilter
from course.reports.status_cache import StatusCache
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file

group = AppGroup("report", help="The team report.")


@group.command("export")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="At the end of that day; else now.")
@click.option("--team", type=int, help="The number of a team: it and all below it; else everybody.")
@click.option("--status", type=click.Choice(list(STATUS_GROUPS)), default=None, help="Only people of that status.")
@click.option("--sort", type=click.Choice(list(SORT_ORDERS)), default="worst", show_default=True)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="The file to write, which ends in .csv, .xlsx or .pdf.")  # fmt: skip
def export_command(on: datetime | None, team: int | None, status: str | None, sort: str, output: Path) -> None:
    """Write the team report to a file, and say how far it has come."""
    at, kind = now(), output.suffix.removeprefix(".")
    today = civil_date(at, app_state().config.time_zone)
    if kind not in REPORT_FORMATS:
        raise click.ClickException(f"{output} has to end in {', '.join(f'.{one}' for one in REPORT_FORMATS)}.")
    if on and on.date() > today:
        raise click.ClickException(f"{on.date()} has not come yet.")
    day = on.date() if on and on.date() < today else None
    report_request = ReportRequest(kind, ReportFilter(team, status or "", sort=sort, on=day), COMMAND_VIEWER, at)
    refuse_existing_file(output)
    try:
        exported = export_report(report_request, StatusCache(), _echo_progress)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    write_new_file(output, exported.data)
    click.echo(f"{output}: {len(exported.people)} people, {len(exported.data)} bytes.")


def _echo_progress(stage: str, done: int, total: int) -> None:
    click.echo(f"{stage}: {done} of {total} …", err=True)
