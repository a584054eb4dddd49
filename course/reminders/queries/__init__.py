"""Reading for reminders: the policy, the status of people, the members of managed teams, and what was queued."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from course.dates import civil_date
from course.mail.models import OutboxMail
from course.mail.queries import MailState, mail_states
from course.organisation.queries import OrganisationView, organisation, organisation_of, organisation_of_people
from course.passwords.queries import has_password
from course.people.models import Membership, Person, RoleGrant, Team
from course.people.queries import names_told_apart
from course.people.rules import is_undeliverable
from course.recertification.queries import people, policies
from course.recertification.rules import CertificationStatus, certification_status
from course.recertification.rules.certification_status import NOT_REQUIRED
from course.reminders.models import Reminder, ReminderPolicyVersion
from course.reminders.rules import (
    HoursOfPeople,
    ReminderPolicy,
    ReminderStatus,
    SendingHours,
    reminder_status,
    step_reason,
)

LEARNER, MANAGER, ADMINISTRATOR, LEAD, REQUESTED = "learner", "manager", "administrator", "lead", "asked"

DIGEST_KINDS = (MANAGER, ADMINISTRATOR, LEAD)
PORTION = 500  # people in one query


@dataclass(frozen=True)
class ReminderCandidate:
    """A person on a day: certification status, reminder step, and whether the person has chosen a password."""

    id: int
    name: str
    email: str | None
    joined_on: date
    has_password: bool
    status: CertificationStatus
    reminder: ReminderStatus

    @property
    def takes_mail(self) -> bool:
        """Whether the person has an address that mail can be sent to."""
        return not is_undeliverable(self.email)


@dataclass(frozen=True)
class PolicyVersionView:
    """A version of the reminder policy, with author, moment and reason. The author is None if unknown."""

    id: int
    policy: ReminderPolicy
    reason: str
    made_by: str | None
    made_at: datetime


@dataclass(frozen=True)
class QueuedReminder:
    """A queued reminder with the state of its mail.

    `mail` is None if the mail is no longer stored. `requested_by` is the person who asked for the reminder (None: the
    course).
    """

    id: int
    kind: str
    step: str
    due: date | None
    leaves_on: date
    reason: str
    requested_by: str | None
    mail: MailState | None

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether a person asked for the reminder and no sender has taken its mail yet."""
        return self.kind == REQUESTED and self.mail is not None and self.mail.untouched


def policy_versions(session: Session, limit: int = 20) -> list[PolicyVersionView]:
    """The newest versions of the reminder policy, newest first."""
    rows = session.execute(
        select(ReminderPolicyVersion, Person.name)
        .outerjoin(Person, Person.id == ReminderPolicyVersion.made_by)
        .order_by(ReminderPolicyVersion.id.desc())
        .limit(limit)
    )
    return [PolicyVersionView(row.id, _policy_from_row(row), row.reason, name, row.made_at) for row, name in rows]


def current_policy(session: Session) -> ReminderPolicy:
    """The reminder policy in force; the default before anybody has set one."""
    newest = next(iter(policy_versions(session, 1)), None)
    return newest.policy if newest else ReminderPolicy()


def _policy_from_row(row: ReminderPolicyVersion) -> ReminderPolicy:
    closed = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in row.closed)
    return ReminderPolicy(
        tuple(row.before), row.every_days, row.digest_weekday, row.lead_days, row.opens, row.closes, closed
    )


def sending_hours(session: Session, zone: str, person_id: int | None = None) -> SendingHours | None:
    """The hours in which mail to a person may leave, by the nation of their site; without a person those of the whole
    organisation. None before the set-up."""
    own = organisation(session) if person_id is None else organisation_of(session, person_id)
    return SendingHours(current_policy(session), own.nation, zone) if own else None


def hours_by_nation(session: Session, hours: SendingHours, ids: Collection[int] | None = None) -> HoursOfPeople:
    """The hours in which mail to the people with these ids, or to everybody, may leave; `hours` are those of the
    organisation. One query if no team has settings of its own."""
    whole = organisation(session)
    if whole is None or not whole.directory.nations():
        return HoursOfPeople(hours)
    people = ids if ids is not None else session.execute(select(Person.id).where(Person.left_at.is_(None))).scalars()
    return HoursOfPeople(hours, {one: own.nation for one, own in _organisations(session, list(people)).items()})


def _organisations(session: Session, people: list[int]) -> dict[int, OrganisationView]:
    """The organisation as each of these people has it, some hundred people at a time."""
    found: dict[int, OrganisationView] = {}
    for start in range(0, len(people), PORTION):
        found |= organisation_of_people(session, people[start : start + PORTION])
    return found


def reminder_candidates(
    session: Session, hours: SendingHours, on: date, ids: Iterable[int] | None = None
) -> list[ReminderCandidate]:
    """The current staff, or the people with these ids, with their status on the day `on`, by name. Their steps follow the
    working days of their site's nation; `hours` are those of the organisation."""
    policy_list = policies(session, hours.zone)
    statement = select(Person.id, Person.created_at, Person.left_at, has_password(Person.id))
    person_ids = None if ids is None else list(ids)
    details_by_id = {
        person_id: (
            civil_date(created, hours.zone),
            has_left is not None and civil_date(has_left, hours.zone) <= on,
            can_sign_in,
        )
        for person_id, created, has_left, can_sign_in in session.execute(
            statement if person_ids is None else statement.where(Person.id.in_(person_ids))
        )
    }
    candidates = []
    own_hours = hours_by_nation(session, hours, person_ids)
    for person in people(session, hours.zone, person_ids):
        joined_on, has_left, can_sign_in = details_by_id[person.id]
        status = certification_status(person.facts, policy_list, on)
        if has_left:
            # On the last day a person still works here, but no mail should reach people after they have left.
            status = replace(status, state=NOT_REQUIRED, due=None, overdue_days=0)
        candidates.append(
            ReminderCandidate(
                person.id,
                person.name,
                person.email,
                joined_on,
                can_sign_in,
                status,
                reminder_status(status, joined_on, own_hours.of(person.id)),
            )
        )
    return candidates


