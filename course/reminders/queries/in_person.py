"""Who is told something in person, what, and what was recorded about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.learning.models import Attempt, AttemptOutcome, Enrolment
from course.learning.queries import OWN_BOOSTER, is_void
from course.people.models import Deputy, Membership, RoleGrant, Team
from course.people.queries import ids_without_address, names_told_apart
from course.people.rules import Viewer
from course.reminders.models import InPersonNotice, InPersonReminder, InPersonWithdrawal
from course.reminders.queries import ReminderCandidate, managed_people, reminder_candidates
from course.reminders.rules import SendingHours
from course.reminders.rules.in_person import (
    BOOSTER,
    InPersonMessage,
    InPersonRecord,
    Notice,
    NoticeFacts,
    open_notices,
    status_message,
    with_record,
)

FINISHING_KINDS = ("update", "refresher", "final")


@dataclass(frozen=True)
class PersonToTell:
    """A person without an e-mail address who has something to do or to know, and what. `has_manager` says that somebody
    manages one of their teams, who could tell them."""

    candidate: ReminderCandidate
    messages: tuple[InPersonMessage, ...]
    teams: tuple[str, ...]
    has_manager: bool

    @property
    def id(self) -> int:
        return self.candidate.id

    @property
    def waits(self) -> bool:
        """Whether something is to be said now, about which a mail would have left."""
        return any(message.waits for message in self.messages)


def people_to_tell(
    session: Session, viewer: Viewer, hours: SendingHours, on: date, among: Collection[int] | None = None
) -> list[PersonToTell]:
    """The people without an e-mail address, or those of them with these ids, to whom the viewer would have to say something,
    as of the day `on`; those without a manager come first for an administrator, then the earliest due date."""
    ids = ids_without_address(session, viewer)
    if among is not None:
        ids = [one for one in ids if one in among]
    if not ids:
        return []
    candidates = {one.id: one for one in reminder_candidates(session, hours, on, ids)}
    messages = in_person_messages(session, candidates.values(), hours.zone)
    found = [person for person, some in messages.items() if some]
    managed = {member for manager, some in managed_people(session).items() for member in some if member != manager}
    teams: dict[int, list[str]] = defaultdict(list)
    rows = select(Membership.person_id, Team.name).join(Team, Team.id == Membership.team_id)
    for person_id, name in session.execute(
        rows.where(Membership.until.is_(None), Membership.person_id.in_(found)).order_by(Team.name)
    ):
        teams[person_id].append(name)
    people = [
        PersonToTell(candidates[person], messages[person], tuple(teams[person]), person in managed) for person in found
    ]
    return sorted(
        people,
        key=lambda one: (
            one.has_manager and viewer.administrator, min(message.due or date.max for message in one.messages),
            one.candidate.name.casefold(), one.id,
        ),
    )  # fmt: skip


def in_person_messages(
    session: Session, candidates: Iterable[ReminderCandidate], zone: str
) -> dict[int, tuple[InPersonMessage, ...]]:
    """What is to be told to those of these people to whom no mail goes, each with the record that it was told, if there is
    one. At most seven queries, two if nothing was noted; none if all have an address."""
    those = {one.id: one for one in candidates if not one.takes_mail}
    if not those:
        return {}
    notices: dict[int, list[Notice]] = defaultdict(list)
    for notice in _notices(session, those):
        notices[notice.person_id].append(notice)
    facts = _notice_facts(session, notices.keys()) if notices else {}
    records = records_by_key(session, those)
    told = {}
    for person, candidate in those.items():
        own = status_message(person, candidate.status, candidate.reminder.step)
        others = open_notices(notices[person], facts[person], candidate.status, zone) if person in notices else ()
        messages = (*((own,) if own else ()), *others)
        told[person] = tuple(with_record(one, records.get((person, one.key))) for one in messages)
    return told


def _notices(session: Session, ids: Collection[int]) -> list[Notice]:
    rows = session.execute(
        select(InPersonNotice).where(InPersonNotice.person_id.in_(ids)).order_by(InPersonNotice.id)
    ).scalars()
    return [Notice(one.key, one.person_id, one.kind, tuple(one.lines), one.due, one.made_at) for one in rows]


def _notice_facts(session: Session, ids: Collection[int]) -> dict[int, NoticeFacts]:
    """What overtakes the notices of these people. Four queries."""
    passed = (
        select(Enrolment.person_id, func.max(AttemptOutcome.finished_at))
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(AttemptOutcome, AttemptOutcome.attempt_id == Attempt.id)
        .where(
            AttemptOutcome.passed, ~is_void(Attempt.id), Attempt.kind.in_(FINISHING_KINDS), Enrolment.person_id.in_(ids)
        )
        .group_by(Enrolment.person_id)
    )
    finished = {row[0]: row[1] for row in session.execute(passed)}
    begun = (
        select(Enrolment.person_id, func.max(Attempt.opened_at))
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .where(Attempt.kind == "booster", Attempt.ref == OWN_BOOSTER, Enrolment.person_id.in_(ids))
        .group_by(Enrolment.person_id)
    )
    boosters = {row[0]: row[1] for row in session.execute(begun)}
    roles: dict[int, set[datetime]] = defaultdict(set)
    for statement in (
        select(Deputy.deputy_id, Deputy.made_at).where(Deputy.deputy_id.in_(ids), Deputy.ended_at.is_(None)),
        select(RoleGrant.person_id, RoleGrant.since).where(RoleGrant.person_id.in_(ids), RoleGrant.until.is_(None)),
    ):
        for person, since in session.execute(statement):
            roles[person].add(since)
    return {one: NoticeFacts(finished.get(one), boosters.get(one), frozenset(roles[one])) for one in ids}


def records_by_key(session: Session, ids: Collection[int]) -> dict[tuple[int, str], InPersonRecord]:
    """For each of these people and each key the newest record that they were told, without those that were withdrawn."""
    rows = session.execute(
        select(InPersonReminder.person_id, InPersonReminder.about, InPersonReminder.id, InPersonReminder.made_by,
               InPersonReminder.made_at)
        .outerjoin(InPersonWithdrawal, InPersonWithdrawal.reminder_id == InPersonReminder.id)
        .where(InPersonReminder.person_id.in_(ids), InPersonWithdrawal.reminder_id.is_(None))
        .order_by(InPersonReminder.id)
    ).all()  # fmt: skip
    names = names_told_apart(session, (row.made_by for row in rows))
    return {(row.person_id, row.about): InPersonRecord(row.id, names[row.made_by], row.made_at) for row in rows}


@dataclass(frozen=True)
class ToldInPerson:
    """An entry of a person's history: they were reminded in person of a task, by whom and when; and if that was a mistake,
    who withdrew it and when."""

    id: int
    task: str
    lines: tuple[str, ...]
    due: date | None
    told_by: str
    told_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def told_in_person(session: Session, person_id: int, limit: int = 50) -> list[ToldInPerson]:
    """The newest records that a person was reminded in person, newest first, with those that were withdrawn."""
    rows = session.execute(
        select(InPersonReminder, InPersonWithdrawal.made_by, InPersonWithdrawal.made_at)
        .outerjoin(InPersonWithdrawal, InPersonWithdrawal.reminder_id == InPersonReminder.id)
        .where(InPersonReminder.person_id == person_id)
        .order_by(InPersonReminder.id.desc())
        .limit(limit)
    ).all()
    names = names_told_apart(session, {by for one, withdrawn_by, _at in rows for by in (one.made_by, withdrawn_by)})
    return [
        ToldInPerson(
            one.id, one.task, tuple(one.lines), one.due, names[one.made_by], one.made_at, names.get(withdrawn_by),
            withdrawn_at,
        )
        for one, withdrawn_by, withdrawn_at in rows
    ]  # fmt: skip


def booster_notices(session: Session, ids: Collection[int]) -> dict[int, list[tuple[datetime, bool]]]:
    """For each of these people the boosters that were to be told in person, oldest first: when, and whether they began five
    questions before the next one. Two queries, none without people."""
    if not ids:
        return {}
    noted: dict[int, list[datetime]] = defaultdict(list)
    rows = select(InPersonNotice.person_id, InPersonNotice.made_at).where(InPersonNotice.kind == BOOSTER)
    for person, at in session.execute(rows.where(InPersonNotice.person_id.in_(ids)).order_by(InPersonNotice.id)):
        noted[person].append(at)
    begun: dict[int, list[datetime]] = defaultdict(list)
    if noted:
        attempts = (
            select(Enrolment.person_id, Attempt.opened_at)
            .join(Attempt, Attempt.enrolment_id == Enrolment.id)
            .where(Attempt.kind == "booster", Attempt.ref == OWN_BOOSTER, Enrolment.person_id.in_(noted))
        )
        for person, at in session.execute(attempts):
            begun[person].append(at)
    return {
        person: [
            (at, any(at <= own < until for own in begun[person]))
            for at, until in zip(moments, [*moments[1:], datetime.max.replace(tzinfo=moments[0].tzinfo)], strict=True)
        ]
        for person, moments in noted.items()
    }
