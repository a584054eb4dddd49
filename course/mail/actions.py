"""Queueing mail, and writing down what became of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.db import insert_once, lock_name
from course.mail import queries
from course.mail.models import AddressFault, MailChoice, MailOutage, OutboxMail
from course.mail.queries import Waiting
from course.mail.rules import (
    CLAIM,
    KEPT,
    OPTIONAL,
    PATIENCE,
    REFUSAL_WAITS,
    TOGETHER,
    Fault,
    Letter,
    next_look,
    next_try,
    too_many_at_once,
    waited_too_long,
)

# What a mail says is not kept once nobody needs it: a link in it must not be readable here for ever.
_FORGOTTEN: dict[str, object] = {"text": "", "html": None}
_DOUBT = "The mail server said of many addresses at once that they do not exist, which was not believed."


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
    """The mail was accepted. Its text goes too, and so does any doubt about its address."""
    if queries.said_dead(session, at - TOGETHER, [mail.recipient]):
        _fault(session, mail.recipient, "cleared", "The mail server accepted a mail to it.", None, at)
    values = {"sent_at": at, "next_try_at": None, "failure": None, **_FORGOTTEN}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def failed(
    session: Session, mail: Waiting, reason: str, final: bool, at: datetime, least: timedelta = timedelta()
) -> None:
    """The mail was turned away, which costs one of its tries: try after `least` or later, or give up if that is
    `final` or was the last try."""
    later = None if final else next_try(mail.tries + 1, at, least)
    values: dict[str, object] = {"next_try_at": later, "failure": reason[:1000]}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def release(session: Session, mail: Waiting, reason: str, until: datetime) -> None:
    """Nothing was said about a mail that was claimed: it waits until then and has as many tries as before."""
    values = {"next_try_at": until, "tries": mail.tries, "failure": reason[:1000]}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def note_outage(session: Session, server: str, fault: Fault, at: datetime) -> datetime:
    """The server took no mail: leave it alone for a while. Returns when to look again."""
    known = queries.open_outage(session, server)
    looks = known.looks + 1 if known else 1
    values = {
        "reason": fault.reason,
        "detail": fault.detail[:1000],
        "looks": looks,
        "looked_at": at,
        "next_look_at": next_look(looks, at),
    }
    # Of two senders at once one begins it; the other finds it there.
    if known is None and insert_once(session, MailOutage, server=server[:300], began_at=at, **values) is None:
        known = queries.open_outage(session, server)
    if known is not None:
        session.execute(update(MailOutage).where(MailOutage.id == known.id).values(values))
    return next_look(looks, at)


def give_up_waiting(session: Session, server: str, reason: str, at: datetime) -> None:
    """Give up what has waited too long for the server; it can be sent again with one press once the server is back."""
    outage = queries.open_outage(session, server)
    if outage is not None and waited_too_long(outage.began_at, at):
        old = (OutboxMail.next_try_at <= outage.next_look_at, OutboxMail.queued_at <= at - PATIENCE)
        values = {"next_try_at": None, "failure": f"Given up after {PATIENCE.days} days. {reason}"[:1000]}
        session.execute(update(OutboxMail).where(*old).values(values))


def end_outages(session: Session, at: datetime) -> None:
    """The server accepts mail, or another one is used now."""
    session.execute(update(MailOutage).where(MailOutage.ended_at.is_(None)).values(ended_at=at))


def look_now(session: Session, at: datetime) -> None:
    """Have the sender look at once whether the server is there again: somebody asked for it."""
    session.execute(update(MailOutage).where(MailOutage.ended_at.is_(None)).values(next_look_at=at))


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
    if result.first() is None:
        return False
    look_now(session, at)
    return True


def retry_all(session: Session, at: datetime) -> int:
    """The same for every mail that was given up, whose text is still kept and whose address takes mail; returns for
    how many."""
    dead = queries.dead_addresses(session)
    found = session.execute(
        update(OutboxMail)
        .where(
            OutboxMail.next_try_at.is_(None),
            OutboxMail.sent_at.is_(None),
            OutboxMail.withheld.is_(None),
            OutboxMail.text != "",
            OutboxMail.recipient.not_in(dead),
        )
        .values(next_try_at=at, tries=0, failure=None)
        .returning(OutboxMail.id)
    ).all()
    if found:
        look_now(session, at)
    return len(found)


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


def no_mailbox(session: Session, address: str, kind: str, reason: str, at: datetime) -> bool:
    """A server said that there is no such mailbox, at once (refused) or in a report (bounced): write to it no more.

    False if it said so of too many addresses at once to be believed. Then none of them is left alone: what was given up
    for that waits again, and the administrators are told.
    """
    said = queries.said_dead(session, at - TOGETHER)
    dead = {*said, address}
    if not too_many_at_once(len(dead), len(queries.accepting(session, at - TOGETHER) - dead)):
        refuse_address(session, address, kind, reason, at)
        return True
    for one in dead:
        if said.get(one) != "doubted":
            _fault(session, one, "doubted", reason if one == address else _DOUBT, None, at)
    given_up = (OutboxMail.next_try_at.is_(None), OutboxMail.sent_at.is_(None), OutboxMail.withheld.is_(None))
    session.execute(
        update(OutboxMail)
        .where(*given_up, OutboxMail.text != "", OutboxMail.queued_at > at - PATIENCE, OutboxMail.recipient.in_(said))
        .values(next_try_at=at + REFUSAL_WAITS)
    )
    return False


def clear_addresses(session: Session, reason: str, by: int | None, at: datetime) -> int:
    """Write again to every address that gets no mail; returns to how many."""
    found = [one.address for one in queries.held_back(session)]
    for address in found:
        _fault(session, address, "cleared", reason, by, at)
    return len(found)


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
            no_mailbox(session, found.recipient, "bounced", reason, at)
    return found.recipient


def choose(session: Session, person_id: int, kind: str, wanted: bool, at: datetime) -> bool:
    """Somebody wants a kind of optional mail, or does not; False if that was known. Raises ValueError for a kind that
    is not optional."""
    if kind not in OPTIONAL:
        raise ValueError(f"there is no choice about {kind!r}")
    # Of two presses at once the second one finds what the first chose.
    lock_name(session, f"mail_choice:{person_id}:{kind}")
    if (person_id in queries.declined(session, kind, [person_id])) is not wanted:
        return False
    session.add(MailChoice(person_id=person_id, kind=kind, wanted=wanted, made_at=at))
    session.flush()
    return True
