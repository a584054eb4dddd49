"""Queueing mail, and writing down what became of it."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.mail import queries
from course.mail.models import AddressFault, MailChoice, OutboxMail
from course.mail.queries import Waiting
from course.mail.rules import CLAIM, KEPT, OPTIONAL, Letter, next_try

# What a mail says is not kept once nobody needs it: a link in it must not be readable here for ever.
_FORGOTTEN: dict[str, object] = {"text": "", "html": None}


def queue(session: Session, key: str, recipient: str, letter: Letter, at: datetime) -> bool:
    """Put a letter into the outbox, to leave after the commit; False if `key` was queued before."""
    return queue_letter(session, key, recipient, letter, at, at)


def queue_letter(
    session: Session, key: str, recipient: str, letter: Letter, at: datetime, not_before: datetime
) -> bool:
    """Put a letter into the outbox, to leave at `not_before` or later; False if `key` was queued before."""
    mail = OutboxMail(
        key=key, mark=secrets.token_hex(16), recipient=recipient, subject=letter.subject[:200], text=letter.text,
        html=letter.html, headers=letter.headers, queued_at=at, next_try_at=not_before,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(mail)
            session.flush()
    except IntegrityError:
        return False
    return True


def claim(session: Session, mail: Waiting, at: datetime) -> bool:
    """Reserve a mail for one sender; False if another was quicker, or it is not to leave now."""
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail.id, OutboxMail.next_try_at == mail.seen)
        .values(next_try_at=at + CLAIM, tries=mail.tries + 1)
        .returning(OutboxMail.id)
    )
    return result.first() is not None


def sent(session: Session, mail: Waiting, at: datetime) -> None:
    """The mail has left. Its text goes too."""
    values = {"sent_at": at, "next_try_at": None, "failure": None, **_FORGOTTEN}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def failed(session: Session, mail: Waiting, reason: str, final: bool, at: datetime) -> None:
    """The mail has not left: try later, or give up if that is `final` or was the last try."""
    later = None if final else next_try(mail.tries + 1, at)
    values: dict[str, object] = {"next_try_at": later, "failure": reason[:1000]}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def forget_texts(session: Session, at: datetime) -> None:
    """Forget the texts of mails that were given up, once nobody would send them again."""
    old = (OutboxMail.next_try_at.is_(None), OutboxMail.text != "", OutboxMail.queued_at <= at - KEPT)
    session.execute(update(OutboxMail).where(*old).values(_FORGOTTEN))


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


def withhold(session: Session, key: str, reason: str) -> None:
    """A mail that waits is not to be sent any more."""
    values = {"next_try_at": None, "withheld": reason[:200], **_FORGOTTEN}
    session.execute(update(OutboxMail).where(OutboxMail.key == key, OutboxMail.sent_at.is_(None)).values(values))


def withdraw(session: Session, key: str, reason: str) -> bool:
    """A mail is not to be sent after all; False if a sender has taken it up already, or it does not wait."""
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.key == key, OutboxMail.next_try_at.is_not(None), OutboxMail.tries == 0)
        .values(next_try_at=None, withheld=reason[:200], **_FORGOTTEN)
        .returning(OutboxMail.id)
    )
    return result.first() is not None


def postpone(session: Session, key: str, until: datetime) -> None:
    """A mail that waits is to leave at `until`; that does not count as a try."""
    session.execute(
        update(OutboxMail).where(OutboxMail.key == key, OutboxMail.next_try_at.is_not(None)).values(next_try_at=until)
    )


def refuse_address(session: Session, address: str, kind: str, reason: str, at: datetime) -> None:
    """The address takes no mail, as its server said at once (refused) or in a report (bounced)."""
    _fault(session, address, kind, reason, None, at)


def clear_address(session: Session, address: str, reason: str, by: int | None, at: datetime) -> bool:
    """Write to the address again; False, and nothing done, if it is written to anyway."""
    if address not in queries.dead_addresses(session, [address]):
        return False
    _fault(session, address, "cleared", reason, by, at)
    return True


def _fault(session: Session, address: str, kind: str, reason: str, by: int | None, at: datetime) -> None:
    session.add(AddressFault(address=address, kind=kind, reason=reason[:1000], made_by=by, made_at=at))
    session.flush()


def bounced(session: Session, mark: str, reason: str, dead: bool, at: datetime) -> str | None:
    """The mail with that mark has come back: note it, and its address if that is `dead`. Returns the address; None if
    there is no such mail. Telling it twice changes nothing."""
    found = queries.by_mark(session, mark)
    if found is None:
        return None
    if found.bounced_at is None:
        values = {"bounced_at": at, "failure": reason[:1000], "next_try_at": None, **_FORGOTTEN}
        session.execute(update(OutboxMail).where(OutboxMail.mark == mark).values(values))
        if dead:
            refuse_address(session, found.recipient, "bounced", reason, at)
    return found.recipient


def choose(session: Session, person_id: int, kind: str, wanted: bool, at: datetime) -> bool:
    """Somebody wants a kind of optional mail, or does not; False if that was known. Raises ValueError for a kind that
    is not optional."""
    if kind not in OPTIONAL:
        raise ValueError(f"there is no choice about {kind!r}")
    if (person_id in queries.declined(session, kind, [person_id])) is not wanted:
        return False
    session.add(MailChoice(person_id=person_id, kind=kind, wanted=wanted, made_at=at))
    session.flush()
    return True
