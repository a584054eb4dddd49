"""Queueing mail, and writing down what became of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import String, cast, null, or_, update
from sqlalchemy.orm import Session

from course.context import Context, make_context
from course.db import insert_once, lock_name
from course.mail import queries
from course.mail.events import BeforeMailSend
from course.mail.models import AddressFault, MailChoice, MailOutage, MailWording, OutboxMail
from course.mail.queries import DueMail
from course.mail.rules import (
    CLAIM_DURATION,
    MAX_SERVER_WAIT,
    OPTIONAL_MAIL,
    REFUSAL_RETRY_DELAY,
    REFUSAL_WINDOW,
    TEXT_RETENTION,
    UNKNOWN_OUTCOME,
    MailMessage,
    MailRecipient,
    RenderedMail,
    ServerFault,
    next_server_check,
    next_try,
    too_many_dead_addresses,
    waited_too_long,
)
from course.translation import SOURCE_LANGUAGE, use_language
from course.translation import lazy_gettext as _

# What a mail says is not kept once nobody needs it: a link in it must not be readable here for ever.
_ERASED_TEXTS: dict[str, object] = {"text": "", "html": None, "template_values": null()}
_DOUBTED_REASON = _("The mail server said of many addresses at once that they do not exist, which was not believed.")


def queue_message(session: Session, key: str, recipient: MailRecipient, message: MailMessage, at: datetime) -> bool:
    """Put a mail into the outbox, to leave after the commit; False if `key` was queued before."""
    return schedule_message(session, key, recipient, message, at, at)


def schedule_message(
    session: Session, key: str, recipient: MailRecipient, message: MailMessage, at: datetime, not_before: datetime
) -> bool:
    """Put a mail into the outbox, to leave at `not_before` or later; False if `key` was queued before.

    Only its data are stored: it is rendered in the language of the recipient, outside this unit of work (see course/mail/jobs.py).
    """
    language = recipient.language or SOURCE_LANGUAGE
    with use_language(language):
        values = message.values()
    inserted = insert_once(
        session, OutboxMail, key=key, mark=secrets.token_hex(16), recipient=recipient.address,
        template=message.template, template_values=values, language=language, subject=message.label, text="",
        queued_at=at, next_try_at=not_before,
    )  # fmt: skip
    return inserted is not None


def store_rendered(session: Session, mail_id: int, mail: RenderedMail) -> bool:
    """Keep what a mail says, and erase what it was rendered from, so that the token of a link stands in one place only.
    False if it is not to be sent any more."""
    values = {
        "subject": mail.subject, "text": mail.text, "html": mail.html,
        "headers": dict(mail.headers) if mail.headers else null(), "template_values": null(),
    }  # fmt: skip
    statement = update(OutboxMail).where(OutboxMail.id == mail_id, *queries.waits_for_rendering()).values(values)
    return session.execute(statement.returning(OutboxMail.id)).first() is not None


def mark_unrenderable(session: Session, mail_id: int, reason: str, at: datetime | None) -> None:
    """The mail cannot be rendered: give it up. What it is rendered from is kept, so that it can be sent again."""
    statement = update(OutboxMail).where(OutboxMail.id == mail_id, *queries.waits_for_rendering())
    session.execute(statement.values(next_try_at=None, failure=reason[:1000], given_up_at=at))


def claim_mail(session: Session, mail: DueMail, at: datetime) -> bool:
    """Reserve a mail for one sender, which hands it over next; False if another was quicker, or it is not to leave now."""
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail.id, OutboxMail.next_try_at == mail.seen, OutboxMail.claimed_at.is_(None))
        .values(next_try_at=at + CLAIM_DURATION, tries=mail.tries + 1, claimed_at=at)
        .returning(OutboxMail.id)
    )
    return result.first() is not None


def clear_claim(session: Session, mail: DueMail) -> None:
    """The sender that claimed the mail has had an answer, or none was handed over: nothing about it is unknown."""
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(claimed_at=None))


def mark_unknown(session: Session, mail: DueMail, at: datetime) -> None:
    """The sender that claimed the mail died before it recorded what became of it. The mail is not sent again by itself."""
    claimed = OutboxMail.id == mail.id, OutboxMail.next_try_at == mail.seen, OutboxMail.claimed_at == mail.claimed_at
    values = {"next_try_at": None, "failure": UNKNOWN_OUTCOME, "given_up_at": at}
    session.execute(update(OutboxMail).where(*claimed).values(values))


def confirm_sent(session: Session, mail_id: int) -> bool:
    """Somebody says that a mail has left of which that was not known; False if it is known."""
    unknown = OutboxMail.id == mail_id, *queries.unknown_outcome()
    values = {"sent_at": OutboxMail.claimed_at, "claimed_at": None, "failure": None, **_ERASED_TEXTS}
    return (
        session.execute(update(OutboxMail).where(*unknown).values(values).returning(OutboxMail.id)).first() is not None
    )


def record_unreached(session: Session, mail: DueMail, reason: str) -> None:
    """The server was not reached with this mail, which nobody has claimed: it waits on as before."""
    waits = OutboxMail.id == mail.id, OutboxMail.next_try_at == mail.seen, OutboxMail.claimed_at.is_(None)
    session.execute(update(OutboxMail).where(*waits).values(failure=reason[:1000]))


def mark_sent(session: Session, mail: DueMail, at: datetime) -> None:
    """The mail was accepted. Its text goes too, and so does any doubt about its address."""
    if queries.reported_dead_addresses(session, at - REFUSAL_WINDOW, [mail.recipient]):
        context = make_context(session, None, at)
        _add_address_fault(context, mail.recipient, "cleared", _("The mail server accepted a mail to it."))
    values = {"sent_at": at, "next_try_at": None, "failure": None, "claimed_at": None, **_ERASED_TEXTS}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def mark_failed(
    session: Session, mail: DueMail, reason: str, final: bool, at: datetime, least: timedelta = timedelta()
) -> None:
    """The mail was turned away, which costs one of its tries: try after `least` or later, or give up if that is
    `final` or was the last try."""
    later = None if final else next_try(mail.tries + 1, at, least)
    values: dict[str, object] = {"next_try_at": later, "failure": reason[:1000], "claimed_at": None}
    if later is None:
        values["given_up_at"] = at
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def release_claim(session: Session, mail: DueMail, reason: str, until: datetime) -> None:
    """Nothing was said about a mail that was claimed: it waits until then and has as many tries as before."""
    values = {"next_try_at": until, "tries": mail.tries, "failure": reason[:1000], "claimed_at": None}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail.id).values(values))


def record_outage(session: Session, server: str, fault: ServerFault, at: datetime) -> datetime:
    """The server took no mail: leave it alone for a while. Returns when to look again."""
    known = queries.open_outage(session, server)
    looks = known.looks + 1 if known else 1
    values = {
        "reason": fault.reason,
        "detail": fault.detail[:1000],
        "looks": looks,
        "looked_at": at,
        "next_look_at": next_server_check(looks, at),
    }
    # Of two senders at once one begins it; the other finds it there.
    if known is None and insert_once(session, MailOutage, server=server[:300], began_at=at, **values) is None:
        known = queries.open_outage(session, server)
    if known is not None:
        session.execute(update(MailOutage).where(MailOutage.id == known.id).values(values))
    return next_server_check(looks, at)


def give_up_old_mail(session: Session, server: str, reason: str, at: datetime) -> None:
    """Give up what has waited too long for the server; it can be sent again with one press once the server is back."""
    outage = queries.open_outage(session, server)
    if outage is not None and waited_too_long(outage.began_at, at):
        old = (
            OutboxMail.next_try_at <= outage.next_look_at,
            OutboxMail.queued_at <= at - MAX_SERVER_WAIT,
            OutboxMail.claimed_at.is_(None),
        )
        values = {
            "next_try_at": None,
            "given_up_at": at,
            "failure": _("Given up after %(days)s days. %(reason)s", days=MAX_SERVER_WAIT.days, reason=reason)[:1000],
        }
        session.execute(update(OutboxMail).where(*old).values(values))


def end_outages(session: Session, at: datetime) -> None:
    """The server accepts mail, or another one is used now."""
    session.execute(update(MailOutage).where(MailOutage.ended_at.is_(None)).values(ended_at=at))


def check_server_now(session: Session, at: datetime) -> None:
    """Have the sender look at once whether the server is there again: somebody asked for it."""
    session.execute(update(MailOutage).where(MailOutage.ended_at.is_(None)).values(next_look_at=at))


def erase_old_texts(session: Session, at: datetime) -> None:
    """Forget the texts of mails that were given up, once nobody would send them again."""
    old = (OutboxMail.next_try_at.is_(None), queries.has_content(), OutboxMail.queued_at <= at - TEXT_RETENTION)
    session.execute(update(OutboxMail).where(*old).values(_ERASED_TEXTS))


def retry_mail(session: Session, mail_id: int, at: datetime) -> bool:
    """Send a mail again from the beginning that was given up, or that waits for a later try; False if it has
    left, its text is not kept any more, or a sender may be busy with it now."""
    free = or_(OutboxMail.next_try_at.is_(None), OutboxMail.next_try_at > at + CLAIM_DURATION)
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id, OutboxMail.sent_at.is_(None), queries.has_content(), free)
        .values(next_try_at=at, tries=0, failure=None, claimed_at=None, resumed_at=at)
        .returning(OutboxMail.id)
    )
    if result.first() is None:
        return False
    check_server_now(session, at)
    return True


def retry_all_mail(session: Session, at: datetime) -> int:
    """The same for every mail that was given up, whose text is still kept and whose address takes mail; returns for
    how many. A mail that may have left is not among them: somebody has to decide about each."""
    dead = queries.suppressed_addresses(session)
    found = session.execute(
        update(OutboxMail)
        .where(
            OutboxMail.next_try_at.is_(None),
            OutboxMail.sent_at.is_(None),
            OutboxMail.withheld.is_(None),
            OutboxMail.claimed_at.is_(None),
            queries.has_content(),
            OutboxMail.recipient.not_in(dead),
        )
        .values(next_try_at=at, tries=0, failure=None, resumed_at=at)
        .returning(OutboxMail.id)
    ).all()
    if found:
        check_server_now(session, at)
    return len(found)


def suppress_mail(session: Session, key: str, reason: str, at: datetime) -> None:
    """A mail that waits is not to be sent any more."""
    values = {"next_try_at": None, "withheld": reason[:200], "given_up_at": at, **_ERASED_TEXTS}
    session.execute(update(OutboxMail).where(OutboxMail.key == key, OutboxMail.sent_at.is_(None)).values(values))


def free_key(session: Session, key: str) -> None:
    """A mail that was withheld gives its key back: should what it is about hold again, it is queued again."""
    own = OutboxMail.key == key, OutboxMail.withheld.is_not(None)
    session.execute(update(OutboxMail).where(*own).values(key=OutboxMail.key + ":" + cast(OutboxMail.id, String)))


def suppress_if_reader_changed(
    session: Session, leaving: BeforeMailSend, email: str | None, left_at: datetime | None
) -> bool:
    """Withhold a mail whose reader has left, or has another address than when it was queued; whether it was."""
    if left_at is None and email == leaving.recipient:
        return False
    reason = _("The address has changed.") if left_at is None else _("They have left.")
    suppress_mail(session, leaving.key, reason, leaving.at)
    return True


def withdraw_mail(session: Session, key: str, reason: str, at: datetime) -> bool:
    """A mail is not to be sent after all; False if a sender has taken it up already, or it does not wait."""
    result = session.execute(
        update(OutboxMail)
        .where(OutboxMail.key == key, OutboxMail.next_try_at.is_not(None), OutboxMail.tries == 0)
        .values(next_try_at=None, withheld=reason[:200], given_up_at=at, **_ERASED_TEXTS)
        .returning(OutboxMail.id)
    )
    return result.first() is not None


def postpone_mail(session: Session, key: str, until: datetime) -> None:
    """A mail that waits is to leave at `until`; that does not count as a try."""
    session.execute(
        update(OutboxMail).where(OutboxMail.key == key, OutboxMail.next_try_at.is_not(None)).values(next_try_at=until)
    )


def readdress_mail(session: Session, key: str, address: str, at: datetime) -> None:
    """A mail that waits goes to another address: the person who gets it has that one now. It leaves in the next round, since
    whoever is about to send it has read the address of before."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.key == key, OutboxMail.next_try_at.is_not(None), OutboxMail.claimed_at.is_(None))
        .values(recipient=address, next_try_at=at + timedelta(seconds=1))
    )


