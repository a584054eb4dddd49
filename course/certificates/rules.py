"""What a certificate says: its number, and until when it is valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from course.dates import add_months

# Without letters and digits that are mistaken for each other on paper and on the telephone.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 12


def new_number(choose: Callable[[str], str]) -> str:
    """A number such as K7QM-2FXA-9TRC. `choose` picks a character at random, so that a number tells
    neither how many certificates there are nor what the next one is."""
    signs = "".join(choose(NUMBER_ALPHABET) for _ in range(NUMBER_LENGTH))
    return "-".join(signs[i : i + 4] for i in range(0, NUMBER_LENGTH, 4))


CertificateChangeKind = Literal["replaced", "revoked"]
CertificateState = Literal["valid", "expired", "replaced", "revoked"]


@dataclass(frozen=True)
class CertificateChangeView:
    """What became of a certificate, when, and why."""

    kind: CertificateChangeKind
    at: datetime
    reason: str


def certificate_state(last_day: date, change: CertificateChangeView | None, today: date) -> CertificateState:
    """How a certificate stands: what was done to it counts before its dates; the last day is still valid."""
    if change is not None:
        return change.kind
    return "valid" if today <= last_day else "expired"


def normalise_number(text: str) -> str:
    """A number as it is stored, from whatever somebody types or a scanner reads: k7qm 2fxa 9trc."""
    signs = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())[: NUMBER_LENGTH + 1]
    return "-".join(signs[i : i + 4] for i in range(0, len(signs), 4))


def valid_until(completed_on: date, months: int) -> date:
    """The last day of validity."""
    return add_months(completed_on, months)
