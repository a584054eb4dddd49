"""Queueing mail, and writing down what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.mail.models import OutboxMail
from course.mail.queries import Waiting
from course.mail.rules import CLAIM, KEPT, next_try


def queue(session: Session, key: str, recipient: str, subject: str, text: str, at: datetime) -> bool:
    """Put a mail into the outbox, to leave after the commit; False if `key` was queued before."""
    mail = OutboxMail(key=key, recipient=recipient, subject=subject[:200], text=text, queued_at=at, next_try_at=at)
    try:
        with session.begin_nested():
            session.add(mail)
            session.flush()
    except IntegrityError:
        return False
    return True


def claim(session: Session, mail: Waiting, at: datetime) -> bool:
    """Reserve a mail for one sender; False if another was quicker."""
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail.id, OutboxMail.next_try_at == mail.seen)
        .values(next_try_at=at + CLAIM, tries=mail.tries + 1)
        .returning(OutboxMail.id)
    )
    return result.first() is not None


def sent(session: Session, mail: Waiting, at: datetime) -> None:
    """The mail has left. Its text goes too: a link in it must not be readable here for ever."""
    session.execute(
        update(OutboxMail).where(OutboxMail.id == mail.id).values(sent_at=at, next_try_at=None, failure=None, text="")
    )


def failed(session: Session, mail: Waiting, reason: str, final: bool, at: datetime) -> None:
    """The mail has not left: try later, or give up if that is `final` or was the last try."""
    later = None if final else next_try(mail.tries + 1, at)
    values: dict[str, object] = {"next_try_at": later, "failure": reason[:1000]}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def forget_texts(session: Session, at: datetime) -> None:
    """Forget the texts of mails that were given up, once nobody would send them again."""
    old = (OutboxMail.next_try_at.is_(None), OutboxMail.text != "", OutboxMail.queued_at <= at - KEPT)
    session.execute(update(OutboxMail).where(*old).values(text=""))


def retry(session: Session, mail_id: int, at: datetime) -> bool:
    """Send a mail again from the beginning that was given up, or that waits for a later try; False if it has
    left, its text is not kept any more, or a sender may be busy with it now."""
    free = or_(OutboxMail.next_try_at.is_(None), OutboxMail.next_try_at > at + CLAIM)
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id, OutboxMail.sent_at.is_(None), OutboxMail.text != "", free)
        .values(next_try_at=at, tries=0, failure=None)
        .returning(OutboxMail.id)
    )
    return result.first() is not None
