"""Issuing certificates, and what becomes of them afterwards."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.certificates.events import CertificateRevoked
from course.certificates.models import Certificate, CertificateChange, CertificateLinkEnd
from course.certificates.queries import certificate_link_number, certificates_in_another_name
from course.certificates.rules import new_number, valid_until
from course.content.schema import SETTINGS
from course.credentials.actions import revoke_credential, sign_credential
from course.credentials.queries import signed_certificate_ids
from course.credentials.rules.documents import CertificateData
from course.db import insert_once
from course.events import publish
from course.learning.events import CourseCompleted
from course.organisation.queries import organisation
from course.people.models import Person
from course.people.queries import person


def issue_certificate(session: Session, event: CourseCompleted, last_day: date | None = None) -> None:
    """One certificate for a completion, with its signed credential: a copy of the names as they are today. Its last
    valid day is `last_day` or, if that is not said, so many months after the completion as the course says."""
    holder = person(session, event.person_id)
    ours = organisation(session)
    if holder is None or ours is None:
        raise LookupError("a completion needs a person and an organisation")
    made = Certificate(
        completion_id=event.completion_id,
        person_id=event.person_id,
        number=new_number(secrets.choice),
        name=holder.name,
        course=event.course,
        organisation=ours.name,
        edition=event.edition,
        content_version=event.content_version,
        completed_on=event.on,
        valid_until=last_day or valid_until(event.on, event.valid_months),
        issued_at=event.at,
        pathway=event.pathway,
        minutes=event.minutes,
        sections="\n".join(event.sections),
        kind=event.kind,
    )
    session.add(made)
    session.flush()
    details = {"number": made.number, "completed_on": event.on, "valid_until": made.valid_until}
    record_event(session, "certificate.issued", ("person", event.person_id), details, None, event.at)
    sign_credential(session, _certificate_data(made), event.at)


def reissue(session: Session, old: str, name: str, reason: str, by: int | None, at: datetime) -> str:
    """The same certificate under another name; the old one is marked as replaced. Returns the new number.

    Raises LookupError for a number that does not exist, ValueError for one that was replaced or revoked.
    """
    before = _require_unchanged(session, old)
    same = {column.name: getattr(before, column.name) for column in Certificate.__table__.columns}
    same |= {
        "id": None,
        "number": new_number(secrets.choice),
        "name": name.strip(),
        "issued_at": at,
        "replaces": before.id,
    }
    after = Certificate(**same)
    session.add_all([after, _new_change(before, "replaced", reason, by, at)])
    session.flush()
    details = {"number": old, "by": after.number, "reason": reason}
    record_event(session, "certificate.replaced", ("person", before.person_id), details, by, at)
    revoke_credential(session, before.id, at)
    sign_credential(session, _certificate_data(after), at)
    return after.number


def reissue_in_name(session: Session, person_id: int, name: str, reason: str, by: int | None, at: datetime) -> int:
    """The same for all certificates of a person that bear another name; returns how many there were."""
    # Two at once come one after the other, and the second finds nothing to do.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    found = certificates_in_another_name(session, person_id, name)
    for old in found:
        reissue(session, old.number, name, reason, by, at)
    return len(found)


def revoke(session: Session, old: str, reason: str, by: int | None, at: datetime) -> None:
    """The certificate is not valid any more. Raises as `reissue` does."""
    before = _require_unchanged(session, old)
    session.add(_new_change(before, "revoked", reason, by, at))
    session.flush()
    record_event(
        session, "certificate.revoked", ("person", before.person_id), {"number": old, "reason": reason}, by, at
    )
    revoke_credential(session, before.id, at)
    same = select(Certificate.number).where(Certificate.completion_id == before.completion_id).order_by(Certificate.id)
    numbers = tuple(session.execute(same).scalars())
    publish(session, CertificateRevoked(before.person_id, numbers, reason, by, at))


def end_certificate_link(session: Session, person_id: int, number: int, by: int, at: datetime) -> bool:
    """The link with this number opens a person's certificates no more; the next one does. False, and nothing done, if it
    was ended before."""
    if number != certificate_link_number(session, person_id):
        return False
    if insert_once(session, CertificateLinkEnd, person_id=person_id, number=number, ended_by=by, ended_at=at) is None:
        return False
    record_event(session, "certificate.link_ended", ("person", person_id), {"number": number + 1}, by, at)
    return True


def sign_missing_credentials(session: Session, at: datetime) -> tuple[int, int]:
    """Sign the credentials of all certificates that have none, or none whose key still counts. A certificate
    that was replaced or revoked, or bears no name any more, needs none. Returns how many were signed, and how many could not be."""
    has = signed_certificate_ids(session)
    changed = select(CertificateChange.certificate_id)
    standing = (Certificate.id.not_in(changed), Certificate.name != "")
    rest = session.execute(select(Certificate).where(*standing).order_by(Certificate.id)).scalars()
    done = [sign_credential(session, _certificate_data(one), at) for one in rest if one.id not in has]
    return done.count(True), done.count(False)


def _certificate_data(made: Certificate) -> CertificateData:
    """What the credential of a certificate repeats."""
    return CertificateData(
        certificate_id=made.id,
        number=made.number,
        name=made.name,
        course=made.course,
        organisation=made.organisation,
        edition=made.edition,
        content_version=made.content_version,
        completed_on=made.completed_on,
        valid_until=made.valid_until,
        issued_at=made.issued_at,
        pathway=next((words for name, words in SETTINGS.items() if name == made.pathway), ""),
        minutes=made.minutes,
        kind=made.kind,
        sections=tuple((made.sections or "").splitlines()),
    )


def _require_unchanged(session: Session, wanted: str) -> Certificate:
    that = select(Certificate).where(Certificate.number == wanted)
    found = session.execute(that.with_for_update()).scalar_one_or_none()
    if found is None:
        raise LookupError(f"there is no certificate {wanted}")
    changed = select(CertificateChange.kind).where(CertificateChange.certificate_id == found.id)
    kind = session.execute(changed).scalars().first()
    if kind is not None:
        raise ValueError(f"certificate {wanted} was {kind} before")
    return found


def _new_change(of: Certificate, kind: str, reason: str, by: int | None, at: datetime) -> CertificateChange:
    return CertificateChange(certificate_id=of.id, kind=kind, reason=reason, changed_by=by, changed_at=at)
