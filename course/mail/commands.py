"""flask mail send · list · bounce · clear"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from course.clock import now
from course.mail import actions, queries
from course.mail.bounces import LONGEST, TOO_MUCH, Report, report_of, reported
from course.mail.delivery import deliver
from course.mail.queries import MailState
from course.mail.smtp import server_name
from course.web.app_state import state
from course.web.database_check import opening
from course.web.sandbox import IsolatedError, Limits, read_in_process
from course.web.unit_of_work import command_session, reading_session

LIMITS = Limits(seconds=10, memory=300, result=1)
group = AppGroup("mail", help="Send waiting mail, and see what became of it.")


@group.command("send")
def send_command() -> None:
    """Send what is due, once, also if the mail server could not be reached a moment ago. `flask serve` does so by
    itself."""
    config = state().config
    count = deliver(
        command_session, config.mail_url, config.mail_from, config.public_url, config.time_zone, now(), by_hand=True
    )
    click.echo(f"{count} sent.")
    _tell_trouble()


def _tell_trouble() -> None:
    with reading_session() as session:
        found = queries.trouble(session, server_name(state().config.mail_url), now())
    if found is not None:
        said = f" ({found.detail})" if found.detail else ""
        click.echo(
            f"Mail has not left since {found.since:%Y-%m-%d %H:%M} UTC: {found.why}{said}. {found.waiting} waiting. "
            f"{found.to_do}"
        )


@group.command("list")
def list_command() -> None:
    """The last 50 mails: sent, waiting or given up, and why."""
    with reading_session() as session:
        found = queries.latest(session)
    for mail in found:
        click.echo(f"{mail.queued_at:%Y-%m-%d %H:%M}  {mail.recipient:<32} {mail.subject:<40} {words(mail)}")
    if not found:
        click.echo("No mail has been queued yet.")
    _tell_trouble()


@group.command("bounce")
def bounce_command() -> None:
    """Read a delivery report on standard input, as a mail server hands it over, and note what it says.

    Ends with 1 if it is no report about a mail of this course.
    """
    report = _report(sys.stdin.buffer.read(LONGEST))
    with command_session() as session:
        noted = [
            address
            for one in report.failures
            if (address := actions.bounced(session, report.mark, one.reason, one.dead, now()))
        ]
    for address in noted:
        click.echo(f"Noted: mail to {address} came back.")
    if not noted:
        click.echo(report.why_not or "This report is not about a mail of this course.", err=True)
        sys.exit(1)


def _report(data: bytes) -> Report:
    try:
        return report_of(read_in_process(reported, data, limits=LIMITS))
    except IsolatedError:
        return Report("", (), TOO_MUCH)


@group.command("clear")
@click.argument("address", required=False)
@click.option("--all", "everything", is_flag=True, help="To all addresses that get no mail.")
@click.option("--reason", required=True, help="Why, in a few words.")
def clear_command(address: str | None, everything: bool, reason: str) -> None:
    """Write again to an address that has refused mail, or to all of them."""
    opening().open()
    if everything is (address is not None):
        raise click.UsageError("Name one address, or --all.")
    with command_session() as session:
        if address is None:
            click.echo(f"{actions.clear_addresses(session, reason, None, now())} addresses get mail again.")
            return
        if not actions.clear_address(session, plain(address), reason, None, now()):
            raise click.ClickException(f"{address} is not held back.")
    click.echo(f"{address} gets mail again.")


def plain(address: str) -> str:
    """An address as it is stored."""
    return address.strip().lower()


def words(mail: MailState) -> str:
    """How far a mail has come. Times are in UTC."""
    if mail.withheld:
        return f"not sent: {mail.withheld}"
    if mail.bounced_at is not None:
        return f"came back {mail.bounced_at:%Y-%m-%d %H:%M}: {mail.failure}"
    if mail.sent_at is not None:
        return f"sent {mail.sent_at:%Y-%m-%d %H:%M}"
    if mail.next_try_at is None:
        return f"given up after {mail.tries}: {mail.failure}"
    if mail.failure:
        return f"tried {mail.tries} times, again {mail.next_try_at:%Y-%m-%d %H:%M}: {mail.failure}"
    return "waiting"