def suppress_address(session: Session, address: str, kind: str, reason: str, at: datetime) -> None:
    """The address takes no mail, as its server said at once (refused) or in a report (bounced)."""
    _add_address_fault(make_context(session, None, at), address, kind, reason)


def handle_missing_mailbox(session: Session, address: str, kind: str, reason: str, at: datetime) -> bool:
    """A server said that there is no such mailbox, at once (refused) or in a report (bounced): write to it no more.

    False if it said so of too many addresses at once to be believed. Then none of them is left alone: what was given up
    for that waits again, and the administrators are told.
    """
    said = queries.reported_dead_addresses(session, at - REFUSAL_WINDOW)
    dead = {*said, address}
    if not too_many_dead_addresses(len(dead), len(queries.accepting_addresses(session, at - REFUSAL_WINDOW) - dead)):
        suppress_address(session, address, kind, reason, at)
        return True
    context = make_context(session, None, at)
    for one in dead:
        if said.get(one) != "doubted":
            _add_address_fault(context, one, "doubted", reason if one == address else _DOUBTED_REASON)
    given_up = (
        OutboxMail.next_try_at.is_(None), OutboxMail.sent_at.is_(None), OutboxMail.withheld.is_(None),
        OutboxMail.claimed_at.is_(None),
    )  # fmt: skip
    session.execute(
        update(OutboxMail)
        .where(
            *given_up,
            queries.has_content(),
            OutboxMail.queued_at > at - MAX_SERVER_WAIT,
            OutboxMail.recipient.in_(said),
        )
        .values(next_try_at=at + REFUSAL_RETRY_DELAY, resumed_at=at)
    )
    return False


