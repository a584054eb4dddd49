"""Trusting another organisation's certificates, and letting one count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.credentials.rules.checking import CredentialClaims, is_revoked, status_list_entry
from course.db import insert_once
from course.external_certificates import queries
from course.external_certificates.models import TrustedIssuer
from course.external_certificates.queries import trusted_issuers
from course.external_certificates.rules import Issuer, address_refusal, read_profile
from course.people.models import Person
from course.people.rules import normalise_line
from course.recertification.actions import SHORTEN, import_completion
from course.recertification.rules.facts import INITIAL

# Gets the bytes at an address. Raises OSError.
Fetch = Callable[[str], bytes]


class IssuerAlreadyTrustedError(ValueError):
    """The issuer is trusted already, by the same profile."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(f"certificates of {issuer.name} count already, by this very profile")
        self.issuer = issuer


def trust_issuer(
    session: Session, profile: str, reason: str, by: int | None, at: datetime, here: bool = False
) -> Issuer:
    """From now on certificates of this issuer count; its newest profile takes the place of an earlier one. `here`: the
    issuer may be on this machine.

    Raises ValueError, in words, for a text that is no profile, and KnownError for one that counts already.
    """
    issuer = read_profile(profile)
    if why := address_refusal(issuer.address, here):
        raise ValueError(f"{why}, so it could not be asked whether a certificate was revoked")
    number = _next_number(session, issuer.address)
    if queries.latest_decision(session, issuer.address) == ("trusted", profile):
        raise IssuerAlreadyTrustedError(issuer)
    if not _add_row(session, "trusted", number, issuer, profile, reason, by, at):
        raise IssuerAlreadyTrustedError(issuer)
    record_event(
        session, "issuer.trusted", None, {"issuer": issuer.name, "address": issuer.address, "reason": reason}, by, at
    )
    return issuer


def distrust_issuer(session: Session, issuer_id: int, reason: str, by: int | None, at: datetime) -> bool:
    """From now on its certificates count no more; those that counted before keep counting. False if that is so."""
    row = session.get(TrustedIssuer, issuer_id)
    number = 0 if row is None else _next_number(session, row.address)
    if row is None or issuer_id not in {one.id for one in trusted_issuers(session)}:
        return False
    if not _add_row(session, "ended", number, read_profile(row.profile), row.profile, reason, by, at):
        return False
    record_event(session, "issuer.ended", None, {"issuer": row.name, "address": row.address, "reason": reason}, by, at)
    return True


def _next_number(session: Session, address: str) -> int:
    """The number of an issuer's next row: to be asked before it is looked what there is, so that whoever comes in
    between takes it."""
    return queries.count_issuer_rows(session, address) + 1


def _add_row(
    session: Session, kind: str, number: int, issuer: Issuer, profile: str, reason: str, by: int | None, at: datetime
) -> bool:
    """Add that row; False if somebody was quicker."""
    made = insert_once(
        session, TrustedIssuer, kind=kind, address=issuer.address, number=number, name=issuer.name, profile=profile,
        reason=reason, made_by=by, made_at=at,
    )  # fmt: skip
    return made is not None


def revocation_refusal(document: bytes, issuer: Issuer, fetch: Fetch) -> str | None:
    """Why a credential does not count after its issuer was asked whether it was revoked; None if it does."""
    try:
        address, place = status_list_entry(document)
        if not address.startswith(f"{issuer.address}/"):
            raise ValueError("its revocation is listed by somebody else")
        gone = is_revoked(fetch(address), issuer.keys, address, place)
    except OSError:
        return f"{issuer.name} could not be asked whether it was revoked. Please try again later."
    except ValueError as error:
        return f"Whether it was revoked cannot be told: {error}. Please show it to your manager."
    return f"{issuer.name} has revoked or replaced it." if gone else None


def accept_certificate(
    session: Session, person_id: int, said: CredentialClaims, document: bytes, today: date, at: datetime
) -> bool:
    """Let the certificate count from now on, with the signed document as its proof; False if it does already."""
    # The same file sent twice at once is read one after the other.
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    return import_completion(
        session, person_id, said.completed_on, said.last_day, normalise_line(said.organisation)[:200], INITIAL,
        "Uploaded by its holder; the signature was checked.", today, person_id, at, document.decode(), SHORTEN,
    )  # fmt: skip
