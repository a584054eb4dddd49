"""Supervised sessions: who was expected, who sat where, and which answers were given there. Rows are only added, except that
a code is replaced by the next one, that a sitting is ended once, and that who is expected can change until they begin."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class SupervisedSession(Base):
    """A supervised session: on a day, at a place, for one part of the training.

    `kind` and `ref` name the part: a module by its id, the final assessment or the open refresher or update by 'course'.
    """

    __tablename__ = "supervised_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(100))
    held_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('module', 'final', 'refresher')", name="kind"),)


class SupervisedClosing(Base):
    """A session was closed: no room of it takes anybody from then on."""

    __tablename__ = "supervised_closing"

    session_id: Mapped[int] = mapped_column(ForeignKey("supervised_session.id"), primary_key=True)
    ended_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedAttendee(Base):
    """A person who is expected in a session; from `removed_at` on no longer, unless they began in spite of it.

    To be expected is a plan. The audit log keeps who was added and taken off, and when.
    """

    __tablename__ = "supervised_attendee"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("supervised_session.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("session_id", "person_id"),)


class SupervisedCode(Base):
    """The code of an attendee that works now: a keyed hash of it and its session. Printing the codes again replaces it."""

    __tablename__ = "supervised_code"

    attendee_id: Mapped[int] = mapped_column(ForeignKey("supervised_attendee.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedRoom(Base):
    """A browser in which the codes of a session work. Only the hash of its token is stored."""

    __tablename__ = "supervised_room"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("supervised_session.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedSitting(Base):
    """One time that an attendee answered in a session: on a device of the room, or on paper.

    On a device `nonce_hash` is the hash of what its cookie carries, and `ended_at` says when it was ended before its time. A
    newer sitting of the person, in any session, ends it too.
    """

    __tablename__ = "supervised_sitting"

    id: Mapped[int] = mapped_column(primary_key=True)
    attendee_id: Mapped[int] = mapped_column(ForeignKey("supervised_attendee.id"), index=True)
    way: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("supervised_room.id"))
    nonce_hash: Mapped[str | None] = mapped_column(String(64))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("way in ('screen', 'paper')", name="way"),)


class SupervisedAttendance(Base):
    """An attendee signed the attendance sheet, as a witness saw."""

    __tablename__ = "supervised_attendance"

    attendee_id: Mapped[int] = mapped_column(ForeignKey("supervised_attendee.id"), primary_key=True)
    witness: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedSheet(Base):
    """The questions of an attempt were printed for an attendee to answer on paper. The timeline of a printed module has one too,
    made when its answer is entered.

    `number` counts the sheets of an attempt: what is missed in a refresher is asked again on another one. `last_position` is
    that of the last question on the sheet (None: it has all of them).
    """

    __tablename__ = "supervised_sheet"

    id: Mapped[int] = mapped_column(primary_key=True)
    attendee_id: Mapped[int] = mapped_column(ForeignKey("supervised_attendee.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    number: Mapped[int] = mapped_column(server_default=text("1"))
    last_position: Mapped[int | None]

    __table_args__ = (UniqueConstraint("attendee_id", "attempt_id", "number"),)


class SupervisedEntry(Base):
    """Answers on paper were entered: those of one sheet, in one go, by somebody other than the learner and the witness."""

    __tablename__ = "supervised_entry"

    sheet_id: Mapped[int] = mapped_column(ForeignKey("supervised_sheet.id"), primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("supervised_sitting.id"), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedStory(Base):
    """A story that an attendee decided on paper was entered, as a run of theirs, by somebody other than them and the witness."""

    __tablename__ = "supervised_story"

    run_id: Mapped[int] = mapped_column(ForeignKey("scenario_run.id"), primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("supervised_sitting.id"), unique=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SupervisedAnswer(Base):
    """An answer was given in a sitting."""

    __tablename__ = "supervised_answer"

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("supervised_sitting.id"), index=True)