def clear_suppression_list(context: Context, reason: str) -> int:
    """Write again to every address that gets no mail; returns to how many."""
    found = [one.address for one in queries.suppression_list(context.session)]
    for address in found:
        _add_address_fault(context, address, "cleared", reason)
    return len(found)


def clear_suppression(context: Context, address: str, reason: str) -> bool:
    """Write to the address again; False, and nothing done, if it is written to anyway."""
    if address not in queries.suppressed_addresses(context.session, [address]):
        return False
    _add_address_fault(context, address, "cleared", reason)
    return True


def _add_address_fault(context: Context, address: str, kind: str, reason: str) -> None:
    fault = AddressFault(address=address, kind=kind, reason=reason[:1000], made_by=context.actor, made_at=context.now)
    context.session.add(fault)
    context.session.flush()


def record_bounce(session: Session, mark: str, reason: str, dead: bool, at: datetime) -> str | None:
    """The mail with that mark has come back: note it, and its address if that is `dead`. Returns the address; None if
    there is no such mail. Telling it twice changes nothing."""
    found = queries.mail_by_message_id(session, mark)
    if found is None:
        return None
    if found.bounced_at is None:
        values = {"bounced_at": at, "failure": reason[:1000], "next_try_at": None, **_ERASED_TEXTS}
        session.execute(update(OutboxMail).where(OutboxMail.mark == mark).values(values))
        if dead:
            handle_missing_mailbox(session, found.recipient, "bounced", reason, at)
    return found.recipient


def set_mail_preference(session: Session, person_id: int, kind: str, wanted: bool, at: datetime) -> bool:
    """Somebody wants a kind of optional mail, or does not; False if that was known. Raises ValueError for a kind that
    is not optional."""
    if kind not in OPTIONAL_MAIL:
        raise ValueError(f"there is no choice about {kind!r}")
    # Of two presses at once the second one finds what the first chose.
    lock_name(session, f"mail_choice:{person_id}:{kind}")
    if (person_id in queries.opted_out_people(session, kind, [person_id])) is not wanted:
        return False
    session.add(MailChoice(person_id=person_id, kind=kind, wanted=wanted, made_at=at))
    session.flush()
    return True


def store_wording(session: Session, sender: str, opening: str, person_id: int | None, at: datetime) -> bool:
    """Word mails like this from now on. False, and nothing written, if they are worded so already."""
    known = queries.mail_wording(session)
    if (known.sender, known.opening) == (sender, opening):
        return False
    session.add(MailWording(sender=sender, opening=opening, made_by=person_id, made_at=at))
    session.flush()
    return True
