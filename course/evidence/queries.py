"""Reading for an evidence pack: completions, extensions, leaves, mails, roles, content versions and audit events, as
known at a moment."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, func, inspect, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.audit.models import AuditEntry
from course.certificates.models import Certificate, CertificateChange
from course.content.models import ContentVersion
from course.credentials.models import SigningKey
from course.credentials.queries import keys
from course.credentials.rules.keys import Key
from course.dates import civil_date
from course.evidence.rules.overdue import MailAbout, MailFate, MailKind, ToldAbout
from course.evidence.rules.responsible import ResponsiblePerson
from course.evidence.rules.tables import (
    PackCompletion,
    PackContentVersion,
    PackExtension,
    PackLeave,
    PersonRow,
)
from course.learning.models import Completion, Enrolment
from course.mail.models import OutboxMail
from course.organisation.models import Contact
from course.people.models import Person, PersonChange, RoleGrant, Team
from course.people.queries import TeamView
from course.people.rules import Viewer, role_in_words, team_and_above
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause
from course.reminders.models import InPersonReminder, InPersonWithdrawal, Reminder
from course.reminders.queries import DIGEST_KINDS, REQUESTED
from course.reminders.rules.in_person import message_text
from course.standings.queries.people import reported_people
from course.standings.rules import is_employed_on
from course.teams.queries import team_tree
from course.teams.rules import team_subtree
from course.text import sort_key

MAX_FILTERED_IDS = 5000  # above this number of people it is faster to read the rows of everybody
# Kinds of audit event that show how the training is managed. Sign-ins and passwords are left out: they are no evidence
# of training.
PEOPLE_EVENT_KINDS = ("certificate", "deputy", "extension", "pathway", "pause", "person", "role", "team")
RULE_EVENT_KINDS = ("contact", "issuer", "organisation", "policy")


def _person_condition(column: InstrumentedAttribute[int], ids: Collection[int]) -> ColumnElement[bool]:
    return column.in_(ids) if len(ids) <= MAX_FILTERED_IDS else true()


def completions(session: Session, ids: Collection[int], at: datetime, zone: str) -> list[PackCompletion]:
    """What these people had completed by the moment `at`, with their certificates, including external ones; in the
    order of recording."""
    own_completions = session.execute(
        select(Enrolment.person_id, Enrolment.kind, Completion, Certificate, CertificateChange)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(Certificate, and_(Certificate.completion_id == Completion.id, Certificate.issued_at <= at))
        .outerjoin(
            CertificateChange,
            and_(CertificateChange.certificate_id == Certificate.id, CertificateChange.changed_at <= at),
        )
        .where(_person_condition(Enrolment.person_id, ids), Completion.completed_at <= at)
        .order_by(Completion.id, Certificate.id)
    )
    entries = [
        PackCompletion(
            person_id,
            kind,
            certificate.completed_on if certificate else civil_date(completion.completed_at, zone),
            certificate.number if certificate else "",
            certificate.valid_until if certificate else None,
            completion.edition,
            completion.content_version,
            change.kind if change else "",
            civil_date(change.changed_at, zone) if change else None,
            certificate.supervised_on if certificate else None,
        )
        for person_id, kind, completion, certificate, change in own_completions
        if person_id in ids
    ]
    rows = session.execute(
        select(RenewalImport)
        .where(_person_condition(RenewalImport.person_id, ids), RenewalImport.made_at <= at)
        .order_by(RenewalImport.id)
    ).scalars()
    # The newest row about an external certificate says whether it was withdrawn.
    external = {(row.person_id, row.day, row.valid_until): row for row in rows if row.person_id in ids}
    return entries + [
        PackCompletion(
            row.person_id, "brought", row.day, row.issuer, row.valid_until, "", "",
            "taken back" if row.withdrawn else "", row.withdrawn,
        )
        for row in external.values()
    ]  # fmt: skip


def extensions(session: Session, ids: Collection[int], at: datetime) -> list[PackExtension]:
    """The extensions granted to these people by the moment `at`."""
    statement = (
        select(RenewalExtension)
        .where(_person_condition(RenewalExtension.person_id, ids), RenewalExtension.made_at <= at)
        .order_by(RenewalExtension.id)
    )
    rows = session.execute(statement).scalars().all()
    names = names_at(session, {row.made_by for row in rows}, at)
    by_key: dict[tuple[int, date, date, str], PackExtension] = {}
    for row in rows:
        key = (row.person_id, row.recorded, row.until, row.reason)
        if row.person_id in ids:
            author = names.get(row.made_by, "")
            granted_by = by_key[key].granted_by if row.withdrawn and key in by_key else author
            by_key[key] = PackExtension(row.person_id, row.recorded, row.until, row.reason, granted_by, row.withdrawn)
    return list(by_key.values())


def names_at(session: Session, ids: Iterable[int | None], at: datetime) -> dict[int | None, str]:
    """The names that these people had at the moment `at`. Two queries."""
    known = {one for one in ids if one is not None}
    names: dict[int | None, str] = {}
    now = select(Person.id, Person.name).where(_person_condition(Person.id, known))
    # The change that came next after that moment holds what was known until then.
    later = select(PersonChange.person_id, PersonChange.name).where(
        _person_condition(PersonChange.person_id, known), PersonChange.changed_at > at
    )
    for statement in (now, later.order_by(PersonChange.id.desc())) if known else ():
        names |= {person_id: name for person_id, name in session.execute(statement)}  # noqa: C416 (no dict of rows)
    return names


def leaves(session: Session, ids: Collection[int], at: datetime) -> list[PackLeave]:
    """The long leaves of these people, as known at the moment `at`. The reason for a leave is never recorded."""
    rows = session.execute(
        select(RenewalPause)
        .where(_person_condition(RenewalPause.person_id, ids), RenewalPause.made_at <= at)
        .order_by(RenewalPause.id)
    ).scalars()
    newest = {(row.person_id, row.since): row for row in rows if row.person_id in ids}
    return [
        PackLeave(row.person_id, row.recorded, row.since, row.until)
        for row in newest.values()
        if row.until is None or row.until >= row.since
    ]


def person_details(session: Session, ids: Collection[int], at: datetime, on: date) -> dict[int, PersonRow]:
    """The staff number, the job role and the roles in the course of each of these people at the moment `at` of the day
    `on`."""
    condition = _person_condition
    now = session.execute(select(Person.id, Person.staff_number, Person.job_role).where(condition(Person.id, ids)))
    known = {person_id: (number or "", job or "") for person_id, number, job in now}
    changes = session.execute(
        select(PersonChange.person_id, PersonChange.staff_number, PersonChange.job_role)
        .where(condition(PersonChange.person_id, ids), PersonChange.changed_at > at)
        .order_by(PersonChange.id.desc())
    )
    # The change that came next after that moment holds what was known until then.
    known |= {person_id: (number or "", job or "") for person_id, number, job in changes}
    roles: dict[int, list[str]] = {}
    names = {team.id: team.name for team in team_tree(session, at)}
    for person_id, role, team_id, name in session.execute(
        select(RoleGrant.person_id, RoleGrant.role, Team.id, Team.name)
        .outerjoin(Team, Team.id == RoleGrant.team_id)
        .where(condition(RoleGrant.person_id, ids), *_granted_at(at))
        .where(or_(RoleGrant.last_day.is_(None), RoleGrant.last_day >= on))
        .order_by(RoleGrant.role, RoleGrant.id)
    ):
        roles.setdefault(person_id, []).append(str(role_in_words(role, names.get(team_id, name))))
    rows: dict[int, PersonRow] = {}
    for person_id in ids:
        number, job = known.get(person_id, ("", ""))
        rows[person_id] = PersonRow(number, tuple(roles.get(person_id, ())), job)
    return rows


def _granted_at(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions on a role that somebody had at the moment `at`; only an auditor's has a last day beside them."""
    return RoleGrant.since <= at, or_(RoleGrant.until.is_(None), RoleGrant.until > at)


