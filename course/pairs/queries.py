"""Queries on pairs. Every query that takes a person's id returns pairs of that person only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.schema import Scenario
from course.learning import queries as learning_queries
from course.pairs.models import Pair, PairChoice, PairCode, PairLeaving, PairMember, PairRun
from course.pairs.rules import (
    CODE_LIFETIME,
    PairState,
    PressedChoice,
    RunDecisions,
    is_code_valid,
    pair_state,
)
from course.people.models import Person


@dataclass(frozen=True)
class MemberView:
    """A person of a pair with the run in which they take the story (None: nobody has joined yet)."""

    id: int
    place: int
    person_id: int
    name: str
    run_id: int | None
    has_left: bool


@dataclass(frozen=True)
class PairView:
    """A pair as one of its two sees it. `colleague` is None before somebody joins, and when their data were erased.

    `code` can be used until `code_until`; both are None when it has run out.
    """

    id: int
    ref: str
    version: str
    me: MemberView
    colleague: MemberView | None
    pressed: tuple[PressedChoice, ...]
    code: str | None
    code_until: datetime | None

    @property
    def has_left(self) -> bool:
        """Whether one of the two left."""
        return self.me.has_left or (self.colleague is not None and self.colleague.has_left)


def pair(session: Session, person_id: int, pair_id: int, now: datetime) -> PairView | None:
    """A pair with its people and what they pressed; None if the person is not one of the two."""
    head = session.execute(
        select(Pair.ref, Pair.version, PairCode.code, PairCode.opened_at)
        .outerjoin(PairCode, PairCode.pair_id == Pair.id)
        .where(Pair.id == pair_id)
    ).one_or_none()
    members = [
        # Whoever has left the organisation decides nothing more, and must not hold up the other.
        MemberView(row.id, row.place, row.person_id, row.name, row.run_id, (row.left_at or row.gone_at) is not None)
        for row in session.execute(
            select(
                PairMember.id,
                PairMember.place,
                PairMember.person_id,
                Person.name,
                PairRun.run_id,
                PairLeaving.left_at,
                Person.left_at.label("gone_at"),
            )
            .join(Person, Person.id == PairMember.person_id)
            .outerjoin(PairRun, PairRun.member_id == PairMember.id)
            .outerjoin(PairLeaving, PairLeaving.member_id == PairMember.id)
            .where(PairMember.pair_id == pair_id)
        )
    ]
    me = next((member for member in members if member.person_id == person_id), None)
    if head is None or me is None:
        return None
    pressed = session.execute(
        select(PairMember.place, PairChoice.step, PairChoice.turn, PairChoice.scene_id, PairChoice.choice_id)
        .join(PairMember, PairMember.id == PairChoice.member_id)
        .where(PairMember.pair_id == pair_id)
        .order_by(PairChoice.step, PairChoice.turn, PairMember.place)
    )
    usable = head.code is not None and is_code_valid(head.opened_at, now)
    return PairView(
        pair_id,
        head.ref,
        head.version,
        me,
        next((member for member in members if member is not me), None),
        tuple(PressedChoice(*row) for row in pressed),
        head.code if usable else None,
        head.opened_at + CODE_LIFETIME if usable else None,
    )


def run_decisions(session: Session, member: MemberView | None) -> RunDecisions | None:
    """The decisions of a member's run; None without a run."""
    if member is None or member.run_id is None:
        return None
    run = learning_queries.run(session, member.person_id, member.run_id)
    return run.decisions if run else None


def state_of(session: Session, found: PairView, scenario: Scenario) -> PairState:
    """What the pair is doing now."""
    mine = run_decisions(session, found.me)
    if mine is None:
        waits = pair_state(scenario, found.me.place, ((), ()), (), has_left=found.has_left)
        return waits if found.has_left else PairState("code", waits.step, waits.shared)
    theirs = run_decisions(session, found.colleague)
    return pair_state(scenario, found.me.place, (mine, theirs), found.pressed, has_left=found.has_left)


def pair_of_run(session: Session, run_id: int) -> int | None:
    """The pair in which a run is taken; None for a run that its reader takes alone."""
    return session.execute(
        select(PairMember.pair_id).join(PairRun, PairRun.member_id == PairMember.id).where(PairRun.run_id == run_id)
    ).scalar_one_or_none()


def pair_by_code(session: Session, code: str, now: datetime) -> int | None:
    """The pair that a code leads to; None if the code is unknown or has run out."""
    row = session.execute(select(PairCode.pair_id, PairCode.opened_at).where(PairCode.code == code)).one_or_none()
    return row.pair_id if row is not None and is_code_valid(row.opened_at, now) else None


def story_of_pair(session: Session, pair_id: int) -> tuple[str, str] | None:
    """The story of a pair, as reference and version. It is nobody's personal data."""
    row = session.execute(select(Pair.ref, Pair.version).where(Pair.id == pair_id)).one_or_none()
    return (row.ref, row.version) if row is not None else None


def open_pair(session: Session, person_id: int, ref: str, now: datetime) -> int | None:
    """The newest pair for a scenario that the person opened, that nobody has joined yet and whose code still works."""
    rows = session.execute(
        select(Pair.id, PairCode.opened_at)
        .join(PairCode, PairCode.pair_id == Pair.id)
        .join(PairMember, PairMember.pair_id == Pair.id)
        .outerjoin(PairRun, PairRun.member_id == PairMember.id)
        .outerjoin(PairLeaving, PairLeaving.member_id == PairMember.id)
        .where(PairMember.person_id == person_id, PairMember.place == 1, Pair.ref == ref)
        .where(PairRun.run_id.is_(None), PairLeaving.left_at.is_(None))
        .order_by(Pair.id.desc())
    )
    return next((row.id for row in rows if is_code_valid(row.opened_at, now)), None)
