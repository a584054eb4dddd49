"""Rules for external certificates: issuer profiles, permitted addresses, and the reasons to refuse a certificate."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from course.credentials.rules.checking import CredentialClaims, CredentialVerdict
from course.credentials.rules.keys import Key, read_keys
from course.network_addresses import is_this_machine
from course.people.rules import normalise_line
from course.recertification.rules.civil_dates import add_months, long_date
from course.text import unify_signs
from course.translation import lazy_gettext as _
from course.translation import lazy_ngettext, lazy_sentences

MAX_PROFILE_LENGTH = 20_000  # characters


@dataclass(frozen=True)
class Issuer:
    """Another organisation whose certificates may be accepted: its address (the `id` of its profile), name and
    public keys."""

    address: str
    name: str
    keys: tuple[Key, ...]


def read_profile(text: str) -> Issuer:
    """The issuer of a profile, as the other installation serves it at /issuer. Raises ValueError with a message for
    display."""
    if len(text) > MAX_PROFILE_LENGTH:
        raise ValueError(_("it is too long for a profile"))
    keys = read_keys(text)
    try:
        profile: Any = json.loads(text)
        address, name = profile["id"], profile["name"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(_("it is not an issuer’s profile: it has no name or address")) from error
    if not isinstance(address, str) or not isinstance(name, str) or not normalise_line(name) or len(address) > 300:
        raise ValueError(_("it is not an issuer’s profile: it has no name or address"))
    if not is_allowed_address(address):
        raise ValueError(_("its address %(address)s does not begin with https://", address=address))
    if any(key.issuer != address for key in keys):
        raise ValueError(_("a key in it belongs to another issuer"))
    return Issuer(address, normalise_line(name)[:200], keys)


def is_allowed_address(address: str) -> bool:
    """Whether an address may be contacted by its form: HTTPS, or this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))


def upload_refusal(
    verdict: CredentialVerdict, name: str, course: str, own_issuer: str, last_age_months: int | None, today: date
) -> str | None:
    """Why an uploaded certificate is refused, before its revocation is checked; None if it may be accepted.

    `name` is that of the person who uploads it, `course` the title of the course here, `own_issuer` the address of this
    installation's issuer, `last_age_months` the maximum age by the policy (None: any age).
    """
    claims = verdict.claims
    if claims is not None and claims.issuer == own_issuer:
        return _("This certificate was issued here, so it already counts.")
    if verdict.state == "other issuer":
        return lazy_sentences(
            [verdict.sentence, _("Your organisation does not accept certificates from this issuer. Ask your manager.")]
        )
    if claims is None or not verdict.is_signature_valid:
        return verdict.sentence
    return _claims_refusal(claims, name, course, last_age_months, today)


def _claims_refusal(
    claims: CredentialClaims, name: str, course: str, last_age_months: int | None, today: date
) -> str | None:
    if claims.course != course:
        return _("It is a certificate for another course: %(course)s.", course=claims.course)
    if not is_same_name(claims.holder_name, name):
        return _(
            "It is in the name %(holder_name)s, but your name here is %(name)s. If it is yours, "
            "show it to your manager, who can record it.",
            holder_name=claims.holder_name,
            name=name,
        )
    if claims.completed_on > today:
        return _(
            "It says that the course was completed on %(completed_on)s, which is in the future.",
            completed_on=long_date(claims.completed_on),
        )
    if claims.last_day < today:
        return _(
            "It was valid until %(last_day)s and has expired.",
            last_day=long_date(claims.last_day),
        )
    if last_age_months is not None and claims.completed_on < add_months(today, -last_age_months):
        return lazy_ngettext(
            "The course was completed on %(day)s. A certificate counts here only if it is at most %(num)s month old when you "
            "upload it.",
            "The course was completed on %(day)s. A certificate counts here only if it is at most %(num)s months old when you "
            "upload it.",
            last_age_months,
            day=long_date(claims.completed_on),
        )
    return None


def is_same_name(one: str, other: str) -> bool:
    """Whether two names are equal apart from capitals, spaces, Unicode forms and kinds of apostrophe and hyphen."""

    def plain(name: str) -> str:
        return normalise_line(unicodedata.normalize("NFKC", unify_signs(name))).casefold()

    return plain(one) == plain(other)
