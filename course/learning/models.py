"""What learners did, as dated facts.

No row is changed later, whatever becomes of the content or the settings. Progress is derived from these rows on
reading. Rows are deleted by erasure only (see course/privacy).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from course.db import Base, UtcDateTime


class Enrolment(Base):
    """A person's obligation to take the whole course, a refresher, or an update after a change that matters."""

    __tablename__ = "enrolment"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('initial', 'refresher', 'update')", name="kind"),)


class PageRead(Base):
    """A lesson page was read to its end: `ref` is module/page, `version` the version of its text."""

    __tablename__ = "page_read"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    ref: Mapped[str] = mapped_column(String(130))
    version: Mapped[str] = mapped_column(String(20))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("enrolment_id", "ref"),)


class PageAnswer(Base):
    """The first answer to the question of a lesson page, `ref`, in the version in which it was asked. `chosen` is the index of
    the option, `point` the learning point that the question is about.

    It counts for no check and no completion, and no report names it. Boosters come back to a point that was missed.
    """

    __tablename__ = "page_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    ref: Mapped[str] = mapped_column(String(130))
    question_id: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(20))
    point: Mapped[str] = mapped_column(String(60))
    chosen: Mapped[int]
    correct: Mapped[bool]
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("enrolment_id", "question_id", "version"),)


class Attempt(Base):
    """One try at a set of questions: a module's check, a timeline, the final assessment, a refresher, an update, or a
    booster.

    `ref` is the module, module/timeline, 'course', or 'own' for a booster that the learner began. `number` counts from 1,
    so that two requests at once cannot open the same attempt twice. `seed` determines the order in which options are
    shown.
    """

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(130))
    number: Mapped[int]
    seed: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("enrolment_id", "kind", "ref", "number"),
        CheckConstraint("kind in ('check', 'timeline', 'final', 'refresher', 'update', 'booster')", name="kind"),
    )


class AttemptItem(Base):
    """One question of an attempt, in the version in which it is asked, and the learning point it was drawn for.

    `again` says whether the question was added because another one on its point was missed; None in attempts older
    than this column.
    """

    __tablename__ = "attempt_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    position: Mapped[int]
    question_id: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(20))
    point: Mapped[str] = mapped_column(String(60))
    again: Mapped[bool | None]

    __table_args__ = (UniqueConstraint("attempt_id", "position"),)


class Answer(Base):
    """The first answer to an item; there is never a second.

    `given` is JSON (see rules/grading.py). `sureness` is the confidence.
    """

    __tablename__ = "answer"

    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), primary_key=True)
    given: Mapped[str] = mapped_column(Text)
    correct: Mapped[bool]
    sureness: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("sureness in ('sure', 'fairly', 'guessing')", name="sureness"),)


class AttemptOutcome(Base):
    """The outcome of an attempt by the rules of that day, written once, with the last answer. `pass_mark` in per cent."""

    __tablename__ = "attempt_outcome"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    passed: Mapped[bool]
    points_right: Mapped[int]
    points_asked: Mapped[int]
    pass_mark: Mapped[int]


class AttemptVoid(Base):
    """An attempt counts for nothing: answers on paper were entered wrongly. The attempt, its answers and its outcome stay."""

    __tablename__ = "attempt_void"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScenarioRun(Base):
    """One way through a scenario, in the version that was taught when the run was opened."""

    __tablename__ = "scenario_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    ref: Mapped[str] = mapped_column(String(130))
    version: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("enrolment_id", "ref", "number"),)


class ScenarioRunVoid(Base):
    """A run counts for nothing: its decisions were entered wrongly from paper. The run, its decisions and its outcome stay."""

    __tablename__ = "scenario_run_void"

    run_id: Mapped[int] = mapped_column(ForeignKey("scenario_run.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Decision(Base):
    """A choice in a scenario run. `step` counts from 1; steps after the ending repair critical decisions."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("scenario_run.id"))
    step: Mapped[int]
    scene_id: Mapped[str] = mapped_column(String(60))
    choice_id: Mapped[str] = mapped_column(String(60))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("run_id", "step"),)


class DecisionWithdrawal(Base):
    """A decision was taken back before the next one was taken. Both stay: the run goes on from the scene of the decision.

    The step after the decision stands for the withdrawal, so that a window that shows what came of the decision cannot
    send the next one.
    """

    __tablename__ = "decision_withdrawal"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RunOutcome(Base):
    """A run reached an ending and every dangerous choice in it was repaired: from then on the run counts.

    `ending` is the id of the scene, or scene/ending where the scene has several endings, in the version of the run.
    """

    __tablename__ = "run_outcome"

    run_id: Mapped[int] = mapped_column(ForeignKey("scenario_run.id"), primary_key=True)
    ending: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Completion(Base):
    """The completion of an enrolment, on the content of `content_version`."""

    __tablename__ = "completion"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    completed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content_version: Mapped[str] = mapped_column(String(20))
    edition: Mapped[str] = mapped_column(String(20))


class Reflection(Base):
    """A private note on a lesson page. Only its writer reads it: no report, export or page of anyone else does."""

    __tablename__ = "reflection"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    ref: Mapped[str] = mapped_column(String(130), primary_key=True)
    block: Mapped[str] = mapped_column(String(60), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
