"""Uploaded lists of people, their state and their progress."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class PeopleImport(Base):
    """One list. `content` is the table that was read from the file, until it is applied or a day old. `columns` is JSON:
    for each field the heading of its column, and under "unused" the headings that were left out. `preview` is JSON
    (rules/preview.py): what each row does, until a month has passed. `mark` is the fingerprint of the preview that is
    applied, and of no other. `decisions` is JSON: what was decided about questions, by their keys (rules/questions.py).

    `connection` names the system that brought the list, if no person did; `uploaded_by` is then who applied it, if anyone.
    `begun_at` is when a person asked for the list to be applied. From the moment when `journal` (rules/journal.py) is
    stored the list is written to its end; it goes when everything is done and the invitations are mailed.
    """

    __tablename__ = "people_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    connection: Mapped[str | None] = mapped_column(String(100))
    columns: Mapped[str | None] = mapped_column(Text)
    base_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    invites: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    preview: Mapped[str | None] = mapped_column(Text)
    mark: Mapped[str | None] = mapped_column(String(64))
    decisions: Mapped[str | None] = mapped_column(Text)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(500))
    journal: Mapped[bytes | None] = mapped_column(LargeBinary)


class ImportRun(Base):
    """How far a list has been written: `lines_done` of the `lines_total` lines of its journal, of which `skipped` (JSON,
    rules/journal.py) could not be. There is no total until the journal is stored. `lease_until` is until when others
    leave the work to the process that does it.

    Apart from the list, because it is written with each portion: SQLite would write the megabytes of the list as well.
    """

    __tablename__ = "people_import_run"

    import_id: Mapped[int] = mapped_column(ForeignKey("people_import.id"), primary_key=True, autoincrement=False)
    lines_done: Mapped[int] = mapped_column(default=0)
    lines_total: Mapped[int | None]
    skipped: Mapped[str | None] = mapped_column(Text)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportedCertificate(Base):
    """An earlier certificate from a list. It is recorded once, however often the list is applied."""

    __tablename__ = "imported_certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    issuer: Mapped[str] = mapped_column(String(200))
    import_id: Mapped[int] = mapped_column(ForeignKey("people_import.id"))

    __table_args__ = (UniqueConstraint("person_id", "day"),)
