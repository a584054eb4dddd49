"""Read what refreshers, updates and boosters rest on: first answers, completions, and the composition of refreshers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from course.content.schema import Nation, Setting
from course.learning.models import (
    Answer,
    Attempt,
    AttemptItem,
    AttemptOutcome,
    Completion,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
    ScenarioRunVoid,
)
from course.learning.queries import OWN_BOOSTER, AttemptView, is_void
from course.learning.queries import attempt as attempt_of
from course.learning.queries.open_parts import first_step_at
from course.organisation.models import Organisation
from course.people.models import Person
from course.people.queries import newest_pathway
from course.people.rules import is_undeliverable
from course.refreshers.models import PageReadAgain, RefresherPart
from course.refreshers.rules.memory_model import MemoryReview
from course.refreshers.rules.updates import PageReading
from course.reminders.queries.in_person import booster_notices
from course.signed_links import BoosterLink

PAGE_PREFIX = "page:"  # prefix of a marked change of a page in the archive of content versions


def memory_reviews(session: Session, person_id: int) -> list[MemoryReview]:
    """Every first answer of a person that counts, oldest first. Timelines are left out: they are told and not tested."""
    rows = session.execute(
        select(AttemptItem.point, Answer.answered_at, Answer.correct, Answer.sureness)
        .join(Answer, Answer.item_id == AttemptItem.id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(Enrolment.person_id == person_id, Attempt.kind != "timeline", ~is_void(Attempt.id))
        .order_by(Answer.answered_at, Answer.item_id)
    )
    return [MemoryReview(*row) for row in rows]


@dataclass(frozen=True)
class RefresherPartView:
    """A part of a refresher or update (see models.RefresherPart), and whether it is done. A part of kind `point` is
    never done by itself, because its questions belong to the attempt."""

    position: int
    kind: str
    ref: str
    version: str | None
    previous_version: str | None
    reason: str | None
    done: bool


@dataclass(frozen=True)
class Refresher:
    """A refresher or an update: its parts in order, its attempt, and when it was completed. `run_id` is the newest run
    of its scenario. `exhausted_points` are the points of which every existing question was asked and the last one
    answered wrongly: the refresher can no longer be passed. `points_to_reread` are those of them whose page has not
    been read again yet. `void` says that its answers were entered wrongly from paper, so that another one has to be begun."""

    id: int
    kind: str
    opened_at: datetime
    parts: tuple[RefresherPartView, ...]
    attempt_id: int
    asked: int
    answered: int
    passed: bool
    run_id: int | None
    completed_at: datetime | None
    exhausted_points: tuple[str, ...] = ()
    points_to_reread: tuple[str, ...] = ()
    void: bool = False

    @property
    def cannot_be_passed(self) -> bool:
        """Whether the refresher can no longer be passed, and the pages of its exhausted points have been read again."""
        return bool(self.exhausted_points) and not self.points_to_reread

    @property
    def reading_done(self) -> bool:
        """Whether every changed page was seen and the scenario is finished."""
        return all(part.done for part in self.parts if part.kind != "point")

    @property
    def is_finished(self) -> bool:
        """Whether the reading is done and the questions are passed."""
        return self.reading_done and self.passed


_NEWEST_ID = select(func.max(Enrolment.id)).where(
    Enrolment.person_id == bindparam("person"), Enrolment.kind == bindparam("kind")
)


def newest_refresher_id(session: Session, person_id: int, kind: str) -> int | None:
    """The id of a person's newest enrolment for a refresher (or an update)."""
    return session.execute(_NEWEST_ID, {"person": person_id, "kind": kind}).scalar()


