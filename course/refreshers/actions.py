"""Writing down facts of renewal: who, when and why stand beside each."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from course.certificates.actions import issue
from course.learning.events import CourseCompleted
from course.refreshers import queries
from course.refreshers.models import RenewalExtension, RenewalPause, RenewalPolicy
from course.refreshers.rules import Completion, Policy, cycles
from course.refreshers.rules.facts import INITIAL

UTC = "UTC"


def certify(session: Session, event: CourseCompleted) -> None:
    """The certificate for a completion, valid until the day that the rule of renewal says."""
    # The day on which it was completed is that of the organisation's zone, as the event says it.
    known = queries.people(session, UTC, [event.person_id])[0].facts
    done = Completion(event.on, kind=INITIAL)
    earlier = tuple(c for c in known.completions if c.day < event.on)
    facts = replace(known, completions=(*earlier, done))
    chain = cycles(facts, queries.policies(session, UTC), event.on)
    issue(session, event, next((c.valid_until for c in chain if c.completion == done), None))


def make_policy(session: Session, policy: Policy, today: date, reason: str, by: int | None, at: datetime) -> None:
    """Add a version of the policy; it governs from the later of its day and today."""
    values = asdict(policy) | {"recorded": today}
    session.add(RenewalPolicy(**values, reason=reason, made_by=by, made_at=at))
    session.flush()


def extend(
    session: Session, person_id: int, until: date, reason: str, today: date, by: int | None, at: datetime
) -> None:
    """Give somebody until the end of that day. Raises ValueError for a day that has passed."""
    if until < today:
        raise ValueError("An extension ends today or later.")
    session.add(
        RenewalExtension(
            person_id=person_id, recorded=today, until=until, withdrawn=None, reason=reason, made_by=by, made_at=at
        )
    )
    session.flush()


def pause(
    session: Session,
    person_id: int,
    since: date,
    until: date | None,
    re_enter_days: int,
    reason: str,
    today: date,
    by: int | None,
    at: datetime,
) -> None:
    """Write down a long leave, or what is now known of one with the same first day.

    Raises ValueError if it ends before it begins, or the days after the return are negative.
    """
    if until is not None and until < since:
        raise ValueError("A leave ends on its first day or later.")
    if re_enter_days < 0:
        raise ValueError("The days after a return are not negative.")
    session.add(
        RenewalPause(
            person_id=person_id, recorded=today, since=since, until=until, re_enter_days=re_enter_days, reason=reason,
            made_by=by, made_at=at,
        )
    )  # fmt: skip
    session.flush()
