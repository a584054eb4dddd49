"""The policy, who stands where, who is told about whom, and what was queued for somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from course.auth.models import Credential
from course.dates import civil_date
from course.mail.models import OutboxMail
from course.mail.queries import MailState, mail_states
from course.organisation.queries import organisation
from course.people.models import Membership, Person, RoleGrant, Team
from course.recertification.queries import people, policies
from course.recertification.rules import CertificationStatus, certification_status
from course.recertification.rules.certification_status import NOT_REQUIRED
from course.reminders.models import Reminder, ReminderPolicyVersion
from course.reminders.rules import ReminderPolicy, ReminderStatus, SendingHours, reminder_status

LEARNER, MANAGER, LEAD, REQUESTED = "learner", "manager", "lead", "asked"


@dataclass(frozen=True)
class ReminderCandidate:
    """A person on a day: where they stand, on which step of the ladder, and whether they have chosen a password."""

    id: int
    name: str
    email: str
    added: date
    active: bool
    standing: CertificationStatus
    answer: ReminderStatus


@dataclass(frozen=True)
class PolicyVersionView:
    """One version of the policy, and who made it when and why (None: nobody is known)."""

    policy: ReminderPolicy
    reason: str
    by: str | None
    at: datetime


@dataclass(frozen=True)
class QueuedReminder:
    """A reminder that was queued, and what became of its mail (None if that is no longer known). `by` asked for it
    (None: the course)."""

    id: int
    kind: str
    step: str
    due: date | None
    leaves_on: date
    reason: str
    by: str | None
    mail: MailState | None

    @property
    def can_be_taken_back(self) -> bool:
        """Whether somebody asked for it and no sender has taken it up yet."""
        return self.kind == REQUESTED and self.mail is not None and self.mail.untouched


def policy_versions(session: Session, limit: int = 20) -> list[PolicyVersionView]:
    """The newest versions of the policy, the newest first."""
    rows = session.execute(
        select(ReminderPolicyVersion, Person.name)
        .outerjoin(Person, Person.id == ReminderPolicyVersion.made_by)
        .order_by(ReminderPolicyVersion.id.desc())
        .limit(limit)
    )
    return [PolicyVersionView(_policy_from_row(row), row.reason, name, row.made_at) for row, name in rows]


def current_policy(session: Session) -> ReminderPolicy:
    """The policy that holds; before anybody made one, the default."""
    newest = next(iter(policy_versions(session, 1)), None)
    return newest.policy if newest else ReminderPolicy()


def _policy_from_row(row: ReminderPolicyVersion) -> ReminderPolicy:
    closed = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in row.closed)
    return ReminderPolicy(
        tuple(row.before), row.every_days, row.digest_weekday, row.lead_days, row.opens, row.closes, closed
    )


def sending_hours(session: Session, zone: str) -> SendingHours | None:
    """When mail may leave; None before the set-up."""
    ours = organisation(session)
    return SendingHours(current_policy(session), ours.nation, zone) if ours else None


def reminder_candidates(
    session: Session, when: SendingHours, on: date, ids: Iterable[int] | None = None
) -> list[ReminderCandidate]:
    """The people who are here, or those with these ids, as they stand on that day, by name."""
    rules = policies(session, when.zone)
    here = select(Person.id, Person.created_at, Person.left_at, Credential.person_id).outerjoin(
        Credential, Credential.person_id == Person.id
    )
    wanted = None if ids is None else list(ids)
    known = {
        person_id: (
            civil_date(created, when.zone),
            left is not None and civil_date(left, when.zone) <= on,
            active is not None,
        )
        for person_id, created, left, active in session.execute(
            here if wanted is None else here.where(Person.id.in_(wanted))
        )
    }
    found = []
    for one in people(session, when.zone, wanted):
        added, left, active = known[one.id]
        now = certification_status(one.facts, rules, on)
        if left:
            # The last day still counts as one at work; but nobody wants mail about it once they are gone.
            now = replace(now, state=NOT_REQUIRED, due=None, overdue_days=0)
        found.append(
            ReminderCandidate(one.id, one.name, one.email, added, active, now, reminder_status(now, added, when))
        )
    return found


def managed_people(session: Session, managers: Collection[int] | None = None) -> dict[int, set[int]]:
    """For each manager who is here (or among the given ones) the people in their teams and all below, in three
    queries however many there are."""
    grants = (
        select(RoleGrant.person_id, RoleGrant.team_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "manager", RoleGrant.until.is_(None), Person.left_at.is_(None))
    )
    if managers is not None:
        grants = grants.where(RoleGrant.person_id.in_(managers))
    children: dict[int | None, list[int]] = defaultdict(list)
    for team, parent in session.execute(select(Team.id, Team.parent_id)):
        children[parent].append(team)
    members: dict[int, set[int]] = defaultdict(set)
    belonging = (
        select(Membership.team_id, Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.until.is_(None), Person.left_at.is_(None))
    )
    for belongs_to, person_id in session.execute(belonging):
        members[belongs_to].add(person_id)
    found: dict[int, set[int]] = defaultdict(set)
    for manager, top in session.execute(grants):
        open_teams = [] if top is None else [top]
        while open_teams:
            one = open_teams.pop()
            found[manager] |= members[one]
            open_teams += children[one]
    return dict(found)


def queued_keys(session: Session, keys: Collection[str]) -> set[str]:
    """Which of these reminders were queued already."""
    wanted, found = sorted(keys), set[str]()
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found |= set(session.execute(select(Reminder.key).where(Reminder.key.in_(some))).scalars())
    return found


def recipients_queued_on(session: Session, day: date) -> set[tuple[str, int | None]]:
    """For whom (kind, person) something was queued to leave on that day. What somebody asked for and took back again
    does not count."""
    rows = session.execute(
        select(Reminder.kind, Reminder.person_id)
        .outerjoin(OutboxMail, and_(Reminder.kind == REQUESTED, OutboxMail.key == Reminder.key))
        .where(Reminder.leaves_on == day, OutboxMail.withheld.is_(None))
    )
    return {(kind, person_id) for kind, person_id in rows}


def digest_recipients(session: Session, first: date, last: date) -> set[tuple[str, int | None]]:
    """Who had a summary in these days that was not withheld."""
    rows = session.execute(
        select(Reminder.kind, Reminder.person_id)
        .join(OutboxMail, OutboxMail.key == Reminder.key)
        .where(
            Reminder.kind.in_((MANAGER, LEAD)), Reminder.leaves_on.between(first, last), OutboxMail.withheld.is_(None)
        )
    )
    return {(kind, person_id) for kind, person_id in rows}


def reminder_by_key(session: Session, key: str) -> Reminder | None:
    """The reminder that a mail in the outbox belongs to."""
    return session.execute(select(Reminder).where(Reminder.key == key)).scalar_one_or_none()


def reminder_history(session: Session, person_id: int, limit: int = 50) -> list[QueuedReminder]:
    """The newest reminders and summaries that were queued for somebody, the newest first."""
    rows = session.execute(
        select(Reminder, Person.name)
        .outerjoin(Person, Person.id == Reminder.made_by)
        .where(Reminder.person_id == person_id)
        .order_by(Reminder.id.desc())
        .limit(limit)
    ).all()
    mails = mail_states(session, [row.key for row, _ in rows])
    return [QueuedReminder(r.id, r.kind, r.step, r.due, r.leaves_on, r.reason, by, mails.get(r.key)) for r, by in rows]
