"""Certificates: number, validity and state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from course.dates import add_months
from course.translation import SOURCE_LANGUAGE, languages

# Without letters and digits that are confused on paper and on the telephone.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 12


def new_number(choose: Callable[[str], str]) -> str:
    """A number such as K7QM-2FXA-9TRC.

    `choose` picks a random character, so that a number says neither how many certificates there are nor what the next
    number is.
    """
    characters = "".join(choose(NUMBER_ALPHABET) for _ in range(NUMBER_LENGTH))
    return "-".join(characters[i : i + 4] for i in range(0, NUMBER_LENGTH, 4))


_BETWEEN_LANGUAGES = "+"


def languages_of_issue(chosen: str | None, usual: str | None) -> str | None:
    """The languages in which a certificate is issued to a person who chose `chosen`, in an organisation whose first language
    is `usual`, as they are stored; None for English. With another first language it is issued in that and in English."""
    if usual in (None, SOURCE_LANGUAGE):
        return chosen
    first = chosen or usual
    second = SOURCE_LANGUAGE if first != SOURCE_LANGUAGE else usual
    return f"{first}{_BETWEEN_LANGUAGES}{second}"


def certificate_languages(stored: str | None) -> tuple[str, ...]:
    """The languages of a certificate, the main one first, out of those that are offered; English if none of them is."""
    found = [language for language in (stored or "").split(_BETWEEN_LANGUAGES) if language in languages()]
    return tuple(found) or (SOURCE_LANGUAGE,)


CertificateChangeKind = Literal["replaced", "revoked"]
CertificateState = Literal["valid", "expired", "replaced", "revoked"]


@dataclass(frozen=True)
class CertificateChangeView:
    """What became of a certificate, when, and why."""

    kind: CertificateChangeKind
    changed_at: datetime
    reason: str


def certificate_state(last_day: date, change: CertificateChangeView | None, today: date) -> CertificateState:
    """The state of a certificate: a change comes before the dates; the last day is still valid."""
    if change is not None:
        return change.kind
    return "valid" if today <= last_day else "expired"


def normalise_number(text: str) -> str:
    """A number in its stored form, from anything that a person types or a scanner reads: k7qm 2fxa 9trc."""
    characters = "".join(character for character in text.upper() if character.isascii() and character.isalnum())[
        : NUMBER_LENGTH + 1
    ]
    return "-".join(characters[i : i + 4] for i in range(0, len(characters), 4))


def is_number(text: str) -> bool:
    """Whether a text is the number of a certificate in its stored form."""
    return re.fullmatch(rf"(?:[{NUMBER_ALPHABET}]{{4}}-){{2}}[{NUMBER_ALPHABET}]{{4}}", text) is not None


def valid_until(completed_on: date, months: int) -> date:
    """The last day of validity."""
    return add_months(completed_on, months)
