"""The files that were taken from the import folder, and whose turn it is to take them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class ImportFolderFile(Base):
    """One file. `digest` is the SHA-256 of its bytes, `headings_digest` that of its headings: lists with the same headings are
    of one kind. `rows` counts the rows of its list.

    `outcome` is what was found: "apply" (it is applied by itself), "wait" (a person has to look first), "refuse" (it is no
    list), or "same" (it is the newest list of its kind once more). `reasons` is JSON: why it waits or was refused, as texts
    (course/translation.py), until a month has passed. Whether the list was applied says `import_id`.
    """

    __tablename__ = "import_folder_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    headings_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    rows: Mapped[int | None]
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[str | None] = mapped_column(Text)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("people_import.id"), index=True)

    __table_args__ = (
        CheckConstraint("outcome in ('apply', 'wait', 'refuse', 'same')", name="outcome"),
        CheckConstraint("(import_id is not null) = (outcome in ('apply', 'wait'))", name="import_id"),
    )


class ImportFolderTurn(Base):
    """Who takes files from the folder, in the only row: `holder` is a random text of that process, `until` is when others may
    take its turn, because it has died."""

    __tablename__ = "import_folder_turn"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str | None] = mapped_column(String(32))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
