"""Writing down facts of renewal: who, when and why stand beside each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.audit.rules import changes
from course.certificates.actions import issue
from course.learning.events import CourseCompleted
from course.mail.actions import queue
from course.refreshers import queries
from course.refreshers.models import RenewalExtension, RenewalPause, RenewalPolicy
from course.refreshers.queries import Somebody
from course.refreshers.rules import Completion, Policy, Standing, cycles, standing
from course.refreshers.rules.reminders import Reminder, key, may_leave, reminder

UTC = "UTC"


def certify(session: Session, event: CourseCompleted) -> None:
    """The certificate for a completion, valid until the day that the rule of renewal says."""
    # The day on which it was completed is that of the organisation's zone, as the event says it.
    known = queries.people(session, UTC, [event.person_id])[0].facts
    done = Completion(event.on, kind=event.kind)
    earlier = tuple(c for c in known.completions if c.day < event.on)
    facts = replace(known, completions=(*earlier, done))
    chain = cycles(facts, queries.policies(session, UTC), event.on)
    issue(session, event, next((c.valid_until for c in chain if c.completion == done), None))


@dataclass(frozen=True)
class Wanted:
    """A reminder that stands open: to whom, under which key, and what it is made of."""

    person: Somebody
    standing: Standing
    step: Reminder

    @property
    def key(self) -> str:
        return key(self.person.id, self.standing, self.step)


def reminders(session: Session, zone: str, on: date) -> list[Wanted]:
    """Every step on which somebody stands on that day, whether it was sent already or not."""
    rules = queries.policies(session, zone)
    found = []
    for person in queries.people(session, zone) if rules else []:
        stands = standing(person.facts, rules, on)
        step = reminder(stands)
        if step is not None:
            found.append(Wanted(person, stands, step))
    return found


def remind(session: Session, wanted: Wanted, letter: tuple[str, str], zone: str, at: datetime) -> bool:
    """Put the reminder into the outbox, to leave in working hours; False if it was there already."""
    return queue(session, wanted.key, wanted.person.email, *letter, may_leave(at, zone))


def make_policy(session: Session, policy: Policy, today: date, reason: str, by: int | None, at: datetime) -> None:
    """Add a version of the policy; it governs from the later of its day and today."""
    values = asdict(policy) | {"recorded": today}
    known = session.execute(select(RenewalPolicy).order_by(RenewalPolicy.id.desc()).limit(1)).scalar_one_or_none()
    made = RenewalPolicy(**values, reason=reason, made_by=by, made_at=at)
    session.add(made)
    session.flush()
    changed = changes({name: getattr(known, name, None) for name in values}, values)
    record(session, "policy.changed", ("policy", made.id), {"reason": reason, **changed}, by, at)


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
    record(session, "extension.granted", ("person", person_id), {"until": until, "reason": reason}, by, at)


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
    details = {"since": since, "until": until, "days_after_return": re_enter_days, "reason": reason}
    record(session, "pause.recorded", ("person", person_id), details, by, at)