def team_managers(session: Session, at: datetime, on: date, zone: str) -> dict[int, tuple[str, ...]]:
    """The names of those who managed each team at the moment `at` of the day `on`, by team id."""
    rows = session.execute(
        select(RoleGrant.team_id, RoleGrant.person_id).where(
            RoleGrant.role == "manager", RoleGrant.team_id.is_not(None), *_granted_at(at)
        )
    ).all()
    names = _names_on(session, {person_id for _team, person_id in rows}, at, on, zone)
    managers: dict[int, list[int]] = {}
    for team_id, person_id in rows:
        if team_id is not None and person_id in names:
            managers.setdefault(team_id, []).append(person_id)
    return {team_id: _in_order(names[one] for one in ids) for team_id, ids in managers.items()}


def _names_on(session: Session, ids: Collection[int], at: datetime, on: date, zone: str) -> dict[int, str]:
    """Those of these people who are in a report of the day, with the names by which it calls them."""
    people = reported_people(session, zone, ids) if ids else []
    return {one.id: one.name_at(at) for one in people if is_employed_on(one.facts, on)}


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=sort_key))


def responsible_people(
    session: Session, at: datetime, on: date, zone: str, lead_term: str, team_id: int | None
) -> list[ResponsiblePerson]:
    """The safeguarding lead and the deputy of a team (None: of the organisation) as confirmed by the moment `at` of the day
    `on`, and the administrators of the course at that moment. `lead_term` is the title of the lead."""
    titles = {"lead": f"Safeguarding ({lead_term})", "deputy": "Safeguarding (deputy)"}
    confirmed = _contacts_of(session, team_id, at)
    contacts = [
        ResponsiblePerson(title, confirmed[kind].name, civil_date(confirmed[kind].confirmed_at, zone))
        for kind, title in titles.items()
        if kind in confirmed and confirmed[kind].name
    ]
    administrators = session.execute(
        select(RoleGrant.person_id).where(
            RoleGrant.team_id.is_(None), RoleGrant.role == "administrator", *_granted_at(at)
        )
    ).scalars()
    names = _in_order(_names_on(session, set(administrators), at, on, zone).values())
    return contacts + [ResponsiblePerson("This training (administrator of the course)", name) for name in names]