def newest_refresher(session: Session, person_id: int, kind: str) -> Refresher | None:
    """The newest refresher (or update) of a person, completed or not; None if there is none, or if its details have
    been erased by the retention schedule."""
    row = session.execute(
        select(Enrolment.id, Enrolment.opened_at, Completion.completed_at)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.kind == kind)
        .order_by(Enrolment.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    # Boosters after a refresher belong to the same enrolment, so the kind of the attempt is needed as well.
    newest_attempt = select(func.max(Attempt.id)).where(Attempt.enrolment_id == row.id, Attempt.kind == kind)
    attempt_id = session.execute(newest_attempt).scalar()
    attempt = attempt_of(session, person_id, attempt_id) if attempt_id is not None else None
    if attempt is None:
        return None
    runs = session.execute(
        select(ScenarioRun.id, RunOutcome.run_id)
        .outerjoin(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
        .where(ScenarioRun.enrolment_id == row.id, ScenarioRun.id.not_in(select(ScenarioRunVoid.run_id)))
        .order_by(ScenarioRun.id)
    ).all()
    parts = _refresher_parts(session, row.id, any(outcome is not None for _, outcome in runs))
    void = bool(session.execute(select(is_void(attempt.id))).scalar())
    exhausted_points = () if void or attempt.passed or attempt.finished_at is None else attempt.points_failed
    reread_points = select(PageReadAgain.point).where(PageReadAgain.enrolment_id == row.id)
    reread = set(session.execute(reread_points).scalars()) if exhausted_points else set()
    return Refresher(
        row.id, kind, row.opened_at, parts, attempt.id, len(attempt.items), attempt.answered, bool(attempt.passed) and not void,
        runs[-1][0] if runs else None, row.completed_at, exhausted_points,
        tuple(p for p in exhausted_points if p not in reread), void,
    )  # fmt: skip


def has_completed_since(session: Session, person_id: int, moment: datetime) -> bool:
    """Whether the person completed the course or a refresher after that moment."""
    later = (
        select(Completion.id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(Enrolment.person_id == person_id, Completion.completed_at > moment)
    )
    return session.execute(later.limit(1)).first() is not None


def last_step_at(session: Session, enrolment: int) -> datetime | None:
    """The time of the newest step of an enrolment: a page read, or an attempt or a scenario finished that counts."""
    moments = (
        select(func.max(PageRead.read_at)).where(PageRead.enrolment_id == enrolment),
        select(func.max(AttemptOutcome.finished_at))
        .join(Attempt, Attempt.id == AttemptOutcome.attempt_id)
        .where(Attempt.enrolment_id == enrolment, Attempt.kind != "booster", ~is_void(Attempt.id)),
        select(func.max(RunOutcome.finished_at))
        .join(ScenarioRun, ScenarioRun.id == RunOutcome.run_id)
        .where(ScenarioRun.enrolment_id == enrolment, ScenarioRun.id.not_in(select(ScenarioRunVoid.run_id))),
    )
    times = [at for moment in moments if (at := session.execute(moment).scalar()) is not None]
    return max(times, default=None)


@dataclass(frozen=True)
class UnrecordedCompletion:
    """An enrolment (`kind` is initial, refresher or update) of a person that may have been finished without a recorded
    completion. `attempt_id` is an attempt in it whose last answer was given at `ended_at`, without an outcome."""

    person_id: int
    email: str
    left_at: datetime | None
    pathway: Setting | None
    nation: Nation
    enrolment_id: int
    kind: str
    attempt_id: int | None = None
    ended_at: datetime | None = None


def unrecorded_completions(session: Session) -> list[UnrecordedCompletion]:
    """Every enrolment that may have been finished without a recorded completion; whether it was, the rules decide.
    Three queries, however many people there are."""
    organisation = session.execute(select(Organisation.nation, Organisation.pathway)).first()
    if organisation is None:
        return []
    answered = (
        select(Attempt.id.label("attempt"), Attempt.enrolment_id, func.max(Answer.answered_at).label("ended_at"))
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .outerjoin(Answer, Answer.item_id == AttemptItem.id)
        .where(~exists().where(AttemptOutcome.attempt_id == Attempt.id), Attempt.kind != "booster")
        .group_by(Attempt.id, Attempt.enrolment_id)
        .having(func.count(AttemptItem.id) == func.count(Answer.item_id))
        .subquery()
    )
    newest = select(func.max(Enrolment.id)).group_by(Enrolment.person_id, Enrolment.kind)
    passed = (
        select(Attempt.enrolment_id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .where(AttemptOutcome.passed, Attempt.kind.in_(("final", "refresher")))
    )
    rows = session.execute(
        select(
            Person.id, Person.email, Person.left_at, newest_pathway(Person.__table__.c.id).label("pathway"),
            Enrolment.id.label("enrolment"), Enrolment.kind, answered.c.attempt, answered.c.ended_at,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(answered, answered.c.enrolment_id == Enrolment.id)
        .where(
            Person.erased_at.is_(None),
            or_(
                answered.c.attempt.is_not(None),
                and_(
                    Enrolment.id.in_(newest), Enrolment.id.in_(passed),
                    ~exists().where(Completion.enrolment_id == Enrolment.id),
                ),
            ),
        )
        .order_by(Enrolment.id)
    )  # fmt: skip
    nation, organisation_pathway = organisation
    return [
        UnrecordedCompletion(
            r[0], r[1], r[2], cast("Setting", r[3] or organisation_pathway), cast("Nation", nation), *r[4:]
        )
        for r in rows
    ]


def _refresher_parts(session: Session, enrolment: int, scenario_finished: bool) -> tuple[RefresherPartView, ...]:
    read = {row.ref for row in session.execute(select(PageRead.ref).where(PageRead.enrolment_id == enrolment)).all()}
    rows = session.execute(
        select(RefresherPart).where(RefresherPart.enrolment_id == enrolment).order_by(RefresherPart.position)
    ).scalars()
    return tuple(
        RefresherPartView(p.position, p.kind, p.ref, p.version, p.before, p.why,
             scenario_finished if p.kind == "scenario" else p.kind == "change" and _is_change_seen(p.ref, read))
        for p in rows
    )  # fmt: skip


def _is_change_seen(change: str, read: set[str]) -> bool:
    return not change.startswith(PAGE_PREFIX) or change.removeprefix(PAGE_PREFIX) in read


def last_completed_begun_at(session: Session, person_id: int) -> datetime | None:
    """When the person took the first step of what they completed last, the whole course or a refresher; None if they
    completed nothing. They are enrolled for the course when they are added, and may begin it long after."""
    newest = select(Enrolment.id, Enrolment.opened_at).join(Completion, Completion.enrolment_id == Enrolment.id)
    newest = newest.where(Enrolment.person_id == person_id)
    row = session.execute(newest.order_by(Completion.completed_at.desc(), Completion.id.desc()).limit(1)).first()
    return (first_step_at(session, row.id) or row.opened_at) if row else None


def handled_changes(session: Session, person_id: int) -> frozenset[tuple[str, str]]:
    """The marked changes that the person has seen and answered questions on, in a refresher or an update that counts."""
    rows = session.execute(
        select(RefresherPart.ref, RefresherPart.version)
        .join(Enrolment, Enrolment.id == RefresherPart.enrolment_id)
        .outerjoin(
            PageRead,
            and_(
                PageRead.enrolment_id == Enrolment.id,
                PageRead.ref == func.substr(RefresherPart.ref, len(PAGE_PREFIX) + 1),
            ),
        )
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .where(Enrolment.person_id == person_id, RefresherPart.kind == "change", AttemptOutcome.passed)
        .where(~is_void(Attempt.id))
        # A changed page has to be read; a changed question has no page and is only asked.
        .where(or_(PageRead.id.is_not(None), RefresherPart.ref.not_like(f"{PAGE_PREFIX}%")))
    )
    return frozenset((ref, version) for ref, version in rows if version is not None)


def pages_read(session: Session, person_id: int) -> dict[str, PageReading]:
    """The last reading of each page in the whole course, by module/page. Only completed enrolments count."""
    rows = session.execute(
        select(PageRead.ref, PageRead.version, PageRead.read_at)
        .join(Enrolment, Enrolment.id == PageRead.enrolment_id)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .where(Enrolment.person_id == person_id, Enrolment.kind == "initial")
        .order_by(PageRead.read_at, PageRead.id)
    )
    return {row.ref: PageReading(row.version, row.read_at) for row in rows}


def versions_read(session: Session, person_id: int) -> dict[str, str]:
    """The version of each page that the person read last, by module/page."""
    rows = session.execute(
        select(PageRead.ref, PageRead.version)
        .join(Enrolment, Enrolment.id == PageRead.enrolment_id)
        .where(Enrolment.person_id == person_id)
        .order_by(PageRead.id)
    )
    return {row.ref: row.version for row in rows}


def scenario_run_counts(session: Session, person_id: int) -> dict[str, int]:
    """How often the person has finished each scenario, by module/scenario."""
    rows = session.execute(
        select(ScenarioRun.ref, func.count())
        .join(RunOutcome, RunOutcome.run_id == ScenarioRun.id)
        .join(Enrolment, Enrolment.id == ScenarioRun.enrolment_id)
        .where(Enrolment.person_id == person_id, ScenarioRun.id.not_in(select(ScenarioRunVoid.run_id)))
        .group_by(ScenarioRun.ref)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class CertifiedLearner:
    """A current member of staff who completed the course, with their pathway, the enrolment of their newest completion
    and the boosters since, mailed or to be told in person: when, and whether any question was answered. `email` is None for
    a person without an address."""

    person_id: int
    name: str
    email: str | None
    pathway: Setting | None
    enrolment_id: int
    completed_at: datetime
    boosters: tuple[tuple[datetime, bool], ...]

    @property
    def takes_mail(self) -> bool:
        """Whether the person has an address that mail can be sent to."""
        return not is_undeliverable(self.email)


def certified_learners(session: Session) -> list[CertifiedLearner]:
    """Everybody who may be sent a booster, or be told of one in person, in at most four queries."""
    newest = (
        select(Enrolment.person_id, func.max(Completion.id).label("id"))
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .group_by(Enrolment.person_id)
        .subquery()
    )
    usual = select(Organisation.pathway).limit(1).scalar_subquery()
    pathway = func.coalesce(newest_pathway(Person.__table__.c.id), usual)
    people = session.execute(
        select(Person.id, Person.name, Person.email, pathway, Completion.enrolment_id, Completion.completed_at)
        .join(newest, newest.c.person_id == Person.id)
        .join(Completion, Completion.id == newest.c.id)
        .where(Person.left_at.is_(None))
        .order_by(Person.id)
    ).all()
    sent: dict[int, list[tuple[datetime, bool]]] = {}
    rows = session.execute(
        select(Attempt.enrolment_id, Attempt.opened_at, func.count(Answer.item_id))
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .outerjoin(Answer, Answer.item_id == AttemptItem.id)
        # A booster that the learner began moves none of those that are mailed.
        .where(Attempt.kind == "booster", Attempt.ref != OWN_BOOSTER)
        .group_by(Attempt.id, Attempt.enrolment_id, Attempt.opened_at)
        .order_by(Attempt.id)
    )
    for enrolment, at, answers in rows:
        sent.setdefault(enrolment, []).append((at, answers > 0))
    noted = booster_notices(session, [row.id for row in people if is_undeliverable(row.email)])
    return [
        CertifiedLearner(
            row[0],
            row[1],
            row[2],
            cast("Setting | None", row[3]),
            *row[4:],
            (*sent.get(row.enrolment_id, ()), *(one for one in noted.get(row.id, ()) if one[0] >= row.completed_at)),
        )
        for row in people
    ]


def enrolment_holder(session: Session, enrolment: int) -> int | None:
    """The id of the person whose enrolment it is."""
    return session.execute(select(Enrolment.person_id).where(Enrolment.id == enrolment)).scalar()


def booster_attempt(session: Session, link: BoosterLink, since: datetime) -> AttemptView | None:
    """The booster of a link, sent since then to a person who is still here; None if there is none, or it is somebody else's."""
    person_id = session.execute(
        select(Enrolment.person_id)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Attempt.id == link.attempt_id, Attempt.kind == "booster", Attempt.opened_at >= since)
        .where(Person.left_at.is_(None))
    ).scalar()
    return attempt_of(session, person_id, link.attempt_id) if person_id and link.person_id in (0, person_id) else None
