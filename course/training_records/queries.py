"""Read a person's attempts, the access log of their training record, and the reminders that were requested for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from course.dates import civil_date
from course.learning.models import Attempt, AttemptOutcome, AttemptVoid, Enrolment
from course.mail.models import OutboxMail
from course.mail.queries import MailState, mail_states
from course.people.models import Deputy, Person, RoleGrant, Team
from course.people.queries import BY_NAME
from course.people.rules import distinct_names, role_in_words
from course.reminders.models import Reminder
from course.reminders.queries import LEARNER, REQUESTED
from course.training_records.models import RecordView
from course.training_records.rules import ViewingRole, roles_at
from course.translation import lazy_gettext as _

# The attempts that managers see. Timelines are told and not tested; boosters are private to the learner.
TESTED_KINDS = ("check", "final", "refresher", "update")


@dataclass(frozen=True)
class AttemptSummary:
    """An attempt at a check, an assessment, a refresher or an update, never its answers. `day` is the day on which it
    ended, or for an open attempt (`passed` is None) the day on which it was begun. `void` says that it counts for nothing."""

    kind: str
    ref: str
    number: int
    day: date
    passed: bool | None
    id: int = 0
    void: bool = False


def attempt_summaries(session: Session, person_id: int, zone: str) -> list[AttemptSummary]:
    """All attempts of a person, the newest first."""
    rows = session.execute(
        select(
            Attempt.kind, Attempt.ref, Attempt.number,
            func.coalesce(AttemptOutcome.finished_at, Attempt.opened_at), AttemptOutcome.passed, Attempt.id,
            AttemptVoid.attempt_id.is_not(None),
        )
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .outerjoin(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .outerjoin(AttemptVoid, AttemptVoid.attempt_id == Attempt.id)
        .where(Enrolment.person_id == person_id, Attempt.kind.in_(TESTED_KINDS))
        .order_by(Attempt.id.desc())
    )  # fmt: skip
    return [
        AttemptSummary(kind, ref, number, civil_date(at, zone), passed, attempt, void)
        for kind, ref, number, at, passed, attempt, void in rows
    ]


@dataclass(frozen=True)
class RecordAccess:
    """An entry of the access log: a viewer looked at a record, or took it away in a file. `roles` are the roles that
    the viewer had then; for page views only the day is given."""

    id: int
    name: str
    roles: tuple[str, ...]
    kind: str
    detail: str
    day: date | None
    at: datetime


def record_accesses(
    session: Session, person_id: int, zone: str, before: int | None = None, limit: int = 50
) -> list[RecordAccess]:
    """The access log of a person's record, the newest first, below the id `before`. Three queries."""
    statement = (
        select(RecordView, Person.name)
        .join(Person, Person.id == RecordView.viewer_id)
        .where(RecordView.person_id == person_id)
        .order_by(RecordView.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(RecordView.id < before)
    rows = session.execute(statement).all()
    roles_by_viewer = _viewer_roles(session, {view.viewer_id for view, _ in rows})
    return [
        RecordAccess(
            v.id,
            name,
            roles_at(roles_by_viewer[v.viewer_id], v.at, civil_date(v.at, zone)),
            v.what,
            v.detail,
            v.day,
            v.at,
        )
        for v, name in rows
    ]


def _viewer_roles(session: Session, viewers: Collection[int]) -> dict[int, list[ViewingRole]]:
    """The roles that these viewers have and had, by viewer."""
    roles: dict[int, list[ViewingRole]] = defaultdict(list)
    grants = session.execute(
        select(RoleGrant.person_id, RoleGrant.role, Team.name, RoleGrant.since, RoleGrant.until, RoleGrant.last_day)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(RoleGrant.person_id.in_(viewers))
        .order_by(RoleGrant.id)
    )
    for person_id, role, team, since, until, last_day in grants:
        roles[person_id].append(ViewingRole(role_in_words(role, team), since, until, last_day))
    manager = aliased(Person)
    deputy_rows = session.execute(
        select(Deputy.deputy_id, manager.name, Deputy.made_at, Deputy.ended_at, Deputy.until)
        .join(manager, manager.id == Deputy.manager_id)
        .where(Deputy.deputy_id.in_(viewers))
        .order_by(Deputy.id)
    )
    for person_id, name, since, ended_at, last_day in deputy_rows:
        roles[person_id].append(ViewingRole(_("Deputy of %(name)s", name=name), since, ended_at, last_day))
    return roles


def reminders_on_day(session: Session, ids: Collection[int], day: date) -> dict[int, list[bool]]:
    """For each of these people their reminders of that day, scheduled or requested by a manager: for each reminder
    whether it is in effect, that is, was not withdrawn or suppressed."""
    rows = session.execute(
        select(Reminder.person_id, OutboxMail.withheld)
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(Reminder.leaves_on == day, Reminder.kind.in_((LEARNER, REQUESTED)), Reminder.person_id.in_(ids))
    )
    in_effect: dict[int, list[bool]] = defaultdict(list)
    for person_id, withheld in rows:
        if person_id is not None:
            in_effect[person_id].append(withheld is None)
    return in_effect


def requested_reminder(session: Session, person_id: int, reminder_id: int) -> Reminder | None:
    """A reminder to a person that a manager requested; None if there is no such reminder."""
    reminder = session.get(Reminder, reminder_id)
    return reminder if reminder is not None and (reminder.kind, reminder.person_id) == (REQUESTED, person_id) else None


@dataclass(frozen=True)
class RequestedReminder:
    """A reminder that was requested together with others, and what became of its mail."""

    reminder_id: int
    person_id: int
    name: str
    mail: MailState | None


def newest_requested_id(session: Session, maker: int) -> int:
    """The id of the newest reminder that this manager requested; 0 if there is none."""
    newest = select(func.max(Reminder.id)).where(Reminder.kind == REQUESTED, Reminder.made_by == maker)
    return session.execute(newest).scalar_one() or 0


def reminder_batch(session: Session, maker: int, reminder_id: int) -> list[RequestedReminder]:
    """The reminder and those that the manager requested at the same moment, ordered by name; empty if the reminder was
    not theirs."""
    requested = session.get(Reminder, reminder_id)
    if requested is None or (requested.kind, requested.made_by) != (REQUESTED, maker):
        return []
    rows = session.execute(
        select(Reminder.id, Reminder.key, Person.id, Person.name, func.coalesce(Person.email, Person.sign_in_name, ""))
        .join(Person, Person.id == Reminder.person_id)
        .where(Reminder.kind == REQUESTED, Reminder.made_by == maker, Reminder.made_at == requested.made_at)
        .order_by(*BY_NAME)
    ).all()
    mails = mail_states(session, [row.key for row in rows])
    names = distinct_names((person, name, email) for _, _, person, name, email in rows)
    return [RequestedReminder(number, person, names[person], mails.get(key)) for number, key, person, _, _ in rows]
