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
    """Queue the boosters that are due on that day; returns the number queued."""
    zone, count = app_state().config.time_zone, 0
    with unit_of_work() as session:
        sender = organisation(session)
        due = actions.boosters_due(session, library(), zone, on)
    for learner in due:
        if dry_run:
            click.echo(learner.email)
            count += 1
            continue
        render = _booster_message(learner, sender.name if sender else "")
        with unit_of_work() as session:
            count += actions.queue_booster(session, library(), learner, render, zone, now())
    return count


def _booster_message(learner: CertifiedLearner, organisation_name: str) -> Callable[[int], MailMessage]:
    """The mail with the five questions, rendered at once. The link is put in later, because the id of the attempt is
    known only when the attempt is open."""
    config, course = app_state().config, library().course.title
    token = preference_links.preference_token(config.secret_key, learner.person_id, BOOSTER)
    unsubscribe_link = f"{config.public_url}/mail/choice/{token}"
    message = render_message(
        "booster.txt",
        f"Five questions, two minutes: {course}",
        preference_links.unsubscribe_headers(unsubscribe_link),
        name=first_name(learner.name),
        link=f"{config.public_url}/booster/{TOKEN_PLACEHOLDER}",
        organisation=organisation_name,
        stop=unsubscribe_link,
    )
    return lambda attempt: token_filler(message)(sign_booster_token(attempt, config.secret_key))


updates = AppGroup("updates", help="What has changed, for those who were certified before.")


@updates.command("send")
@click.option("--on", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="As on another day (YYYY-MM-DD).")
@click.option("--dry-run", is_flag=True, help="Only say to whom one would be sent.")
def send_updates_command(on: datetime | None, dry_run: bool) -> None:
    """Queue the mails about updates of a day. Safe to run again, or twice at once: each is queued once."""
    day = on.date() if on else civil_date(now(), app_state().config.time_zone)
    click.echo(f"{send_updates(day, dry_run)} mails about updates.")


def send_updates(on: date, dry_run: bool = False) -> int:
    """Queue the mails about updates that are due on that day; returns the number queued."""
    config, count = app_state().config, 0
    with unit_of_work() as session:
        sender = organisation(session)
        due_mails = actions.updates_due(session, library(), config.time_zone, on)
    for due_mail in due_mails:
        if dry_run:
            click.echo(f"{due_mail.person.email}: {due_mail.mail_step}")
            count += 1
            continue
        mail = render_message(
            "update.txt",
            f"Something has changed: please look at it by {long_date(due_mail.update.due)}",
            name=first_name(due_mail.person.name),
            changes=[change.change.reason for change in due_mail.update.changes],
            late=on > due_mail.update.due,
            due=long_date(due_mail.update.due),
            link=f"{config.public_url}/refresher/update",
            organisation=sender.name if sender else "",
            course=library().course.title,
        )
        with unit_of_work() as session:
            count += actions.queue_update_mail(session, due_mail, mail, config.time_zone, now())
    return count


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
        without_due_date = [
            (one, why)
            for one in renewal.people(session, zone)
            if (why := missing_due_date_reason(one.facts, policies, day))
        ]
    for person, why in without_due_date:
        click.echo(f"{person.email}: {why}")
    if without_due_date:
        sys.exit(1)
    click.echo("Everybody who needs the course has a next due day.")


def recover_completions(at: datetime) -> list[RecoveredCompletion]:
    """Complete every course and refresher that was finished and never completed; returns what was completed. Safe to
    run again, or twice at the same time."""
    with read_only_session() as session:
        candidates = queries.unrecorded_completions(session)
    recovered = []
    for candidate in candidates:
        with unit_of_work() as session:
            if (completion := actions.recover_completion(session, library(), candidate, at)) is not None:
                recovered.append(completion)
    return recovered
