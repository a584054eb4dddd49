"""Finding out who is to be reminded, queueing it once, and taking back what does not hold any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.dates import civil_date
from course.db import insert_once
from course.mail.actions import (
    clear_suppression,
    clear_suppression_list,
    postpone_mail,
    schedule_message,
    suppress_mail,
)
from course.mail.events import BeforeMailSend
from course.mail.queries import opted_out_people, suppressed_addresses
from course.mail.rules import DIGEST, MailMessage
from course.organisation.models import Organisation
from course.organisation.queries import OrganisationView, organisation
from course.recertification.rules.certification_status import NOT_REQUIRED, PAUSED, UP_TO_DATE
from course.reminders import queries
from course.reminders.models import Reminder, ReminderPolicyVersion
from course.reminders.queries import LEAD, LEARNER, MANAGER, REQUESTED, ReminderCandidate
from course.reminders.rules import Digest, ReminderPolicy, SendingHours, build_digest, digest_day, reminder_key


@dataclass(frozen=True)
class PlannedReminder:
    """A reminder that is to be queued, to leave on `leaves_on` and not before `leaves`. `about` is what it says: a
    learner's own standing, or a summary; `name` is whom it greets."""

    key: str
    kind: str
    person_id: int | None
    name: str
    recipient: str
    step: str
    due: date | None
    leaves: datetime
    leaves_on: date
    reason: str
    about: ReminderCandidate | Digest


def planned_reminders(session: Session, zone: str, at: datetime, now: datetime) -> list[PlannedReminder]:
    """Every reminder that stands open at `at` and was not queued before; empty before the set-up.

    Each is judged as of the day on which it would leave. What is asked for a past moment leaves `now` at the earliest.
    """
    ours, when = organisation(session), queries.sending_hours(session, zone)
    if ours is None or when is None:
        return []
    leaves = when.leaves(at)
    day = civil_date(leaves, zone)
    earliest = leaves if leaves >= now else when.leaves(now)
    people = queries.reminder_candidates(session, when, day)
    found = [*_learner_reminders(people, earliest, day), *_digest_reminders(session, ours, when, people, earliest, day)]
    dead = suppressed_addresses(session)
    known = queries.queued_keys(session, [one.key for one in found])
    taken = queries.recipients_queued_on(session, day)
    return [
        one
        for one in found
        if one.key not in known
        and one.recipient not in dead
        and (one.kind, one.person_id) not in taken
        # One reminder a day is enough, whoever wanted it.
        and (one.kind != LEARNER or (REQUESTED, one.person_id) not in taken)
    ]


def _learner_reminders(people: list[ReminderCandidate], leaves: datetime, day: date) -> Iterator[PlannedReminder]:
    for one in people:
        step = one.answer.step
        if step is not None:
            name = reminder_key(one.id, one.standing, step)
            yield PlannedReminder(
                name, LEARNER, one.id, one.name, one.email, step.name, one.standing.due, leaves, day, step.why, one
            )


def _digest_reminders(
    session: Session,
    ours: OrganisationView,
    when: SendingHours,
    people: list[ReminderCandidate],
    leaves: datetime,
    day: date,
) -> Iterator[PlannedReminder]:
    """The summaries of this week that nobody has had yet, if its day has come."""
    begins = digest_day(day, when)
    if begins is None or day < begins:
        return
    monday = day - timedelta(days=day.weekday())
    told = queries.digest_recipients(session, monday, monday + timedelta(days=6))
    unwanted = opted_out_people(session, DIGEST)
    by_id = {one.id: one for one in people}
    for manager_id, members in queries.managed_people(session).items():
        manager = by_id[manager_id]
        if (MANAGER, manager_id) in told or manager_id in unwanted or not _receives_digest(manager, day):
            continue
        summary = _team_digest(members, by_id, when)
        if summary.overdue or summary.soon:
            why = f"{len(summary.overdue)} overdue, and {summary.soon} with a day in the next {when.policy.before[0]} days"
            yield PlannedReminder(
                f"summary:{manager_id}:{day}", MANAGER, manager_id, manager.name, manager.email, "weekly", None, leaves,
                day, why, summary,
            )  # fmt: skip
    lead = ours.contacts.get("lead")
    if lead is not None and lead.email and (LEAD, None) not in told:
        summary = _team_digest(set(by_id), by_id, when, when.policy.lead_days)
        if summary.overdue:
            why = f"{len(summary.overdue)} overdue for {when.policy.lead_days} days or more"
            yield PlannedReminder(
                f"summary:lead:{day}", LEAD, None, lead.name, lead.email, "weekly", None, leaves, day, why, summary
            )


def _receives_digest(manager: ReminderCandidate, day: date) -> bool:
    """Not on the day of the invitation, and not during a leave."""
    return manager.added < day and manager.standing.state not in (PAUSED, NOT_REQUIRED)


def _team_digest(
    members: set[int], people: dict[int, ReminderCandidate], when: SendingHours, overdue_from: int = 1
) -> Digest:
    return build_digest(((i, people[i].name, people[i].standing) for i in members), when, overdue_from)