def _contacts_of(session: Session, team_id: int | None, at: datetime) -> dict[str, Contact]:
    """The lead and the deputy, by kind, as confirmed by the moment `at`: of each the nearest that the team or a team above it
    had then, or else that of the organisation. A contact without a name and a number was removed."""
    places: list[int | None] = [None]
    if team_id is not None:
        parents = {team.id: team.parent_id for team in team_tree(session, at)}
        places = [*team_and_above(team_id, parents), None]
    rows = session.execute(
        select(Contact)
        .where(Contact.kind.in_(("lead", "deputy")), Contact.confirmed_at <= at)
        .where(or_(Contact.team_id.is_(None), Contact.team_id.in_(places)))
        .order_by(Contact.id)
    ).scalars()
    newest = {(row.team_id, row.kind): row for row in rows}
    found: dict[str, Contact] = {}
    for place in reversed(places):
        found |= {kind: row for (team, kind), row in newest.items() if team == place and (row.name or row.phone)}
    return found


def mails_about(session: Session, ids: Collection[int], first_day: date, at: datetime, zone: str) -> list[MailAbout]:
    """The reminders to these people, and the digests to managers and to the safeguarding lead that name them, from
    `first_day` until the moment `at`, with what was known at that moment of each mail; in the order of recording."""
    if not ids:
        return []
    rows = session.execute(
        select(
            Reminder, OutboxMail.id, OutboxMail.sent_at, OutboxMail.bounced_at,
            OutboxMail.next_try_at, OutboxMail.withheld, OutboxMail.claimed_at, OutboxMail.given_up_at, OutboxMail.resumed_at,
        )
        .outerjoin(OutboxMail, OutboxMail.key == Reminder.key)
        .where(Reminder.leaves_on >= first_day, Reminder.made_at <= at)
        .where(or_(Reminder.kind.in_(DIGEST_KINDS), _person_condition(_REMINDED, ids)))
        .order_by(Reminder.id)
    ).all()  # fmt: skip
    names = names_at(session, {one for row in rows for one in (row[0].person_id, row[0].made_by)}, at)
    wanted, mails = set(ids), []
    for reminder, mail_id, *state in rows:
        named = reminder.named if reminder.kind in DIGEST_KINDS else (reminder.person_id,)
        if about := wanted.intersection(named):
            outcome, moment = _mail_fate(state).outcome_at(at) if mail_id is not None else ("not-kept", None)
            mails.append(
                MailAbout(
                    cast("MailKind", reminder.kind), about, reminder.leaves_on, names.get(reminder.person_id, ""),
                    names.get(reminder.made_by, ""),
                    reminder.reason if reminder.kind == REQUESTED else "", outcome,
                    civil_date(moment, zone) if moment else None,
                )
            )  # fmt: skip
    return mails


