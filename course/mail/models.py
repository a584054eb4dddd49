"""Outgoing mail, addresses that take none, and what people chose not to get."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class OutboxMail(Base):
    """One mail: a row is written with the deed that causes it, and rendered and sent after the commit.

    `template` and `template_values` are what it is rendered from, in the `language` (BCP 47). The values are there until
    that has happened; then `subject`, `text` and `html` are what is sent. Until then `subject` is the label of the template,
    and `text` is empty. Mails of programs before 0.5 have no template: they were queued as text.

    `key` names what it is about, so that the same thing is never queued twice. `mark` is the random part of its
    Message-ID, by which a mail that came back is known. `withheld` says why it was not sent although it could have
    been; `bounced_at` is when it came back. `claimed_at` is set while a sender hands the mail over: where it stays set
    after that, nobody can know whether the mail left. `given_up_at` is when the program last stopped trying, for whatever
    reason, and `resumed_at` when a mail that was given up was last made to wait again; `given_up_at` is empty as well where a
    program did not record it yet.
    """

    __tablename__ = "outbox_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    mark: Mapped[str] = mapped_column(String(32), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    template: Mapped[str | None] = mapped_column(String(50))
    template_values: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    language: Mapped[str | None] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(Text)
    withheld: Mapped[str | None] = mapped_column(String(200))
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resumed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_outbox_mail_due", "next_try_at"),
        Index("ix_outbox_mail_recipient", "recipient", "id"),
        Index(
            "ix_outbox_mail_unrendered", "next_try_at",
            sqlite_where=sql_text("template_values is not null"), postgresql_where=sql_text("template_values is not null"),
        ),
    )  # fmt: skip


class AddressFault(Base):
    """What is known about an address: refused, bounced, or cleared by somebody. The newest row holds.

    `doubted` is the answer that there is no such mailbox, when it came for so many at once that it was not believed.
    """

    __tablename__ = "address_fault"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(1000))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_address_fault_address", "address", "id"),
        Index("ix_address_fault_made_at", "made_at"),
        CheckConstraint("kind in ('refused', 'bounced', 'cleared', 'doubted')", name="kind"),
    )


class MailOutage(Base):
    """A time in which a mail server took no mail: it could not be reached, or turned everything away.

    At most one of a server is open (`ended_at` is empty). While it is, nobody sends before `next_look_at`. `reason` is one of
    rules/outage.py, `detail` are the server's own words, `looks` counts the looks in vain.
    """

    __tablename__ = "mail_outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    server: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(String(1000))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looks: Mapped[int]
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_look_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_mail_outage_open", "server", unique=True,
            sqlite_where=sql_text("ended_at is null"), postgresql_where=sql_text("ended_at is null"),
        ),
    )  # fmt: skip


class MailChoice(Base):
    """Whether somebody wants a kind of mail that is optional, from a moment on. The newest row of a kind holds."""

    __tablename__ = "mail_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(30))
    wanted: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_mail_choice_person", "person_id", "kind", "id"),)


class MailWording(Base):
    """How the organisation words its mails from a moment on: the newest row holds. `sender` is the name that stands before
    the sender's address (empty: the one of MAIL_FROM), `opening` a sentence at the top of each mail (empty: none)."""

    __tablename__ = "mail_wording"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(String(100))
    opening: Mapped[str] = mapped_column(String(300))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
