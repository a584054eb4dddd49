"""Issuing, re-issuing and revoking certificates, and the links to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.certificates.events import CertificateRevoked
from course.certificates.models import Certificate, CertificateChange, CertificateLinkEnd, WalletLink, WalletLinkEnd
from course.certificates.queries import certificate_link_number, certificates_in_another_name, wallet_link_number
from course.certificates.rules import certificate_languages, languages_of_issue, new_number, valid_until
from course.content.schema import SETTINGS
from course.context import Context, make_context
from course.credentials.actions import revoke_credential, sign_credential
from course.credentials.queries import signed_certificate_ids
from course.credentials.rules.documents import CertificateData
from course.db import insert_once, lock_row
from course.events import publish
from course.learning.events import CourseCompleted
from course.organisation.queries import organisation_of, signatory
from course.people.models import Person
from course.supervised_sessions.queries import completion_mark
from course.translation import languages

# Where a session has the titles of the course by their languages.
COURSE_TITLES = "course_titles"


def issue_certificate(session: Session, event: CourseCompleted, last_day: date | None = None) -> None:
    """Issue the certificate of a completion, with its signed credential.

    The certificate is a copy of the names as of now, with the title of the holder's team or of the organisation. Its last
    day of validity is `last_day` or, by default, the completion plus the validity of the course in months. Raises
    LookupError without a person or an organisation.
    """
    # Locked and as it is now: whoever gives them another name at this moment has re-issued what there was, and cannot see this.
    holder = session.get(Person, event.person_id, with_for_update={"key_share": True}, populate_existing=True)
    own_organisation = organisation_of(session, event.person_id)
    if holder is None or own_organisation is None:
        raise LookupError("a completion needs a person and an organisation")
    signed_by = signatory(session)
    mark = completion_mark(session, event.completion_id)
    issued = Certificate(
        completion_id=event.completion_id,
        person_id=event.person_id,
        number=new_number(secrets.choice),
        name=holder.name,
        course=event.course,
        organisation=own_organisation.name,
        edition=event.edition,
        content_version=event.content_version,
        completed_on=event.on,
        valid_until=last_day or valid_until(event.on, event.valid_months),
        issued_at=event.at,
        pathway=event.pathway,
        minutes=event.minutes,
        sections="\n".join(event.sections),
        kind=event.kind,
        language=languages_of_issue(holder.language, own_organisation.language),
        signatory_name=signed_by.name,
        signatory_role=signed_by.role,
        supervised_on=mark.held_on if mark else None,
    )
    session.add(issued)
    session.flush()
    details = {"number": issued.number, "completed_on": event.on, "valid_until": issued.valid_until}
    record_event(make_context(session, None, event.at), "certificate.issued", ("person", event.person_id), details)
    sign_credential(session, _certificate_data(issued, session), event.at)


def reissue(context: Context, old: str, name: str, reason: str, language: str | None = None) -> str:
    """Issue a certificate again under another name; the old one is marked as replaced. Returns the new number. It stays in
    the language of the old one, unless `language` names another, or two with + between them.

    Raises LookupError if the number does not exist, ValueError if the certificate was replaced or revoked, or the language
    is not offered.
    """
    for named in (language or "").split("+") if language is not None else ():
        if named not in languages():
            raise ValueError(f"the language {named!r} is not offered")
    session = context.session
    before = _require_unchanged(session, old)
    values = {column.name: getattr(before, column.name) for column in Certificate.__table__.columns}
    values |= {
        "id": None,
        "number": new_number(secrets.choice),
        "name": name.strip(),
        "language": language or before.language,
        "issued_at": context.now,
        "replaces": before.id,
    }
    after = Certificate(**values)
    session.add_all([after, _new_change(before, "replaced", reason, context.actor, context.now)])
    session.flush()
    details = {"number": old, "by": after.number, "reason": reason}
    record_event(context, "certificate.replaced", ("person", before.person_id), details)
    revoke_credential(session, before.id, context.now)
    sign_credential(session, _certificate_data(after, session), context.now)
    return after.number


def reissue_in_name(context: Context, person_id: int, name: str, reason: str) -> int:
    """Re-issue all certificates of a person that bear another name. Returns how many there were."""
    # Serialised by the lock: of two concurrent calls the second finds nothing to do.
    lock_row(context.session, Person, person_id)
    outdated = certificates_in_another_name(context.session, person_id, name)
    for old in outdated:
        reissue(context, old.number, name, reason)
    return len(outdated)


def revoke(context: Context, old: str, reason: str) -> None:
    """Revoke a certificate and its credentials. Raises as `reissue` does."""
    session = context.session
    # Whoever merges its holder at this moment has either recorded it for the other entry by now, or finds it revoked.
    holder = session.execute(select(Certificate.person_id).where(Certificate.number == old)).scalar_one_or_none()
    if holder is not None:
        lock_row(session, Person, holder)
    before = _require_unchanged(session, old)
    session.add(_new_change(before, "revoked", reason, context.actor, context.now))
    session.flush()
    record_event(context, "certificate.revoked", ("person", before.person_id), {"number": old, "reason": reason})
    revoke_credential(session, before.id, context.now)
    all_numbers = (
        select(Certificate.number).where(Certificate.completion_id == before.completion_id).order_by(Certificate.id)
    )
    numbers = tuple(session.execute(all_numbers).scalars())
    publish(session, CertificateRevoked(before.person_id, numbers, reason, context.actor, context.now))


def end_certificate_link(context: Context, person_id: int, number: int) -> bool:
    """End the certificate link with this number; from now on the next one is valid.

    Returns False, and writes nothing, if the link was ended before.
    """
    if number != certificate_link_number(context.session, person_id):
        return False
    values = {"person_id": person_id, "number": number, "ended_by": context.actor, "ended_at": context.now}
    if insert_once(context.session, CertificateLinkEnd, **values) is None:
        return False
    record_event(context, "certificate.link_ended", ("person", person_id), {"number": number + 1})
    return True


def make_wallet_link(context: Context, number: str) -> bool:
    """Make a link at which a wallet fetches the signed file of this certificate, which the acting person holds.

    Returns False, and writes nothing, if there is a link already. Raises LookupError if the certificate is not the person's,
    ValueError if it was replaced or revoked.
    """
    session = context.session
    found = _require_unchanged(session, number)
    if found.person_id != context.actor or not found.name:
        raise LookupError(f"certificate {number} is of another person")
    # Two links at once would be two rows of one number: the lock above serialises them on PostgreSQL, and SQLite itself.
    if wallet_link_number(session, found.id) is not None:
        return False
    last = session.execute(
        select(func.max(WalletLink.number)).where(WalletLink.certificate_id == found.id)
    ).scalar_one()
    values = {"certificate_id": found.id, "number": 0 if last is None else last + 1, "made_at": context.now}
    if insert_once(session, WalletLink, **values) is None:
        return False
    record_event(context, "certificate.wallet_link_made", ("person", found.person_id), {"number": number})
    return True


def end_wallet_link(context: Context, number: str, link_number: int) -> bool:
    """End this wallet link of a certificate that the acting person holds: it opens nothing any more.

    Returns False, and writes nothing, if it was ended before, or is not the person's.
    """
    session = context.session
    statement = (
        select(WalletLink.id, Certificate.person_id)
        .join(Certificate, Certificate.id == WalletLink.certificate_id)
        .where(Certificate.number == number, Certificate.person_id == context.actor, WalletLink.number == link_number)
    )
    link = session.execute(statement).one_or_none()
    if link is None or insert_once(session, WalletLinkEnd, link_id=link.id, ended_at=context.now) is None:
        return False
    record_event(context, "certificate.wallet_link_ended", ("person", link.person_id), {"number": number})
    return True


def sign_missing_credentials(session: Session, at: datetime) -> tuple[int, int]:
    """Sign the credentials of all certificates that have none by a key that is still trusted.

    Certificates that were replaced or revoked, or whose name was erased, need none. Returns how many were signed, and
    how many could not be signed.
    """
    signed_ids = signed_certificate_ids(session)
    changed_ids = select(CertificateChange.certificate_id)
    needs_credential = (Certificate.id.not_in(changed_ids), Certificate.name != "")
    candidates = session.execute(select(Certificate).where(*needs_credential).order_by(Certificate.id)).scalars()
    results = [
        sign_credential(session, _certificate_data(row, session), at) for row in candidates if row.id not in signed_ids
    ]
    return results.count(True), results.count(False)


def _certificate_data(issued: Certificate, session: Session | None = None) -> CertificateData:
    """The contents of a certificate, for its credential; with a session that knows the titles of the course, in each language."""
    titles: Mapping[str, str] = session.info.get(COURSE_TITLES, {}) if session else {}
    return CertificateData(
        languages=certificate_languages(issued.language),
        titles=tuple(titles.items()) if issued.course in titles.values() else (),
        certificate_id=issued.id,
        number=issued.number,
        name=issued.name,
        course=issued.course,
        organisation=issued.organisation,
        edition=issued.edition,
        content_version=issued.content_version,
        completed_on=issued.completed_on,
        valid_until=issued.valid_until,
        issued_at=issued.issued_at,
        pathway=next((words for name, words in SETTINGS.items() if name == issued.pathway), ""),
        minutes=issued.minutes,
        kind=issued.kind,
        sections=tuple((issued.sections or "").splitlines()),
    )


def _require_unchanged(session: Session, number: str) -> Certificate:
    """The certificate, locked for the transaction. Raises LookupError or ValueError as `reissue` does."""
    statement = select(Certificate).where(Certificate.number == number)
    found = session.execute(statement.with_for_update()).scalar_one_or_none()
    if found is None:
        raise LookupError(f"there is no certificate {number}")
    kinds = select(CertificateChange.kind).where(CertificateChange.certificate_id == found.id)
    kind = session.execute(kinds).scalars().first()
    if kind is not None:
        raise ValueError(f"certificate {number} was {kind} before")
    return found


def _new_change(changed: Certificate, kind: str, reason: str, by: int | None, at: datetime) -> CertificateChange:
    return CertificateChange(certificate_id=changed.id, kind=kind, reason=reason, changed_by=by, changed_at=at)
