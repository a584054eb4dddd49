"""PINs: passwords of digits only, for people without an e-mail address. Pure."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

from course.translation import lazy_gettext as _

MIN_PIN_LENGTH = 8
PIN_HINT = _(
    "At least %(min_pin_length)s digits, or a password of at least 10 characters. No date of birth, and no row of digits "
    "that is easy to guess.",
    min_pin_length=MIN_PIN_LENGTH,
)
_MIN_OWN_DIGITS = 4  # a sign-in name with fewer digits may happen to stand in a PIN
_MAX_REPEATED_PIECE = 4  # 1234 1234
_FIRST_YEAR, _LAST_YEAR = 1900, 2049
_PLACES = ((0, 2, 4), (2, 0, 4), (6, 4, 0), (4, 6, 0))  # of day, month and year in 8 digits


def is_pin(password: str) -> bool:
    """Whether a password has nothing but digits, and spaces between them."""
    return re.fullmatch(r"[0-9]+", _digits(password)) is not None


def _digits(password: str) -> str:
    return "".join(password.split())


def pin_mistake(pin: str, login: str, common: frozenset[str]) -> str | None:
    """Why a person may not have this PIN, and what to do instead; None if it is allowed. `login` is what the person signs in
    with, `common` are the passwords that are guessed first."""
    digits = _digits(pin)
    if len(digits) < MIN_PIN_LENGTH:
        return _("Choose a PIN of at least %(min_pin_length)s digits.", min_pin_length=MIN_PIN_LENGTH)
    if _is_row(digits) or _repeats(digits) or len(set(digits)) <= 2 or digits in common:
        return _(
            "Choose another PIN. Digits that repeat, or follow each other, are easy to guess. "
            "Digits from different places are harder."
        )
    if _is_date(digits):
        return _("Choose a PIN that is not a date. Dates of birth are guessed first.")
    own = "".join(re.findall(r"[0-9]+", login))
    if len(own) >= _MIN_OWN_DIGITS and own in digits:
        return _("Choose a PIN that does not have your staff number or sign-in name in it.")
    return None


def _is_row(digits: str) -> bool:
    """Whether the digits count up or down in equal steps, also over the end: 45678901, 97531975."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return len(steps) == 1


def _repeats(digits: str) -> bool:
    """Whether the digits repeat a short piece, or each comes twice: 12341234, 11223344."""
    piece = (digits + digits).index(digits, 1)
    if piece <= _MAX_REPEATED_PIECE:
        return True
    halves = digits[::2], digits[1::2]
    return halves[0] == halves[1]


def _is_date(digits: str) -> bool:
    """Whether eight digits are a day that people know by heart, in any usual order."""
    if len(digits) != MIN_PIN_LENGTH:
        return False
    for day, month, year in _PLACES:
        number = int(digits[year : year + 4])
        if not _FIRST_YEAR <= number <= _LAST_YEAR:
            continue
        try:
            date(number, int(digits[month : month + 2]), int(digits[day : day + 2]))
        except ValueError:
            continue
        return True
    return False
