"""flask mail send · list"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from course.clock import now
from course.mail import queries
from course.mail.queries import MailState
from course.mail.sending import deliver
from course.web.session import command_session
from course.web.site import state

group = AppGroup("mail", help="Send waiting mail, and see what became of it.")


@group.command("send")
def send_command() -> None:
    """Send what is due, once. `flask serve` does so by itself."""
    config = state().config
    count = deliver(command_session, config.mail_url, config.mail_from, config.public_url, now())
    click.echo(f"{count} sent.")


@group.command("list")
def list_command() -> None:
    """The last 50 mails: sent, waiting or given up, and why."""
    with command_session() as session:
        found = queries.latest(session)
    for mail in found:
        click.echo(f"{mail.queued_at:%Y-%m-%d %H:%M}  {mail.recipient:<32} {mail.subject:<40} {words(mail)}")
    if not found:
        click.echo("No mail has been queued yet.")


def words(mail: MailState) -> str:
    """How far a mail has come. Times are in UTC."""
    if mail.sent_at is not None:
        return f"sent {mail.sent_at:%Y-%m-%d %H:%M}"
    if mail.next_try_at is None:
        return f"given up after {mail.tries}: {mail.failure}"
    if mail.failure:
        return f"tried {mail.tries} times, again {mail.next_try_at:%Y-%m-%d %H:%M}: {mail.failure}"
    return "waiting"
