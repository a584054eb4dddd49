"""What a certificate says: its number, and until when it is valid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from course.dates import months_later

# Without letters and digits that are mistaken for each other on paper and on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12


def number(choose: Callable[[str], str]) -> str:
    """A number such as K7QM-2FXA-9TRC. `choose` picks a character at random, so that a number tells
    neither how many certificates there are nor what the next one is."""
    signs = "".join(choose(ALPHABET) for _ in range(LENGTH))
    return "-".join(signs[i : i + 4] for i in range(0, LENGTH, 4))


def valid_until(completed_on: date, months: int) -> date:
    """The last day of validity."""
    return months_later(completed_on, months)
