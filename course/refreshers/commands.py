"""flask boosters send · flask updates send · flask refreshers guard"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime

import click
from flask.cli import AppGroup

from course.clock import now
from course.content.loaded_course import library
from course.dates import civil_date
from course.mail import preference_links
from course.mail.message_templates import TOKEN_PLACEHOLDER, render_message, token_filler
from course.mail.rules import BOOSTER, MailMessage
from course.organisation.queries import organisation
from course.people.rules import first_name
from course.recertification import queries as renewal
from course.recertification.commands import group as recertification
from course.recertification.rules import missing_due_date_reason
from course.recertification.rules.civil_dates import long_date
from course.refreshers import actions, queries
from course.refreshers.actions import RecoveredCompletion
from course.refreshers.queries import CertifiedLearner
from course.refreshers.rules.boosters import sign_booster_token
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

group = AppGroup("boosters", help="Five questions between two certificates.")


@group.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send_boosters_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the boosters of a day. Safe to run again, or twice at once: nobody is sent two."""
    day = on.date() if on else civil_date(now(), app_state().config.time_zone)
    click.echo(f"{send_boosters(day, dry_run)} boosters.")


def send_boosters(on: date, dry_run: bool = False) -> int:
    """Queue what is due on that day; returns how many that is."""
    zone, sent = app_state().config.time_zone, 0
    with unit_of_work() as session:
        ours = organisation(session)
        due = actions.boosters_due(session, library(), zone, on)
    for one in due:
        if dry_run:
            click.echo(one.email)
            sent += 1
            continue
        mail = _booster_message(one, ours.name if ours else "")
        with unit_of_work() as session:
            sent += actions.queue_booster(session, library(), one, mail, zone, now())
    return sent


def _booster_message(to: CertifiedLearner, ours: str) -> Callable[[int], MailMessage]:
    """The mail with the five questions, written at once; the link to the attempt is put in once that is open."""
    config, course = app_state().config, library().course.title
    stop = (
        f"{config.public_url}/mail/choice/{preference_links.preference_token(config.secret_key, to.person_id, BOOSTER)}"
    )
    written = render_message(
        "booster.txt",
        f"Five questions, two minutes: {course}",
        preference_links.unsubscribe_headers(stop),
        name=first_name(to.name),
        link=f"{config.public_url}/booster/{TOKEN_PLACEHOLDER}",
        organisation=ours,
        stop=stop,
    )
    return lambda attempt: token_filler(written)(sign_booster_token(attempt, config.secret_key))


updates = AppGroup("updates", help="What has changed, for those who were certified before.")


@updates.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send_updates_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the mails about updates of a day. Safe to run again, or twice at once: each is queued once."""
    day = on.date() if on else civil_date(now(), app_state().config.time_zone)
    click.echo(f"{send_updates(day, dry_run)} mails about updates.")


def send_updates(on: date, dry_run: bool = False) -> int:
    """Queue what is due on that day; returns how many mails that is."""
    config, sent = app_state().config, 0
    with unit_of_work() as session:
        ours = organisation(session)
        due = actions.updates_due(session, library(), config.time_zone, on)
    for one in due:
        if dry_run:
            click.echo(f"{one.person.email}: {one.mail_step}")
            sent += 1
            continue
        mail = render_message(
            "update.txt",
            f"Something has changed: please look at it by {long_date(one.update.due)}",
            name=first_name(one.person.name),
            changes=[change.change.reason for change in one.update.changes],
            late=on > one.update.due,
            due=long_date(one.update.due),
            link=f"{config.public_url}/refresher/update",
            organisation=ours.name if ours else "",
            course=library().course.title,
        )
        with unit_of_work() as session:
            sent += actions.queue_update_mail(session, one, mail, config.time_zone, now())
    return sent


@recertification.command("guard")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
def guard_command(on: datetime | None) -> None:
    """List everybody whose next cycle would not happen, and why. The list must be empty; if not, it ends with 1.

    Before that it completes what somebody finished and what was not completed, unless another day is named.
    """
    zone = app_state().config.time_zone
    day = on.date() if on else civil_date(now(), zone)
    for one in [] if on else recover_completions(now()):
        what = "the course" if one.kind == "initial" else "a refresher"
        click.echo(
            f"{one.email}: finished {what} on {long_date(one.finished_on)}, without a certificate. It is issued now."
        )
    with read_only_session() as session:
        policies = renewal.policies(session, zone)
        found = [
            (one, why)
            for one in renewal.people(session, zone)
            if (why := missing_due_date_reason(one.facts, policies, day))
        ]
    for person, why in found:
        click.echo(f"{person.email}: {why}")
    if found:
        sys.exit(1)
    click.echo("Everybody who needs the course has a next due day.")


def recover_completions(at: datetime) -> list[RecoveredCompletion]:
    """Complete whatever was finished and never completed; says what that was. Safe to run again, or twice at once."""
    with read_only_session() as session:
        waiting = queries.unrecorded_completions(session)
    healed = []
    for one in waiting:
        with unit_of_work() as session:
            if (done := actions.recover_completion(session, library(), one, at)) is not None:
                healed.append(done)
    return healed