def managed_teams(session: Session) -> tuple[dict[int, set[int]], dict[int, int | None]]:
    """For each manager who is here the teams that they manage themselves; and for each open team the one above it."""
    teams: dict[int, set[int]] = defaultdict(set)
    rows = session.execute(
        select(RoleGrant.person_id, RoleGrant.team_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "manager", RoleGrant.until.is_(None), Person.left_at.is_(None))
    )
    for person_id, team_id in rows:
        if team_id is not None:
            teams[person_id].add(team_id)
    open_teams = select(Team.id, Team.parent_id).where(Team.closed_at.is_(None))
    return dict(teams), {row.id: row.parent_id for row in session.execute(open_teams)}


def administrators(session: Session, among: Collection[int] | None = None) -> set[int]:
    """The administrators who are here, or those of these people who are administrators."""
    statement = (
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "administrator", RoleGrant.until.is_(None), Person.left_at.is_(None))
    )
    wanted = statement if among is None else statement.where(RoleGrant.person_id.in_(among))
    return set(session.execute(wanted).scalars())


def managed_people(session: Session, managers: Collection[int] | None = None) -> dict[int, set[int]]:
    """For each manager (or for the given ones) the people in the managed teams and all teams below.

    Three queries, however many managers there are. Managers and people who have left are not included.
    """
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
    memberships = (
        select(Membership.team_id, Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.until.is_(None), Person.left_at.is_(None))
    )
    for team_id, person_id in session.execute(memberships):
        members[team_id].add(person_id)
    people_by_manager: dict[int, set[int]] = defaultdict(set)
    for manager, top_team in session.execute(grants):
        open_teams = [] if top_team is None else [top_team]
        while open_teams:
            team_id_open = open_teams.pop()
            people_by_manager[manager] |= members[team_id_open]
            open_teams += children[team_id_open]
    return dict(people_by_manager)


def queued_keys(session: Session, keys: Collection[str]) -> set[str]:
    """The keys among these whose reminders have been queued."""
    sorted_keys, queued = sorted(keys), set[str]()
    for start in range(0, len(sorted_keys), 500):
        portion = sorted_keys[start : start + 500]
        queued |= set(session.execute(select(Reminder.key).where(Reminder.key.in_(portion))).scalars())
    return queued


# Who gets a mail: its kind, and the person; for the lead of a site, who is no person, the step that names the site.
Recipient = tuple[str, int | None, str]


def recipient_key(kind: str, person_id: int | None, step: str) -> Recipient:
    """Who gets a reminder or digest, as far as one day or week allows one of them."""
    return kind, person_id, step if kind == LEAD else ""


def recipients_queued_on(session: Session, day: date) -> set[Recipient]:
    """The recipients for whom a mail was queued to leave on that day.

    A reminder that was requested and then withdrawn does not count.
    """
    rows = session.execute(
        select(Reminder.kind, Reminder.person_id, Reminder.step)
        .outerjoin(OutboxMail, and_(Reminder.kind == REQUESTED, OutboxMail.key == Reminder.key))
        .where(Reminder.leaves_on == day, OutboxMail.withheld.is_(None))
    )
    return {recipient_key(kind, person_id, step) for kind, person_id, step in rows}


def digest_recipients(session: Session, first: date, last: date) -> set[Recipient]:
    """The recipients of a digest in these days that was not suppressed."""
    rows = session.execute(
        select(Reminder.kind, Reminder.person_id, Reminder.step)
        .join(OutboxMail, OutboxMail.key == Reminder.key)
        .where(Reminder.kind.in_(DIGEST_KINDS), Reminder.leaves_on.between(first, last), OutboxMail.withheld.is_(None))
    )
    return {recipient_key(kind, person_id, step) for kind, person_id, step in rows}


def reminder_by_key(session: Session, key: str) -> Reminder | None:
    """The reminder of a mail in the outbox; None if the mail is no reminder."""
    return session.execute(select(Reminder).where(Reminder.key == key)).scalar_one_or_none()


def _reason(reminder: Reminder) -> str:
    """Why a reminder was queued. Of a step it is said anew, for a reader in another language than that of the job."""
    said = step_reason(reminder.step, reminder.due) if reminder.kind == LEARNER and reminder.due else None
    return said or reminder.reason


def reminder_history(session: Session, person_id: int, limit: int = 50) -> list[QueuedReminder]:
    """The newest reminders and digests that were queued for a person, newest first."""
    rows = session.execute(
        select(Reminder).where(Reminder.person_id == person_id).order_by(Reminder.id.desc()).limit(limit)
    ).scalars()
    found = list(rows)
    names = names_told_apart(session, (reminder.made_by for reminder in found))
    mails = mail_states(session, [reminder.key for reminder in found])
    return [
        QueuedReminder(
            reminder.id,
            reminder.kind,
            reminder.step,
            reminder.due,
            reminder.leaves_on,
            _reason(reminder),
            None if reminder.made_by is None else names[reminder.made_by],
            mails.get(reminder.key),
        )
        for reminder in found
    ]
