"""flask jobs · flask system accept-key"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click
from flask.cli import AppGroup

from course.certificates.actions import sign_missing_credentials
from course.clock import now
from course.context import make_context
from course.credentials.actions import rotate_key
from course.jobs import queries as job_queries
from course.jobs.queries import JobView
from course.operations import actions, queries
from course.operations.rules import JOB_STATE_CHOICES, JOB_STATES
from course.server.actions import accept_secret_key
from course.server.jobs import REGISTRY
from course.server.queries import count_unsigned_certificates, secret_key_state, signing_key_opens
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.unit_of_work import read_only_session, unit_of_work

system_group = AppGroup("system", help="Running the course.")
jobs_group = AppGroup("jobs", help="Background jobs: what the page System shows and does.")


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


@jobs_group.command("list")
@click.option("--state", type=click.Choice(JOB_STATE_CHOICES), help="Only jobs in this state.")
@click.option("--kind", help="Only jobs of this kind, such as evidence.pack.")
@click.option("--regular", is_flag=True, help="Regular work as well, which is left out otherwise.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many jobs at most.")
def list_jobs_command(state: str | None, kind: str | None, regular: bool, limit: int) -> None:
    """List the newest jobs: number, state, kind, owner, progress, and since when. Times are in UTC."""
    with read_only_session() as session:
        found = job_queries.latest_jobs(
            session, limit, JOB_STATES[state] if state else (), regular=None if regular else False, kind=kind
        )
        owners = queries.job_owners(session, found)
    for job in found:
        click.echo(
            f"{job.id}\t{job.state}\t{job.kind}\t{_owner(job, owners)}\t{_progress(job)}\t{_moment(job.changed_at)}"
        )
    if not found:
        click.echo("There are no such jobs.", err=True)


@jobs_group.command("show")
@click.argument("job_id", metavar="NUMBER", type=int)
def show_job_command(job_id: int) -> None:
    """Show one job. What it was asked for is not shown, because that may be about people."""
    with read_only_session() as session:
        job = job_queries.job(session, job_id)
        owners = queries.job_owners(session, [job]) if job else {}
    if job is None:
        raise click.ClickException(f"There is no job {job_id}.")
    moments = {"Asked for": job.created_at, "Started": job.started_at, "Ended": job.ended_at}
    rows = {
        "Job": f"{job.id}, {REGISTRY.title(job.kind)} ({job.kind})",
        "State": job.state,
        "Owner": _owner(job, owners),
        "Progress": _progress(job),
        "Attempts": str(job.attempts),
        **{title: _moment(moment) for title, moment in moments.items() if moment},
        **({"Worker": job.claimed_by} if job.claimed_by else {}),
        **({"Failure": job.failure} if job.failure else {}),
    }
    for title, value in rows.items():
        click.echo(f"{title}: {value}")


@jobs_group.command("cancel")
@click.argument("job_id", metavar="NUMBER", type=int)
def cancel_job_command(job_id: int) -> None:
    """Cancel a job that waits or runs."""
    with unit_of_work() as session:
        cancelled = actions.cancel_job(make_context(session, None, now()), REGISTRY, job_id)
    if not cancelled:
        raise click.ClickException("There is no such job, it has ended, or it cannot be stopped once it has started.")
    click.echo(f"Job {job_id} is cancelled.")


@jobs_group.command("repeat")
@click.argument("job_id", metavar="NUMBER", type=int)
def repeat_job_command(job_id: int) -> None:
    """Do a job once more that has ended, as it was asked for."""
    with unit_of_work() as session:
        repeated = actions.repeat_job(make_context(session, None, now()), REGISTRY, job_id)
    if not repeated:
        raise click.ClickException(
            "There is no such job, it has not ended, the same job is running, or its details are no longer kept."
        )
    click.echo(f"Job {job_id} waits to be done again.")


@jobs_group.command("run-now")
@click.argument("kind")
def run_job_command(kind: str) -> None:
    """Put regular work of this KIND into the queue now, such as reminders.queue. A worker does it."""
    current_database_check().check()
    found = REGISTRY.regular_kind(kind)
    if found is None:
        names = ", ".join(sorted(one.name for one in REGISTRY.regular_kinds))
        raise click.ClickException(f"There is no regular work {kind}. There is: {names}.")
    with unit_of_work() as session:
        job_id = actions.run_regular_job(make_context(session, None, now()), found)
    if job_id is None:
        raise click.ClickException(f"{found.title}: a job of this kind is already waiting or running.")
    click.echo(f"Job {job_id} waits: {found.title}.")


def _owner(job: JobView, owners: Mapping[int, str]) -> str:
    return owners.get(job.made_by, "nobody") if job.made_by is not None else "nobody"


def _progress(job: JobView) -> str:
    return f"{job.stage}, {job.done} of {job.total}" if job.is_open else "ended"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
