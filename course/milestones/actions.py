"""Keeping a sentence, mailing it back to its writer, keeping the reply, and telling managers of a certificate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.certificates.models import Certificate
from course.content.library import Library
from course.context import Context
from course.credentials.actions import signing_settings
from course.db import insert_once
from course.help_requests.rules import HelpRecipient
from course.mail.actions import schedule_message, suppress_if_reader_changed, suppress_mail
from course.mail.events import BeforeMailSend
from course.milestones import queries
from course.milestones.models import Intention
from course.milestones.queries import DueIntention
from course.milestones.rules import REPLIES, IntentionMessage, PassedMessage, clean_intention, mailed_microsecond
from course.organisation.queries import organisation_of
from course.people.models import Person
from course.people.queries import mail_recipient, names_told_apart
from course.people.rules import first_name
from course.reminders.queries import sending_hours
from course.signed_links import IntentionLink, sign_link
from course.translation import SOURCE_LANGUAGE
from course.translation import lazy_gettext as _


def save_intention(context: Context, module_id: str, typed: str) -> bool:
    """Keep the sentence of the person who acts at the end of a module, in the place of an earlier one; an empty one takes
    it back. False, and nothing changed, if the earlier one was mailed already."""
    session, text = context.session, clean_intention(typed)
    own = (Intention.person_id == context.person_id, Intention.module == module_id)
    if not text:
        session.execute(delete(Intention).where(*own, Intention.mailed_at.is_(None)))
        return queries.intention(session, context.person_id, module_id) is None
    values = {"person_id": context.person_id, "module": module_id, "text": text, "written_at": context.now}
    if insert_once(session, Intention, **values) is not None:
        return True
    waiting = update(Intention).where(*own, Intention.mailed_at.is_(None), Intention.text != text)
    session.execute(waiting.values(text=text, written_at=context.now))
    kept = queries.intention(session, context.person_id, module_id)
    return kept is not None and kept.text == text


def mail_intention(session: Session, due: DueIntention, library: Library, zone: str, at: datetime) -> bool:
    """Queue the mail with a sentence, to be sent in working hours. False if another process was quicker, or its writer has
    changed it or taken it back since it was read."""
    claim = update(Intention).where(
        Intention.id == due.id, Intention.mailed_at.is_(None), Intention.text == due.text
    )  # fmt: skip
    if session.execute(claim.values(mailed_at=at).returning(Intention.id)).first() is None:
        return False
    own_organisation, hours = organisation_of(session, due.person_id), sending_hours(session, zone, due.person_id)
    recipient = mail_recipient(session, due.email)
    module = library.in_language(recipient.language or SOURCE_LANGUAGE).modules.get(due.module)
    message = IntentionMessage(
        name=first_name(due.name),
        organisation=own_organisation.name if own_organisation else "",
        module=str(module.title) if module else "",
        intention=due.text,
        token=sign_link(IntentionLink(due.id, mailed_microsecond(at)), signing_settings(session).secret),
    )
    leaves = hours.next_sending_time(at) if hours else at
    key = f"intention:{intention_mark(due.id, at)}"
    return schedule_message(session, key, recipient, message, at, leaves)


def recheck_intention(session: Session, leaving: BeforeMailSend) -> None:
    """Check a sentence before its mail leaves, which has waited for working hours or for the mail server: it is private, and
    its writer may have deleted it."""
    kind, _colon, mark = leaving.key.partition(":")
    number = mark.partition(":")[0]
    if kind != "intention" or not number.isdecimal():
        return
    writer = session.execute(
        select(Person.email, Person.left_at, Intention.mailed_at)
        .join(Intention, Intention.person_id == Person.id)
        .where(Intention.id == int(number))
    ).one_or_none()
    if (
        writer is None
        or writer.mailed_at is None
        or mark not in (number, intention_mark(int(number), writer.mailed_at))
    ):
        suppress_mail(session, leaving.key, _("No longer kept"), leaving.at)
    else:
        suppress_if_reader_changed(session, leaving, writer.email, writer.left_at)


def intention_mark(intention_id: int, mailed_at: datetime) -> str:
    """What tells the mail with a sentence from others in the outbox. A sentence that was deleted may have had the same number."""
    return f"{intention_id}:{mailed_microsecond(mailed_at)}"


def reply_to_intention(session: Session, intention_id: int, reply: str, at: datetime) -> bool:
    """Keep whether it came up. The first reply stays: False, and nothing changed, if there is one. Raises ValueError for
    an unknown reply."""
    if reply not in REPLIES:
        raise ValueError(f"there is no reply {reply!r}")
    open_question = (Intention.id == intention_id, Intention.mailed_at.is_not(None), Intention.reply.is_(None))
    statement = update(Intention).where(*open_question).values(reply=reply, replied_at=at)
    return session.execute(statement.returning(Intention.id)).first() is not None


def passed_mail_key(certificate_id: int, manager_id: int) -> str:
    """The key in the outbox of the mail that tells a manager of a certificate."""
    return f"passed:{certificate_id}:{manager_id}"


def notify_managers(context: Context, certificate: Certificate, managers: Sequence[HelpRecipient]) -> int:
    """Queue a mail about a certificate of the person who acts to each of their managers who has not been sent one.
    Returns how many were queued."""
    session, own_organisation = context.session, organisation_of(context.session, context.person_id)
    count = 0
    # The name on the certificate, with what tells its holder from others of the same name.
    person, told = session.get_one(Person, certificate.person_id), names_told_apart(session, [certificate.person_id])
    learner = certificate.name + told[person.id].removeprefix(person.name)
    for manager in managers:
        message = PassedMessage(
            name=first_name(manager.name), learner=learner,
            organisation=own_organisation.name if own_organisation else "", completed_on=certificate.completed_on,
            valid_until=certificate.valid_until, number=certificate.number,
        )  # fmt: skip
        key = passed_mail_key(certificate.id, manager.id)
        hours = sending_hours(session, context.zone, manager.id)
        leaves = hours.next_sending_time(context.now) if hours else context.now
        count += schedule_message(session, key, mail_recipient(session, manager.email), message, context.now, leaves)
    if count:
        details = {"number": certificate.number}
        record_event(context, "certificate.manager_notified", ("person", certificate.person_id), details)
    return count
