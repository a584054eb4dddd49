"""Commands of recertification: flask refreshers standing · extend · pause · import-certificate · left · come-back"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import click
from flask.cli import AppGroup

from course.clock import now
from course.context import Context, make_context
from course.dates import civil_date
from course.people import actions as staff
from course.people.actions import Refusal
from course.people.queries import person_id_by_login
from course.recertification import actions, queries
from course.recertification.rules import certification_status
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.explanations import STATUS_GROUPS
from course.recertification.rules.facts import INITIAL, REFRESHER, USUAL_RE_ENTER_DAYS, ExternalCompletion, Pause
from course.web.app_state import app_state
from course.web.unit_of_work import WriteSession, unit_of_work

group = AppGroup("refreshers", help="When a certificate has to be renewed, and for whom that would not happen.")
_DAY = click.DateTime(["%Y-%m-%d"])
_ON = click.option("--on", metavar="DATE", type=_DAY, help="As on another day (YYYY-MM-DD).")
_REASON = click.option("--reason", required=True, help="Why, in a few words.")


def _today() -> date:
    return civil_date(now(), app_state().config.time_zone)


def _require_person(person_id: int | None, email: str) -> int:
    if person_id is None:
        raise click.ClickException(f"Nobody has the address {email}, or that sign-in name.")
    return person_id


def _status_explanation(session: WriteSession, person_id: int) -> str:
    """The explanation of the person's certification status now. The due date may be another one than the date that was
    entered."""
    zone = app_state().config.time_zone
    person_facts = queries.people(session, zone, [person_id])[0]
    return certification_status(person_facts.facts, queries.policies(session, zone), _today()).because_for_others


@group.command("standing")
@click.argument("email")
@_ON
def status_command(email: str, on: datetime | None) -> None:
    """Show the certification status of a person, and explain it in a sentence."""
    zone, day = app_state().config.time_zone, on.date() if on else _today()
    with unit_of_work() as session:
        person_facts = queries.people(session, zone, [_require_person(person_id_by_login(session, email), email)])[0]
        status = certification_status(person_facts.facts, queries.policies(session, zone), day)
    click.echo(f"{STATUS_GROUPS[status.group].lower()} on {long_date(day)}. {status.because_for_others}")


@group.command("extend")
@click.argument("email")
@click.option("--until", required=True, type=_DAY, help="The last day in time (YYYY-MM-DD).")
@_REASON
def extend_command(email: str, until: datetime, reason: str) -> None:
    """Grant a person an extension."""
    try:
        with unit_of_work() as session:
            person_id = _require_person(person_id_by_login(session, email), email)
            actions.grant_extension(make_context(session, None, now()), person_id, until.date(), reason[:200])
            explanation = _status_explanation(session, person_id)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{email} has more time. {explanation}")


@group.command("pause")
@click.argument("email")
@click.option("--since", required=True, type=_DAY, help="The first day away.")
@click.option("--until", type=_DAY, help="The last day away, when it is known.")
@click.option(
    "--days", default=USUAL_RE_ENTER_DAYS, show_default=True, help="Days after the return in which nothing is overdue."
)
@_REASON
def pause_command(email: str, since: datetime, until: datetime | None, days: int, reason: str) -> None:
    """Record a long leave, or the end of one that began on the same day."""
    last = until.date() if until else None
    try:
        with unit_of_work() as session:
            person_id = _require_person(person_id_by_login(session, email), email)
            actions.record_pause(
                make_context(session, None, now()), person_id, Pause(since.date(), last, days, reason[:200])
            )
            explanation = _status_explanation(session, person_id)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    period = f"until {long_date(last)}" if last else "until further notice"
    click.echo(f"{email} is away from {long_date(since.date())} {period}. {explanation}".strip())


@group.command("import-certificate")
@click.argument("email")
@click.option("--on", "day", required=True, type=_DAY, help="The day on which the course was completed.")
@click.option("--until", type=_DAY, help="The last valid day, if the certificate gives one.")
@click.option("--issuer", required=True, help="Who issued it.")
@click.option("--kind", type=click.Choice([INITIAL, REFRESHER]), default=INITIAL, show_default=True)
@_REASON
def import_command(email: str, day: datetime, until: datetime | None, issuer: str, kind: str, reason: str) -> None:
    """Record a certificate of this course from elsewhere. Safe to run again."""
    last = until.date() if until else None
    try:
        with unit_of_work() as session:
            person_id = _require_person(person_id_by_login(session, email), email)
            is_new = actions.import_completion(
                make_context(session, None, now()),
                person_id,
                ExternalCompletion(day.date(), last, issuer[:200], kind),
                reason[:200],
            )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    certificate = f"the certificate of {long_date(day.date())} from {issuer[:200]}"
    click.echo(f"1 recorded: {certificate}." if is_new else f"0 recorded: {certificate} is there already.")


@group.command("left")
@click.argument("email")
@click.option("--on", "day", required=True, type=_DAY, help="The last day at work.")
@_REASON
def left_command(email: str, day: datetime, reason: str) -> None:
    """Record that a person has left. They can no longer sign in; their certificates stay."""
    _change_employment(staff.record_departure, email, day, reason)
    click.echo(f"{email} has left; the last day was {long_date(day.date())}.")


@group.command("come-back")
@click.argument("email")
@click.option("--on", "day", required=True, type=_DAY, help="The first day at work again.")
@_REASON
def come_back_command(email: str, day: datetime, reason: str) -> None:
    """Record that a person who had left works here again. Their certificates count as before."""
    _change_employment(
        lambda context, person, first, why: staff.record_return(context, person, first, None, why), email, day, reason
    )
    click.echo(f"{email} works here again from {long_date(day.date())}.")


def _change_employment(
    record: Callable[[Context, int, date, str], Refusal | None], email: str, day: datetime, reason: str
) -> None:
    with unit_of_work() as session:
        person_id = _require_person(person_id_by_login(session, email), email)
        refusal = record(make_context(session, None, now()), person_id, day.date(), reason[:200])
        if refusal is not None:
            raise click.ClickException(refusal.message)
