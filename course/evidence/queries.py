"""What a pack is made of, as it was known at a moment; and the packs that somebody asked for."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, inspect, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from course.audit.models import AuditEntry
from course.certificates.models import Certificate, CertificateChange
from course.content.models import ContentVersion
from course.credentials.models import SigningKey
from course.credentials.queries import keys
from course.credentials.rules.keys import Key
from course.dates import civil_date
from course.evidence.rules.tables import PackCompletion, PackContentVersion, PackExtension, PackLeave
from course.learning.models import Completion, Enrolment
from course.people.models import Person
from course.people.queries import TeamView
from course.people.rules import Viewer
from course.recertification.models import RenewalExtension, RenewalImport, RenewalPause
from course.teams.queries import team_tree
from course.teams.rules import team_subtree

MAX_FILTERED_IDS = 5000  # people beyond whom it is quicker to read everybody's rows
# Deeds that show how the training is looked after. Signing in and passwords are nobody's business here.
PEOPLE_EVENT_KINDS = ("certificate", "deputy", "extension", "pathway", "pause", "person", "role", "team")
RULE_EVENT_KINDS = ("contact", "issuer", "organisation", "policy")


def _person_condition(column: InstrumentedAttribute[int], ids: Collection[int]) -> ColumnElement[bool]:
    return column.in_(ids) if len(ids) <= MAX_FILTERED_IDS else true()


def completions(session: Session, ids: Collection[int], at: datetime, zone: str) -> list[PackCompletion]:
    """What these people had completed by then, and their certificates, also those brought from elsewhere; in the order
    in which it was written down."""
    own = session.execute(
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
    found = [
        PackCompletion(
            person,
            kind,
            one.completed_on if one else civil_date(done.completed_at, zone),
            one.number if one else "",
            one.valid_until if one else None,
            done.edition,
            done.content_version,
            change.kind if change else "",
            civil_date(change.changed_at, zone) if change else None,
        )
        for person, kind, done, one, change in own
        if person in ids
    ]
    rows = session.execute(
        select(RenewalImport)
        .where(_person_condition(RenewalImport.person_id, ids), RenewalImport.made_at <= at)
        .order_by(RenewalImport.id)
    ).scalars()
    # The newest row about a certificate says whether it was taken back.
    brought = {(row.person_id, row.day, row.valid_until): row for row in rows if row.person_id in ids}
    return found + [
        PackCompletion(
            row.person_id, "brought", row.day, row.issuer, row.valid_until, "", "",
            "taken back" if row.withdrawn else "", row.withdrawn,
        )
        for row in brought.values()
    ]  # fmt: skip


def extensions(session: Session, ids: Collection[int], at: datetime) -> list[PackExtension]:
    """The time that these people had been given by then."""
    rows = session.execute(
        select(RenewalExtension, Person.name)
        .outerjoin(Person, Person.id == RenewalExtension.made_by)
        .where(_person_condition(RenewalExtension.person_id, ids), RenewalExtension.made_at <= at)
        .order_by(RenewalExtension.id)
    )
    found: dict[tuple[int, date, date, str], PackExtension] = {}
    for row, by in rows:
        key = (row.person_id, row.recorded, row.until, row.reason)
        if row.person_id in ids:
            giver = found[key].by if row.withdrawn and key in found else by or ""
            found[key] = PackExtension(row.person_id, row.recorded, row.until, row.reason, giver, row.withdrawn)
    return list(found.values())


def leaves(session: Session, ids: Collection[int], at: datetime) -> list[PackLeave]:
    """The long leaves of these people, as they were known then. Why somebody is away is not asked for."""
    rows = session.execute(
        select(RenewalPause)
        .where(_person_condition(RenewalPause.person_id, ids), RenewalPause.made_at <= at)
        .order_by(RenewalPause.id)
    ).scalars()
    known = {(row.person_id, row.since): row for row in rows if row.person_id in ids}
    return [
        PackLeave(row.person_id, row.recorded, row.since, row.until)
        for row in known.values()
        if row.until is None or row.until >= row.since
    ]


def content_versions(session: Session, at: datetime, zone: str) -> list[PackContentVersion]:
    """Every part of the course that this installation had taught by then, in the order in which it was put in force."""
    rows = session.execute(
        select(ContentVersion.kind, ContentVersion.ref, ContentVersion.version, ContentVersion.first_shown_at)
        .where(ContentVersion.first_shown_at <= at)
        .order_by(ContentVersion.first_shown_at, ContentVersion.kind, ContentVersion.ref, ContentVersion.version)
    ).all()
    changes = session.execute(
        select(ContentVersion.ref, ContentVersion.version, ContentVersion.body).where(ContentVersion.kind == "change")
    )
    why = {(ref, version): str(json.loads(body)["reason"]) for ref, version, body in changes}
    return [
        PackContentVersion(
            civil_date(first, zone), kind, ref, version, why.get((ref, version), "") if kind == "change" else ""
        )
        for kind, ref, version, first in rows
    ]


def count_events(session: Session, ids: Collection[int], at: datetime) -> dict[str, int]:
    """How many entries of each deed the log held by then: those about these people, and those about the rules."""
    kind = AuditEntry.what
    people = and_(AuditEntry.subject_kind == "person", or_(*(kind.startswith(f"{one}.") for one in PEOPLE_EVENT_KINDS)))
    rules = or_(*(kind.startswith(f"{one}.") for one in RULE_EVENT_KINDS))
    rows = session.execute(
        select(kind, AuditEntry.subject_kind, AuditEntry.subject_id, func.count())
        .where(AuditEntry.at <= at, or_(people, rules))
        .group_by(kind, AuditEntry.subject_kind, AuditEntry.subject_id)
    )
    found: dict[str, int] = {}
    for what, subject, number, count in rows:
        if what.partition(".")[0] in RULE_EVENT_KINDS or (subject == "person" and number in ids):
            found[what] = found.get(what, 0) + count
    return found


def selectable_teams(session: Session, viewer: Viewer, at: datetime) -> list[TeamView]:
    """The teams, as they were at that moment, for which somebody may ask for a pack."""
    every = team_tree(session, at)
    if viewer.administrator:
        return every
    parents = {team.id: team.parent_id for team in every}
    seen = set[int]().union(*(team_subtree(team, parents) for team in viewer.manages if team in parents))
    return [team for team in every if team.id in seen]


def installation_keys(session: Session) -> tuple[Key, ...]:
    """The public keys of this installation; none if it has no tables yet, as where somebody only checks a pack."""
    if not inspect(session.get_bind()).has_table(SigningKey.__tablename__):
        return ()
    return keys(session)
