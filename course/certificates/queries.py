"""Reading certificates, their changes and their links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from course.certificates.models import Certificate, CertificateChange, CertificateLinkEnd, WalletLink, WalletLinkEnd
from course.certificates.rules import CertificateChangeKind, CertificateChangeView


def certificates(session: Session, person_id: int) -> list[Certificate]:
    """All certificates of a person that still bear a name, newest first."""
    statement = (
        select(Certificate)
        .where(Certificate.person_id == person_id, Certificate.name != "")
        .order_by(Certificate.id.desc())
    )
    return list(session.execute(statement).scalars())


def certificate(session: Session, person_id: int, number: str) -> Certificate | None:
    """A certificate by its number; None if it belongs to another person, or its name was erased."""
    conditions = (Certificate.person_id == person_id, Certificate.number == number, Certificate.name != "")
    statement = select(Certificate).where(*conditions)
    return session.execute(statement).scalar_one_or_none()


def certificates_in_another_name(session: Session, person_id: int, name: str) -> list[Certificate]:
    """The certificates of a person that are neither replaced nor revoked and bear another name, oldest first."""
    was_changed = exists().where(CertificateChange.certificate_id == Certificate.id)
    statement = select(Certificate).where(
        Certificate.person_id == person_id, Certificate.name.not_in((name, "")), ~was_changed
    )
    return list(session.execute(statement.order_by(Certificate.id)).scalars())


def certificate_link_number(session: Session, person_id: int) -> int:
    """The number of the person's valid certificate link, from 0: the one after the last link that was ended."""
    ended = select(func.max(CertificateLinkEnd.number)).where(CertificateLinkEnd.person_id == person_id)
    last = session.execute(ended).scalar_one()
    return 0 if last is None else last + 1


@dataclass(frozen=True)
class CertificateCheck:
    """A certificate with its change, as anybody may check it.

    Only the holder may see the reason of the change.
    """

    certificate: Certificate
    change: CertificateChangeView | None


def check_certificate(session: Session, number: str) -> CertificateCheck | None:
    """A certificate by its number, whoever holds it; None if there is none."""
    found = session.execute(select(Certificate).where(Certificate.number == number)).scalar_one_or_none()
    if found is None:
        return None
    change = (
        session.execute(
            select(CertificateChange).where(CertificateChange.certificate_id == found.id).order_by(CertificateChange.id)
        )
        .scalars()
        .first()
    )
    view = (
        None
        if change is None
        else CertificateChangeView(cast("CertificateChangeKind", change.kind), change.changed_at, change.reason)
    )
    return CertificateCheck(found, view)


def wallet_link_number(session: Session, certificate_id: int) -> int | None:
    """The number of the certificate's valid wallet link; None if it has none."""
    statement = (
        select(WalletLink.number)
        .outerjoin(WalletLinkEnd, WalletLinkEnd.link_id == WalletLink.id)
        .where(WalletLink.certificate_id == certificate_id, WalletLinkEnd.id.is_(None))
        .order_by(WalletLink.number.desc())
        .limit(1)
    )
    return session.execute(statement).scalar_one_or_none()


def linked_certificate(session: Session, certificate_id: int) -> CertificateCheck | None:
    """The certificate of a wallet link; None if its name was erased."""
    number = session.execute(
        select(Certificate.number).where(Certificate.id == certificate_id, Certificate.name != "")
    ).scalar_one_or_none()
    return None if number is None else check_certificate(session, number)
