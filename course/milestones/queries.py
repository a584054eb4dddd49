"""Reading a person's sentences and notes, and which of them are to be mailed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.learning.models import Reflection
from course.mail.models import OutboxMail
from course.milestones.models import Intention
from course.milestones.rules import MAIL_INTENTION_AFTER, REPLY_LINK_VALIDITY, mailed_microsecond
from course.people.models import Person
from course.signed_links import IntentionLink


@dataclass(frozen=True)
class IntentionView:
    """A sentence as its writer sees it."""

    id: int
    module: str
    text: str
    written_at: datetime
    mailed_at: datetime | None
    reply: str | None


_COLUMNS = (
    Intention.id, Intention.module, Intention.text, Intention.written_at, Intention.mailed_at, Intention.reply,
)  # fmt: skip


def intention(session: Session, person_id: int, module_id: str) -> IntentionView | None:
    """The sentence that a person wrote at the end of a module; None if there is none."""
    statement = select(*_COLUMNS).where(Intention.person_id == person_id, Intention.module == module_id)
    row = session.execute(statement).first()
    return IntentionView(*row) if row is not None else None


def intentions(session: Session, person_id: int) -> list[IntentionView]:
    """All sentences of a person, oldest first."""
    statement = select(*_COLUMNS).where(Intention.person_id == person_id).order_by(Intention.id)
    return [IntentionView(*row) for row in session.execute(statement)]


def mailed_intention(session: Session, link: IntentionLink, at: datetime) -> IntentionView | None:
    """The sentence of a link whose mail can still be answered at that moment: its writer has not left, and the link has not run
    out."""
    statement = (
        select(*_COLUMNS)
        .join(Person, Person.id == Intention.person_id)
        .where(
            Intention.id == link.intention_id, Person.left_at.is_(None), Intention.mailed_at > at - REPLY_LINK_VALIDITY
        )
    )  # fmt: skip
    row = session.execute(statement).first()
    if row is None or link.mailed_microsecond not in (0, mailed_microsecond(row.mailed_at)):
        return None
    return IntentionView(*row)


@dataclass(frozen=True)
class DueIntention:
    """A sentence that is to be mailed back to its writer."""

    id: int
    person_id: int
    name: str
    email: str
    module: str
    text: str


def due_intentions(session: Session, at: datetime) -> list[DueIntention]:
    """The sentences that are old enough to be mailed, of people who have not left and have an address, oldest first. One query."""
    statement = (
        select(Intention.id, Person.id, Person.name, Person.email, Intention.module, Intention.text)
        .join(Person, Person.id == Intention.person_id)
        .where(
            Intention.mailed_at.is_(None), Intention.written_at <= at - MAIL_INTENTION_AFTER, Person.left_at.is_(None),
            Person.email.is_not(None),
        )
        .order_by(Intention.written_at, Intention.id)
    )  # fmt: skip
    return [
        DueIntention(number, person_id, name, email, module, text)
        for number, person_id, name, email, module, text in session.execute(statement)
        if email is not None
    ]


@dataclass(frozen=True)
class NoteView:
    """A private note of a person on a page."""

    page_id: str
    text: str


def notes_on(session: Session, person_id: int, refs: Collection[str]) -> list[NoteView]:
    """The notes that a person wrote on these pages (module/page), in the order in which they were saved."""
    rows = session.execute(
        select(Reflection.ref, Reflection.text)
        .where(
            Reflection.person_id == person_id,
            Reflection.ref.in_(refs),
            Reflection.text != "",
        )
        .order_by(Reflection.saved_at, Reflection.block)
    )
    return [NoteView(row.ref.partition("/")[2], row.text) for row in rows]


def queued_mail_keys(session: Session, keys: Collection[str]) -> frozenset[str]:
    """Those of these keys under which a mail was put into the outbox."""
    return frozenset(session.execute(select(OutboxMail.key).where(OutboxMail.key.in_(keys))).scalars())