def told_about(session: Session, ids: Collection[int], first_day: date, at: datetime, zone: str) -> list[ToldAbout]:
    """What these people were reminded of in person from `first_day` until the moment `at`, without what had been withdrawn by
    then; in the order of recording."""
    if not ids:
        return []
    statement = (
        select(InPersonReminder)
        .outerjoin(InPersonWithdrawal, InPersonWithdrawal.reminder_id == InPersonReminder.id)
        .where(InPersonReminder.made_at <= at, _person_condition(InPersonReminder.person_id, ids))
        .where(or_(InPersonWithdrawal.made_at.is_(None), InPersonWithdrawal.made_at > at))
        .order_by(InPersonReminder.id)
    )
    rows = session.execute(statement).scalars().all()
    names, wanted = names_at(session, {one.made_by for one in rows}, at), set(ids)
    told = []
    for one in rows:
        day = civil_date(one.made_at, zone)
        if one.person_id in wanted and day >= first_day:
            told.append(
                ToldAbout(
                    one.person_id, day, names.get(one.made_by, ""), message_text(one.task, one.lines, one.due, day)
                )
            )
    return told


# The person of a reminder is empty only for a safeguarding lead.
_REMINDED = cast("InstrumentedAttribute[int]", Reminder.person_id)


def _mail_fate(state: Sequence[Any]) -> MailFate:
    sent_at, bounced_at, next_try_at, withheld, claimed_at, given_up_at, resumed_at = state
    flags = next_try_at is not None, withheld is not None, claimed_at is not None
    return MailFate(sent_at, bounced_at, *flags, given_up_at, resumed_at)


def content_versions(session: Session, at: datetime, zone: str) -> list[PackContentVersion]:
    """Every version of a part of the course that this installation had put in force by the moment `at`, oldest
    first."""
    rows = session.execute(
        select(ContentVersion.kind, ContentVersion.ref, ContentVersion.version, ContentVersion.first_shown_at)
        .where(ContentVersion.first_shown_at <= at)
        .order_by(ContentVersion.first_shown_at, ContentVersion.kind, ContentVersion.ref, ContentVersion.version)
    ).all()
    changes = session.execute(
        select(ContentVersion.ref, ContentVersion.version, ContentVersion.body).where(ContentVersion.kind == "change")
    )
    reasons = {(ref, version): str(json.loads(body)["reason"]) for ref, version, body in changes}
    return [
        PackContentVersion(
            civil_date(first_shown_at, zone),
            kind,
            ref,
            version,
            reasons.get((ref, version), "") if kind == "change" else "",
        )
        for kind, ref, version, first_shown_at in rows
    ]


def count_events(session: Session, ids: Collection[int], at: datetime) -> dict[str, int]:
    """The number of audit events by kind up to the moment `at`: events about these people, and about the rules."""
    kind = AuditEntry.what
    people = and_(
        AuditEntry.subject_kind == "person", or_(*(kind.startswith(f"{prefix}.") for prefix in PEOPLE_EVENT_KINDS))
    )
    rules = or_(*(kind.startswith(f"{prefix}.") for prefix in RULE_EVENT_KINDS))
    rows = session.execute(
        select(kind, AuditEntry.subject_kind, AuditEntry.subject_id, func.count())
        .where(AuditEntry.at <= at, or_(people, rules))
        .group_by(kind, AuditEntry.subject_kind, AuditEntry.subject_id)
    )
    counts: dict[str, int] = {}
    for event, subject_kind, subject_id, count in rows:
        if event.partition(".")[0] in RULE_EVENT_KINDS or (subject_kind == "person" and subject_id in ids):
            counts[event] = counts.get(event, 0) + count
    return counts


def selectable_teams(session: Session, viewer: Viewer, at: datetime) -> list[TeamView]:
    """The teams, as they were at the moment `at`, for which the viewer may request a pack."""
    teams = team_tree(session, at)
    scope = viewer.scope("make evidence packs")
    if scope.everyone:
        return teams
    parents = {team.id: team.parent_id for team in teams}
    visible = set[int]().union(*(team_subtree(team, parents) for team in scope.teams if team in parents))
    return [team for team in teams if team.id in visible]


def installation_keys(session: Session) -> tuple[Key, ...]:
    """The public keys of this installation; none if the database has no tables, as on a computer that only verifies
    packs."""
    if not inspect(session.get_bind()).has_table(SigningKey.__tablename__):
        return ()
    return keys(session)
