"""flask refreshers guard · standing · extend · pause"""

from __future__ import annotations

import sys
from datetime import date, datetime

import click
from flask.cli import AppGroup

from course.clock import now
from course.dates import civil_date
from course.people.queries import id_of
from course.refreshers import actions, queries
from course.refreshers.rules import guard, standing
from course.refreshers.rules.dates import words
from course.web.session import command_session
from course.web.site import state

group = AppGroup("refreshers", help="When a certificate has to be renewed, and for whom that would not happen.")
_DAY = click.DateTime(["%Y-%m-%d"])
_ON = click.option("--on", metavar="DATE", type=_DAY, help="As on another day (YYYY-MM-DD).")
_REASON = click.option("--reason", required=True, help="Why, in a few words.")


def _today() -> date:
    return civil_date(now(), state().config.time_zone)


def _found(person_id: int | None, email: str) -> int:
    if person_id is None:
        raise click.ClickException(f"Nobody has the address {email}.")
    return person_id


@group.command("guard")
@_ON
def guard_command(on: datetime | None) -> None:
    """List everybody whose next cycle would not happen, and why. The list must be empty; if not, it ends with 1."""
    zone, day = state().config.time_zone, on.date() if on else _today()
    with command_session() as session:
        policies = queries.policies(session, zone)
        found = [(one, why) for one in queries.people(session, zone) if (why := guard(one.facts, policies, day))]
    for one, why in found:
        click.echo(f"{one.email}: {why}")
    if found:
        sys.exit(1)
    click.echo("Everybody who needs the course has a next due day.")


@group.command("standing")
@click.argument("email")
@_ON
def standing_command(email: str, on: datetime | None) -> None:
    """Where somebody stands, and why, in a sentence."""
    zone, day = state().config.time_zone, on.date() if on else _today()
    with command_session() as session:
        one = queries.people(session, zone, [_found(id_of(session, email), email)])[0]
        found = standing(one.facts, queries.policies(session, zone), day)
    click.echo(f"{found.state} on {words(day)}. {found.because}")


@group.command("extend")
@click.argument("email")
@click.option("--until", required=True, type=_DAY, help="The last day in time (YYYY-MM-DD).")
@_REASON
def extend_command(email: str, until: datetime, reason: str) -> None:
    """Give somebody more time."""
    try:
        with command_session() as session:
            actions.extend(
                session, _found(id_of(session, email), email), until.date(), reason[:200], _today(), None, now()
            )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} has until {words(until.date())}.")


@group.command("pause")
@click.argument("email")
@click.option("--since", required=True, type=_DAY, help="The first day away.")
@click.option("--until", type=_DAY, help="The last day away, when it is known.")
@click.option("--days", default=14, show_default=True, help="Days after the return in which nothing is overdue.")
@_REASON
def pause_command(email: str, since: datetime, until: datetime | None, days: int, reason: str) -> None:
    """Write down a long leave, or the end of one that began on the same day."""
    last = until.date() if until else None
    try:
        with command_session() as session:
            person = _found(id_of(session, email), email)
            actions.pause(session, person, since.date(), last, days, reason[:200], _today(), None, now())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    back = f"until {words(last)}" if last else "until further notice"
    click.echo(f"{email} is away from {words(since.date())} {back}.")
