"""Trusting the issuers of other organisations, and accepting their certificates."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.context import Context
from course.credentials.rules.checking import CredentialClaims, is_revoked, status_list_entry
from course.db import insert_once
from course.external_certificates import queries
from course.external_certificates.models import TrustedIssuer
from course.external_certificates.queries import trusted_issuers
from course.external_certificates.rules import Issuer, read_profile
from course.network_addresses import address_refusal
from course.people.models import Person
from course.people.rules import normalise_line
from course.recertification.actions import SHORTEN, import_completion
from course.recertification.rules.facts import INITIAL, ExternalCompletion
from course.translation import error_text
from course.translation import lazy_gettext as _

# Returns the bytes at an address. Raises OSError.
Fetch = Callable[[str], bytes]


class IssuerAlreadyTrustedError(ValueError):
    """The issuer is trusted already, with the same profile."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(f"certificates of {issuer.name} count already, by this very profile")
        self.issuer = issuer


def trust_issuer(context: Context, profile: str, reason: str, allow_local: bool = False) -> Issuer:
    """Accept certificates of this issuer from now on; a newer profile replaces an earlier one.

    `allow_local`: the issuer may be on this machine. Raises ValueError, with a message for display, for a text that is
    no profile, and IssuerAlreadyTrustedError.
    """
    issuer = read_profile(profile)
    if refusal := address_refusal(issuer.address, allow_local):
        raise ValueError(f"{refusal}, so it could not be asked whether a certificate was revoked")
    number = _next_number(context.session, issuer.address)
    if queries.latest_decision(context.session, issuer.address) == ("trusted", profile):
        raise IssuerAlreadyTrustedError(issuer)
    if not _add_row(context, "trusted", number, issuer, profile, reason):
        raise IssuerAlreadyTrustedError(issuer)
    record_event(context, "issuer.trusted", None, {"issuer": issuer.name, "address": issuer.address, "reason": reason})
    return issuer


def distrust_issuer(context: Context, issuer_id: int, reason: str) -> bool:
    """Accept no new certificates of this issuer; those accepted before stay valid. Returns False if the trust had
    ended."""
    session = context.session
    row = session.get(TrustedIssuer, issuer_id)
    number = 0 if row is None else _next_number(session, row.address)
    if row is None or issuer_id not in {trusted.id for trusted in trusted_issuers(session)}:
        return False
    if not _add_row(context, "ended", number, read_profile(row.profile), row.profile, reason):
        return False
    record_event(context, "issuer.ended", None, {"issuer": row.name, "address": row.address, "reason": reason})
    return True


def _next_number(session: Session, address: str) -> int:
    """The number of the next row of an issuer.

    Call this before reading the rows: of two concurrent decisions the second gets the same number, which the unique
    index refuses.
    """
    return queries.count_issuer_rows(session, address) + 1


def _add_row(context: Context, kind: str, number: int, issuer: Issuer, profile: str, reason: str) -> bool:
    """Add the row of a decision; False if a concurrent decision was faster."""
    row_id = insert_once(
        context.session, TrustedIssuer, kind=kind, address=issuer.address, number=number, name=issuer.name, profile=profile,
        reason=reason, made_by=context.actor, made_at=context.now,
    )  # fmt: skip
    return row_id is not None


def revocation_refusal(document: bytes, issuer: Issuer, fetch: Fetch) -> str | None:
    """Why a credential is refused after reading the issuer's status list; None if it is accepted."""
    try:
        address, list_index = status_list_entry(document)
        if not address.startswith(f"{issuer.address}/"):
            raise ValueError(_("its revocation is listed by someone else"))
        revoked = is_revoked(fetch(address), issuer.keys, address, list_index)
    except OSError:
        return _("We could not ask %(name)s if it was revoked. Try again later.", name=issuer.name)
    except ValueError as error:
        return _("We cannot tell if it was revoked: %(error)s. Show it to your manager.", error=error_text(error))
    return _("%(name)s has revoked or replaced it.", name=issuer.name) if revoked else None


def accept_certificate(context: Context, claims: CredentialClaims, document: bytes) -> bool:
    """Record an external certificate of the person who acts as a completion, with the signed document as proof; False
    if it was recorded before."""
    # The lock serialises two simultaneous uploads of the same file.
    context.session.execute(select(Person.id).where(Person.id == context.person_id).with_for_update())
    completion = ExternalCompletion(
        claims.completed_on, claims.last_day, normalise_line(claims.organisation)[:200], INITIAL, document.decode()
    )
    reason = _("Uploaded by its holder; the signature was checked.")
    return import_completion(context, context.person_id, completion, reason, SHORTEN)
