"""Noting that a score is to be sent, giving it to one worker, and recording what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Update, case, false, or_, select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.db import insert_missing
from course.learning.events import ATTEMPT_FACT, SCENARIO_FACT, CourseCompleted, FactWithdrawn
from course.lti.models import LtiAccount, LtiDeployment, LtiLink
from course.lti.rules.registration import PlatformSettings
from course.lti_services.models import LtiColumn, LtiGrade
from course.lti_services.queries import DueGrade, GradeParcel
from course.lti_services.rules.problems import CLAIM_DURATION, STORED_LATER, GradeError, next_try
from course.lti_services.rules.scores import Score


def note_uses(session: Session, uses: Collection[tuple[int, int]], at: datetime) -> None:
    """The scores of these (link, account) are to be sent. What waits after a failure goes on waiting; what was given up, or is on
    its way, is looked at anew."""
    if not uses:
        return
    rows = [
        {"link_id": link, "account_id": account, "changes": 0, "next_try_at": at, "tries": 0}
        for link, account in sorted(uses)
    ]
    insert_missing(session, LtiGrade, rows)
    # In one order everywhere, so that two transactions never wait for each other.
    for link, account in sorted(uses):
        session.execute(_noted(at).where(LtiGrade.link_id == link, LtiGrade.account_id == account))


def _noted(at: datetime) -> Update:
    return update(LtiGrade).values(
        changes=LtiGrade.changes + 1,
        tries=case((LtiGrade.next_try_at.is_(None), 0), else_=LtiGrade.tries),
        next_try_at=case((LtiGrade.next_try_at.is_(None), at), else_=LtiGrade.next_try_at),
    )


def note_void(session: Session, event: FactWithdrawn) -> None:
    """What a platform was told of a person may rest on something that counts for nothing any more: their scores are worked out
    again at once, and may go down. A decision that somebody undid lowers nothing: its story stays at its end."""
    if event.fact not in (ATTEMPT_FACT, SCENARIO_FACT):
        return
    ids = _lock_grades(session, event.person_id)
    if ids:
        session.execute(_noted(event.at).where(LtiGrade.id.in_(ids)).values(corrects=True))


def note_recorded_completion(session: Session, event: CourseCompleted) -> None:
    """The scores of somebody who completed something are to be sent. Recorded late, a completion carries the moment of the last
    step, which is no news to whoever looks for what was done since a score was worked out."""
    ids = _lock_grades(session, event.person_id)
    if ids:
        session.execute(_noted(event.at).where(LtiGrade.id.in_(ids)))


def _lock_grades(session: Session, person_id: int) -> Sequence[int]:
    """The scores of a person at all platforms, locked in the order of `note_uses`."""
    found = (
        select(LtiGrade.id)
        .join(LtiAccount, LtiAccount.id == LtiGrade.account_id)
        .where(LtiAccount.person_id == person_id, LtiAccount.ended_at.is_(None))
        .order_by(LtiGrade.link_id, LtiGrade.account_id)
        .with_for_update(of=LtiGrade)
    )
    return session.execute(found).scalars().all()


def claim_grade(session: Session, due: DueGrade, at: datetime) -> bool:
    """Give a score to one worker; False if another was quicker. Nobody else sends for this account and link until it is recorded,
    so that two scores never overtake each other."""
    free = or_(LtiGrade.claimed_until.is_(None), LtiGrade.claimed_until <= at)
    claim = update(LtiGrade).where(LtiGrade.id == due.id, LtiGrade.next_try_at <= at, free)
    values = {"claimed_until": at + CLAIM_DURATION, "tries": LtiGrade.tries + 1}
    return session.execute(claim.values(values).returning(LtiGrade.id)).first() is not None


def record_arrival(session: Session, parcel: GradeParcel, score: Score, stamp: datetime, at: datetime) -> None:
    """The platform has the score."""
    values = {
        "sent_percent": score.percent, "sent_activity": score.activity, "sent_round": score.round_number,
        "sent_stamp": stamp, "arrived_at": at,
    }  # fmt: skip
    _release(session, parcel, at, None, {**values, "tries": 0, "problem": None, "detail": None, "tried_at": at})


def record_nothing_new(session: Session, parcel: GradeParcel, at: datetime) -> None:
    """The platform has this score already."""
    _release(session, parcel, at, None, {"tries": 0, "problem": None, "detail": None})


def record_failure(session: Session, parcel: GradeParcel, error: GradeError, at: datetime) -> None:
    """The score did not arrive: it is tried again by itself, or waits until somebody asks for it."""
    retry = next_try(error.problem, parcel.tries, at, error.wait)
    values = {"tries": retry.tries, "problem": str(error.problem), "detail": error.detail[:300], "tried_at": at}
    _release(session, parcel, at, retry.at, values, failed=True)


def _release(
    session: Session,
    parcel: GradeParcel,
    at: datetime,
    again: datetime | None,
    values: dict[str, object],
    failed: bool = False,
) -> None:
    """Give a score back, unless the claim ran out and another worker has it. Where the person has gone on meanwhile it is due
    again at once, or after a failure when it is tried anyway."""
    mine = LtiGrade.id == parcel.grade_id, LtiGrade.claimed_until == parcel.claimed_until
    went_on = again or at if failed else at
    if not failed:
        # What was made void since the facts were read is still to be put right.
        values = {**values, "corrects": case((LtiGrade.changes == parcel.changes, false()), else_=LtiGrade.corrects)}
    then = case((LtiGrade.changes == parcel.changes, again), else_=went_on)
    # The facts were read after the claim. A step can be stored later than its moment says, so a while before counts as new too.
    looked_at = parcel.claimed_until - CLAIM_DURATION - STORED_LATER
    session.execute(
        update(LtiGrade).where(*mine).values(claimed_until=None, next_try_at=then, looked_at=looked_at, **values)
    )


def claim_column(session: Session, link_id: int, at: datetime) -> bool:
    """Let one worker find or make the column of a link; False if another does that."""
    insert_missing(session, LtiColumn, [{"link_id": link_id}])
    free = or_(LtiColumn.claimed_until.is_(None), LtiColumn.claimed_until <= at)
    claim = update(LtiColumn).where(LtiColumn.link_id == link_id, LtiColumn.address.is_(None), free)
    return (
        session.execute(claim.values(claimed_until=at + CLAIM_DURATION).returning(LtiColumn.link_id)).first()
        is not None
    )


def store_column(session: Session, link_id: int, address: str | None) -> None:
    """The address of a column that was found or made; None if that failed, or if the column is gone."""
    session.execute(update(LtiColumn).where(LtiColumn.link_id == link_id).values(address=address, claimed_until=None))


def repeat_grades(context: Context, platform: PlatformSettings, ids: Sequence[int] | None = None) -> int:
    """Send scores of a platform again at once: these, or (None) all whose last try failed. Returns how many there were."""
    links = (
        select(LtiLink.id)
        .join(LtiDeployment, LtiDeployment.id == LtiLink.deployment_id)
        .where(LtiDeployment.registration_id == platform.id)
    )
    chosen = update(LtiGrade).where(LtiGrade.link_id.in_(links))
    chosen = chosen.where(LtiGrade.problem.is_not(None) if ids is None else LtiGrade.id.in_(ids))
    # A score that arrived is sent again too, since whoever asks for it has seen that it is not there.
    values = {"next_try_at": context.now, "tries": 0, "changes": LtiGrade.changes + 1, "sent_percent": None,
              "sent_activity": None}  # fmt: skip
    rows = context.session.execute(chosen.values(values).returning(LtiGrade.id)).all()
    if rows:
        record_event(
            context, "lti.grades_repeated", ("lti", platform.id), {"platform": platform.name, "grades": len(rows)}
        )
    return len(rows)


def record_members_fetched(context: Context, platform: PlatformSettings, title: str, members: int) -> None:
    """Write into the log that somebody fetched the list of people of a course at a platform."""
    details = {"platform": platform.name, "title": title, "members": members}
    record_event(context, "lti.members_fetched", ("lti", platform.id), details)