def queue_reminder(
    session: Session, one: PlannedReminder, letter: MailMessage, at: datetime, by: int | None = None
) -> bool:
    """Queue a reminder, to leave in working hours; False if somebody else has queued it, or one for that day. `by`
    asked for it (None: the course)."""
    named = [late.person_id for late in one.about.overdue] if isinstance(one.about, Digest) else []
    made = insert_once(
        session, Reminder, key=one.key, kind=one.kind, person_id=one.person_id, step=one.step, due=one.due,
        leaves_on=one.leaves_on, reason=one.reason, named=named, made_by=by, made_at=at,
    )  # fmt: skip
    return made is not None and schedule_message(session, one.key, one.recipient, letter, at, one.leaves)


def recheck_reminder(session: Session, leaving: BeforeMailSend) -> None:
    """Before a mail leaves: a reminder outside working hours is postponed, one that does not hold is withheld."""
    known, when = queries.reminder_by_key(session, leaving.key), queries.sending_hours(session, leaving.zone)
    if known is None or when is None:
        return
    leaves = when.leaves(leaving.at)
    if leaves != leaving.at:
        postpone_mail(session, leaving.key, leaves)
        return
    day = civil_date(leaving.at, leaving.zone)
    why = _obsolete_reason(session, known, leaving.recipient, when, day)
    if why is not None:
        suppress_mail(session, leaving.key, why)


def _obsolete_reason(session: Session, known: Reminder, recipient: str, when: SendingHours, day: date) -> str | None:
    """Why a reminder does not hold any more; None if it does."""
    if known.kind == LEARNER:
        return _learner_obsolete_reason(session, known, recipient, when, day)
    if known.kind == REQUESTED:
        return _requested_obsolete_reason(session, known, recipient, when, day)
    if known.leaves_on.isocalendar()[:2] != day.isocalendar()[:2]:
        return "It was the summary of an earlier week."
    ids = set(known.named)
    if known.kind == MANAGER and known.person_id is not None:
        if known.person_id in opted_out_people(session, DIGEST, [known.person_id]):
            return "The weekly summary is not wanted any more."
        team = queries.managed_people(session, [known.person_id]).get(known.person_id)
        if team is None:
            return "They do not manage a team any more."
        ids &= team
        manager = queries.reminder_candidates(session, when, day, [known.person_id])[0]
        if manager.email != recipient or not _receives_digest(manager, day):
            return "The manager is away or has another address now."
    elif known.kind == LEAD:
        ours = organisation(session)
        lead = ours.contacts.get("lead") if ours else None
        if lead is None or lead.email != recipient:
            return "Somebody else is the safeguarding lead now."
    late = (
        {one.id for one in queries.reminder_candidates(session, when, day, ids) if one.standing.overdue_days}
        if ids
        else set()
    )
    return "Somebody named in it is not overdue any more." if late != set(known.named) else None


def _learner_obsolete_reason(
    session: Session, known: Reminder, recipient: str, when: SendingHours, day: date
) -> str | None:
    one = queries.reminder_candidates(session, when, day, [known.person_id or 0])[0]
    step = one.answer.step
    if step is None:
        return one.answer.quiet
    if reminder_key(one.id, one.standing, step) != known.key:
        return "The due day has moved, or a later step has taken its place."
    return None if one.email == recipient else "The address has changed."


def _requested_obsolete_reason(
    session: Session, known: Reminder, recipient: str, when: SendingHours, day: date
) -> str | None:
    one = queries.reminder_candidates(session, when, day, [known.person_id or 0])[0]
    if one.standing.state in (NOT_REQUIRED, PAUSED, UP_TO_DATE):
        return one.answer.quiet
    if one.standing.due != known.due:
        return "The due day has moved."
    return None if one.email == recipient else "The address has changed."


def add_policy_version(session: Session, policy: ReminderPolicy, reason: str, by: int | None, at: datetime) -> bool:
    """Add a version of the policy; it holds from now on. False, and nothing done, if the newest one is the same, for
    the same reason."""
    # Two windows that save at once come one after the other.
    session.execute(select(Organisation.id).with_for_update())
    closed = [[first.isoformat(), last.isoformat()] for first, last in policy.closed]
    values = {
        "before": list(policy.before), "every_days": policy.every_days, "digest_weekday": policy.digest_weekday,
        "lead_days": policy.lead_days, "opens": policy.opens, "closes": policy.closes, "closed": closed,
        "reason": reason,
    }  # fmt: skip
    newest = select(ReminderPolicyVersion).order_by(ReminderPolicyVersion.id.desc()).limit(1)
    known = session.execute(newest).scalar_one_or_none()
    if known is not None and all(getattr(known, name) == value for name, value in values.items()):
        return False
    session.add(ReminderPolicyVersion(**values, made_by=by, made_at=at))
    session.flush()
    record_event(session, "policy.reminders_changed", None, {"reason": reason}, by, at)
    return True


def resume_mail(session: Session, person_id: int, address: str, reason: str, by: int | None, at: datetime) -> bool:
    """Write to somebody's address again that has refused mail; False, and nothing done, if it is written to anyway."""
    if not clear_suppression(session, address, reason, by, at):
        return False
    record_event(session, "mail.address_cleared", ("person", person_id), {}, by, at)
    return True


def resume_all_mail(session: Session, reason: str, by: int | None, at: datetime) -> int:
    """The same for every address to which no mail is sent; returns how many these are."""
    count = clear_suppression_list(session, reason, by, at)
    if count:
        record_event(session, "mail.addresses_cleared", None, {"addresses": count, "reason": reason}, by, at)
    return count
