"""flask mail send · list · bounce · clear"""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from course.clock import now
from course.context import make_context
from course.mail import actions, queries
from course.mail.bounces import LIMITS_EXCEEDED, MAX_REPORT_BYTES, DeliveryReport, report_as_json, report_from_json
from course.mail.jobs import deliver_due_mail
from course.mail.queries import MailState
from course.mail.smtp import server_name
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.sandbox import SandboxError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import read_only_session, unit_of_work

LIMITS = SandboxLimits(seconds=10, memory=300, result=1)
group = AppGroup("mail", help="Send waiting mail, and see what became of it.")


@group.command("send")
def send_command() -> None:
    """Send what is due, once, also if the mail server could not be reached a moment ago. `flask serve` does so by
    itself."""
    count = deliver_due_mail(now(), by_hand=True)
    click.echo(f"{count} sent.")
    _print_delivery_problem()


def _print_delivery_problem() -> None:
    with read_only_session() as session:
        found = queries.delivery_problem(session, server_name(app_state().config.mail_url), now())
    if found is not None:
        said = f" ({found.detail})" if found.detail else ""
        click.echo(
            f"Mail has not left since {found.since:%Y-%m-%d %H:%M} UTC: {found.why}{said}. {found.waiting} waiting. "
            f"{found.to_do}"
        )


@group.command("list")
def list_command() -> None:
    """The last 50 mails: sent, waiting or given up, and why."""
    with read_only_session() as session:
        found = queries.latest_mail(session)
    for mail in found:
        click.echo(f"{mail.queued_at:%Y-%m-%d %H:%M}  {mail.recipient:<32} {mail.subject:<40} {status_text(mail)}")
    if not found:
        click.echo("No mail has been queued yet.")
    _print_delivery_problem()


@group.command("bounce")
def bounce_command() -> None:
    """Read a delivery report on standard input, as a mail server hands it over, and note what it says.

    Ends with 1 if it is no report about a mail of this course.
    """
    report = _read_report_isolated(sys.stdin.buffer.read(MAX_REPORT_BYTES))
    with unit_of_work() as session:
        noted = [
            address
            for one in report.failures
            if (address := actions.record_bounce(session, report.mark, one.reason, one.dead, now()))
        ]
    for address in noted:
        click.echo(f"Noted: mail to {address} came back.")
    if not noted:
        click.echo(report.why_not or "This report is not about a mail of this course.", err=True)
        sys.exit(1)


def _read_report_isolated(data: bytes) -> DeliveryReport:
    try:
        return report_from_json(read_in_sandbox(report_as_json, data, limits=LIMITS))
    except SandboxError:
        return DeliveryReport("", (), LIMITS_EXCEEDED)


@group.command("clear")
@click.argument("address", required=False)
@click.option("--all", "everything", is_flag=True, help="To all addresses that get no mail.")
@click.option("--reason", required=True, help="Why, in a few words.")
def clear_command(address: str | None, everything: bool, reason: str) -> None:
    """Write again to an address that has refused mail, or to all of them."""
    current_database_check().check()
    if everything is (address is not None):
        raise click.UsageError("Name one address, or --all.")
    with unit_of_work() as session:
        context = make_context(session, None, now())
        if address is None:
            click.echo(f"{actions.clear_suppression_list(context, reason)} addresses get mail again.")
            return
        if not actions.clear_suppression(context, normalise_address(address), reason):
            raise click.ClickException(f"{address} is not held back.")
    click.echo(f"{address} gets mail again.")


def normalise_address(address: str) -> str:
    """An address as it is stored."""
    return address.strip().lower()


def status_text(mail: MailState) -> str:
    """How far a mail has come. Times are in UTC."""
    if mail.withheld:
        return f"not sent: {mail.withheld}"
    if mail.bounced_at is not None:
        return f"came back {mail.bounced_at:%Y-%m-%d %H:%M}: {mail.failure}"
    if mail.sent_at is not None:
        return f"sent {mail.sent_at:%Y-%m-%d %H:%M}"
    if mail.state == "unknown":
        return f"unknown: {mail.failure}"
    if mail.next_try_at is None:
        return f"given up after {mail.tries}: {mail.failure}"
    if mail.failure:
        return f"tried {mail.tries} times, again {mail.next_try_at:%Y-%m-%d %H:%M}: {mail.failure}"
    return "waiting"
