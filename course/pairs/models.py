"""Two people who take one story together, as dated facts.

No row is changed later. What a pair is doing now is derived from these rows and from the two scenario runs, which belong to
learning and stay the records of their readers.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Pair(Base):
    """A story that two people take together: `ref` is module/scenario, in the version that was taught when it was opened."""

    __tablename__ = "pair"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(130))
    version: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairCode(Base):
    """The code with which a second person joins a pair. It is no fact but a key: old ones are deleted, and come up again."""

    __tablename__ = "pair_code"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    pair_id: Mapped[int] = mapped_column(ForeignKey("pair.id"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairMember(Base):
    """A person of a pair. `place` 1 opened it, `place` 2 joined it."""

    __tablename__ = "pair_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    pair_id: Mapped[int] = mapped_column(ForeignKey("pair.id"))
    place: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("pair_id", "place"),
        UniqueConstraint("pair_id", "person_id"),
        CheckConstraint("place in (1, 2)", name="place"),
    )


class PairRun(Base):
    """The scenario run in which a member takes the story. Both are opened when the second person joins."""

    __tablename__ = "pair_run"

    member_id: Mapped[int] = mapped_column(ForeignKey("pair_member.id"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("scenario_run.id"), unique=True)


class PairChoice(Base):
    """What a member pressed at a decision, `step` of the story from 1 on.

    `turn` 0 is the first choice, made alone; from 1 on what the member would decide after both had seen the two. When the
    newest of both are the same choice, it is the decision of both runs. Only the two read these rows.
    """

    __tablename__ = "pair_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("pair_member.id"))
    step: Mapped[int]
    turn: Mapped[int]
    scene_id: Mapped[str] = mapped_column(String(60))
    choice_id: Mapped[str] = mapped_column(String(60))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("member_id", "step", "turn"),)


class PairLeaving(Base):
    """A member went on alone, or gave up waiting. The pair is over for both."""

    __tablename__ = "pair_leaving"

    member_id: Mapped[int] = mapped_column(ForeignKey("pair_member.id"), primary_key=True)
    left_at: Mapped[datetime] = mapped_column(UtcDateTime)
