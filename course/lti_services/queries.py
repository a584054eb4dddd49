"""Scores on their way to platforms: what is due, what is sent, and what administrators see of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.learning.models import (
    Attempt,
    AttemptOutcome,
    AttemptVoid,
    Completion,
    Enrolment,
    PageRead,
    RunOutcome,
    ScenarioRun,
)
from course.learning.queries import progress_facts
from course.learning.rules.progress import module_progress, progress
from course.lti.models import LtiAccount, LtiDeployment, LtiLaunch, LtiLink, LtiRegistration
from course.lti.queries import ContextView, GradeLink, contexts, grade_links
from course.lti_services.models import LtiColumn, LtiGrade
from course.lti_services.rules.problems import GradeProblem
from course.lti_services.rules.scores import (
    SCORE_SCOPE,
    Activity,
    RefresherResult,
    Score,
    course_score,
    module_score,
    refresher_score,
)
from course.organisation.queries import organisation_of
from course.people.models import Person
from course.people.queries import chosen_pathway
from course.refreshers.queries import newest_refresher

_GRADED = (
    LtiLaunch.is_learner,
    LtiAccount.ended_at.is_(None),
    LtiLink.grade_scopes.contains(SCORE_SCOPE, autoescape=True),
)


def new_uses(session: Session, limit: int) -> list[tuple[int, int]]:
    """Links by which somebody came as a learner and of which nothing was ever sent, with the account: (link, account)."""
    rows = (
        select(LtiLaunch.link_id, LtiLaunch.account_id)
        .join(LtiAccount, LtiAccount.id == LtiLaunch.account_id)
        .join(LtiLink, LtiLink.id == LtiLaunch.link_id)
        .outerjoin(LtiGrade, and_(LtiGrade.link_id == LtiLaunch.link_id, LtiGrade.account_id == LtiLaunch.account_id))
        .where(LtiGrade.id.is_(None), *_GRADED)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(rows)]


def changed_uses(session: Session, after: int, limit: int) -> list[tuple[int, int, int]]:
    """The scores whose person has done something since they were worked out last: (number, link, account), with numbers above
    `after`."""
    edge = LtiGrade.looked_at
    facts = (
        select(PageRead.read_at).where(PageRead.enrolment_id == Enrolment.id, PageRead.read_at > edge),
        select(AttemptOutcome.finished_at)
        .join(Attempt, Attempt.id == AttemptOutcome.attempt_id)
        .where(Attempt.enrolment_id == Enrolment.id, AttemptOutcome.finished_at > edge),
        select(RunOutcome.finished_at)
        .join(ScenarioRun, ScenarioRun.id == RunOutcome.run_id)
        .where(ScenarioRun.enrolment_id == Enrolment.id, RunOutcome.finished_at > edge),
        select(Completion.completed_at).where(Completion.enrolment_id == Enrolment.id, Completion.completed_at > edge),
    )
    rows = (
        select(LtiGrade.id, LtiGrade.link_id, LtiGrade.account_id)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .where(
            LtiGrade.id > after,
            LtiGrade.next_try_at.is_(None),
            LtiAccount.ended_at.is_(None),
            exists().where(Enrolment.person_id == LtiAccount.person_id, or_(*(exists(one) for one in facts))),
        )
        .order_by(LtiGrade.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


@dataclass(frozen=True)
class DueGrade:
    """A score that is to be sent, as it was seen."""

    id: int
    registration_id: int


def due_grade(session: Session, at: datetime, without: Collection[int] = ()) -> DueGrade | None:
    """The score that waits longest, of a platform that is on and not among those `without`, and that no worker has."""
    rows = (
        select(LtiGrade.id, LtiDeployment.registration_id)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .join(LtiLink, LtiLink.id == LtiGrade.link_id)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .join(LtiRegistration, LtiRegistration.id == LtiDeployment.registration_id)
        .where(
            LtiGrade.next_try_at <= at,
            or_(LtiGrade.claimed_until.is_(None), LtiGrade.claimed_until <= at),
            LtiAccount.ended_at.is_(None),
            LtiRegistration.state == "on",
            LtiRegistration.id.not_in(without),
        )
        .order_by(LtiGrade.next_try_at, LtiGrade.id)
        .limit(1)
    )
    row = session.execute(rows).first()
    return DueGrade(*row) if row else None


@dataclass(frozen=True)
class GradeParcel:
    """What is needed to send one score: where, about whom, what was sent before, whether that is to be put right, and which step
    of the person it takes in."""

    grade_id: int
    changes: int
    tries: int
    claimed_until: datetime
    link: GradeLink
    column: str
    subject: str
    person_id: int
    sent: Score | None
    sent_stamp: datetime | None
    corrects: bool


def grade_parcel(session: Session, grade_id: int) -> GradeParcel | None:
    """A score that a worker has claimed; None if it was erased meanwhile."""
    row = session.execute(
        select(LtiGrade, LtiAccount.subject, LtiAccount.person_id, LtiColumn.address, LtiDeployment.registration_id)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .join(LtiLink, LtiLink.id == LtiGrade.link_id)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .outerjoin(LtiColumn, LtiColumn.link_id == LtiGrade.link_id)
        .where(LtiGrade.id == grade_id, LtiGrade.claimed_until.is_not(None))
    ).first()
    if row is None:
        return None
    grade, subject, person_id, column, registration_id = row
    claimed_until = cast("datetime", grade.claimed_until)
    link = next(one for one in grade_links(session, registration_id) if one.id == grade.link_id)
    return GradeParcel(
        grade.id, grade.changes, grade.tries, claimed_until, link, link.line_item or column or "", subject, person_id,
        _sent(grade), grade.sent_stamp, grade.corrects,
    )  # fmt: skip


def _sent(grade: LtiGrade) -> Score | None:
    if grade.sent_percent is None or grade.sent_activity is None:
        return None
    return Score(grade.sent_percent, cast("Activity", grade.sent_activity), grade.sent_round or 0)


def current_score(session: Session, library: Library, person_id: int, link: GradeLink) -> Score | None:
    """How far a person is now with what a link opens, in their variant of the course; None if it opens a module that is not
    taught any more."""
    if link.opens == "refresher":
        found = newest_refresher(session, person_id, "refresher")
        if found is None:
            return refresher_score(None)
        done = sum(part.done for part in found.parts)
        return refresher_score(RefresherResult(found.id, len(found.parts), done, found.completed_at is not None))
    chosen, own = chosen_pathway(session, person_id), organisation_of(session, person_id)
    pathway = chosen.pathway if chosen else own.pathway if own else None
    variant = library.for_(pathway, own.nation if own else None)
    facts = progress_facts(session, person_id)
    if link.opens == "course":
        return course_score(progress(variant, facts), _has_taken_final(session, person_id))
    module = variant.modules.get(link.module or "")
    return module_score(module_progress(variant, module, facts)) if module is not None else None


def _has_taken_final(session: Session, person_id: int) -> bool:
    """Whether the person has finished a final assessment in the newest enrolment for the course."""
    newest = select(func.max(Enrolment.id)).where(Enrolment.person_id == person_id, Enrolment.kind == "initial")
    taken = (
        select(Attempt.id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .outerjoin(AttemptVoid, AttemptVoid.attempt_id == Attempt.id)
        .where(
            Attempt.enrolment_id == newest.scalar_subquery(), Attempt.kind == "final", AttemptVoid.attempt_id.is_(None)
        )
    )
    return session.execute(taken.limit(1)).first() is not None


@dataclass(frozen=True)
class GradeView:
    """A score as administrators see it. `state` is "sent", "waiting" or "failed"; `problem` says why the last try failed."""

    id: int
    person_id: int
    person: str
    link: str
    sent: Score | None
    arrived_at: datetime | None
    state: str
    next_try_at: datetime | None
    problem: GradeProblem | None
    detail: str


def grades(session: Session, registration_id: int, limit: int = 200) -> list[GradeView]:
    """The scores for a platform: those that failed first, then the newest."""
    rows = (
        select(LtiGrade, LtiAccount.person_id, Person.name, LtiLink.title, LtiLink.resource_link)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .join(Person, Person.id == LtiAccount.person_id)
        .join(LtiLink, LtiLink.id == LtiGrade.link_id)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .where(LtiDeployment.registration_id == registration_id, LtiAccount.ended_at.is_(None))
        .order_by(LtiGrade.problem.is_(None), LtiGrade.tried_at.desc(), LtiGrade.id.desc())
        .limit(limit)
    )
    return [_grade_view(*row) for row in session.execute(rows)]


def _grade_view(grade: LtiGrade, person_id: int, person: str, title: str, resource_link: str) -> GradeView:
    state = "waiting" if grade.next_try_at is not None else "failed" if grade.problem else "sent"
    problem = GradeProblem(grade.problem) if grade.problem else None
    return GradeView(
        grade.id, person_id, person, title or resource_link, _sent(grade), grade.arrived_at, state, grade.next_try_at,
        problem, grade.detail or "",
    )  # fmt: skip


def grade_counts(session: Session, registration_id: int) -> dict[str, int]:
    """How many scores of a platform were sent, wait and failed."""
    rows = (
        select(LtiGrade.next_try_at.is_not(None), LtiGrade.problem.is_not(None), func.count())
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .join(LtiLink, LtiLink.id == LtiGrade.link_id)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .where(LtiDeployment.registration_id == registration_id, LtiAccount.ended_at.is_(None))
        .group_by(LtiGrade.next_try_at.is_not(None), LtiGrade.problem.is_not(None))
    )
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    for waits, failed, number in session.execute(rows):
        counts["waiting" if waits else "failed" if failed else "sent"] += number
    return counts


def failed_grades_query(since: datetime) -> Select[int, str, int]:
    """The platforms that are on and did not take scores of which the last try was since then, and that are not tried again by
    themselves: number, name, how many."""
    return (
        select(LtiRegistration.id, LtiRegistration.name, func.count())
        .join(LtiDeployment, LtiDeployment.registration_id == LtiRegistration.id)
        .join(LtiLink, LtiLink.deployment_id == LtiDeployment.id)
        .join(LtiGrade, LtiGrade.link_id == LtiLink.id)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .where(LtiRegistration.state == "on", LtiAccount.ended_at.is_(None), LtiGrade.tried_at >= since)
        .where(LtiGrade.problem.is_not(None), LtiGrade.next_try_at.is_(None))
        .group_by(LtiRegistration.id, LtiRegistration.name)
        .order_by(LtiRegistration.id)
    )


def members_context(session: Session, registration_id: int, context_id: int) -> ContextView | None:
    """A course at a platform whose members the platform lists; None if there is none, or it does not."""
    return next(
        (one for one in contexts(session, registration_id) if one.id == context_id and one.members_address), None
    )
