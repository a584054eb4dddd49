"""Test mails, and sending mails again."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from course.audit.actions import record_event
from course.context import Context
from course.db import lock_row
from course.mail import actions as mail
from course.mail.models import OutboxMail
from course.mail.rules import MailMessage
from course.people.models import Person
from course.people.queries import mail_recipient


def prefix_of_test_mail(person_id: int) -> str:
    """The prefix of the keys of a person's test mails."""
    return f"test:{person_id}:"


def send_test_mail(context: Context, person_id: int, recipient: str, message: MailMessage) -> bool:
    """Queue a test mail, and contact the mail server at once. False if an earlier test mail is still waiting: it is tried at
    once, and there is no second one."""
    session = context.session
    lock_row(session, Person, person_id)
    waiting = select(OutboxMail.id).where(
        OutboxMail.key.startswith(prefix_of_test_mail(person_id)), OutboxMail.recipient == recipient,
        OutboxMail.sent_at.is_(None), OutboxMail.failure.is_(None), OutboxMail.next_try_at.is_not(None),
    )  # fmt: skip
    if session.execute(waiting.limit(1)).first() is not None:
        mail.check_server_now(session, context.now)
        return False
    key, reader = prefix_of_test_mail(person_id) + secrets.token_hex(6), mail_recipient(session, recipient)
    mail.queue_message(session, key, reader, message, context.now)
    mail.check_server_now(session, context.now)
    record_event(context, "mail.tested", ("person", person_id), {})
    return True


def retry_mail(context: Context, mail_id: int) -> bool:
    """Send a mail again; False if that is not possible (see course.mail.actions.retry_mail)."""
    if not mail.retry_mail(context.session, mail_id, context.now):
        return False
    record_event(context, "mail.retried", ("mail", mail_id), {})
    return True


def retry_all_mail(context: Context) -> int:
    """Send every failed mail again for which that is possible; returns how many."""
    count = mail.retry_all_mail(context.session, context.now)
    if count:
        record_event(context, "mail.all_retried", None, {"mails": count})
    return count


def confirm_mail(context: Context, mail_id: int) -> bool:
    """Record that a mail has arrived of which it was unknown whether it left; False if that is known."""
    if not mail.confirm_sent(context.session, mail_id):
        return False
    record_event(context, "mail.confirmed", ("mail", mail_id), {})
    return True
