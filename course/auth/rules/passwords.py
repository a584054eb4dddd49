"""Password policy: passwords are refused that are too short, among those that are guessed first, or made of what is
known about the person.

As NIST SP 800-63B and the NCSC advise, a password is compared with a list, and needs no digits or signs. The list is that
of zxcvbn: 30,000 passwords from real breaches, the most common first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from course.translation import lazy_gettext

MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 10, 200
PASSWORD_HINT = lazy_gettext(
    "At least %(min_password_length)s characters. Several words that do not belong together are easy to remember.",
    min_password_length=MIN_PASSWORD_LENGTH,
)
_WORDS_ADVICE = lazy_gettext("Several words that do not belong together are hard to guess.")
# Besides the list: words that people who take this course think of first.
_TOPIC_PASSWORDS = frozenset(
    (
        "safeguarding",
        "safeguard",
        "childprotection",
        "protection",
        "onlineabuse",
        "onlinesafety",
        "learning",
        "training",
    )
)
# Digits and signs that people write instead of letters.
_LOOKALIKE_LETTERS = str.maketrans("013457@$!|", "oieastasil")
# This many letters besides known words make a password another one.
_MIN_OWN_CHARACTERS = 4
_LETTER_RUN = re.compile(r"[^\W\d_]+")


def normalise_password(password: str) -> str:
    """The same characters for the same password, whichever keyboard composed its accents."""
    return unicodedata.normalize("NFKC", password)


def password_mistake(password: str, email: str, name: str, organisation: str) -> str | None:
    """Why a person may not have this password, and what to do instead; None if the password is allowed."""
    typed = normalise_password(password)
    if len(typed) < MIN_PASSWORD_LENGTH:
        return lazy_gettext(
            "Choose a password of at least %(min_password_length)s characters. Several words are easy to remember.",
            min_password_length=MIN_PASSWORD_LENGTH,
        )
    if len(typed) > MAX_PASSWORD_LENGTH:
        return lazy_gettext(
            "Choose a password of at most %(max_password_length)s characters.", max_password_length=MAX_PASSWORD_LENGTH
        )
    bare = "".join(typed.casefold().split())
    if _is_sequence(bare):
        return lazy_gettext("Choose another password. Characters that repeat, or follow each other, are easy to guess.")
    mailbox, _, domain = email.partition("@")
    if bare == email.casefold() or _is_made_of(bare, (name, mailbox)):
        return lazy_gettext(
            "Choose a password that does not use your name or e-mail address. %(words_advice)s",
            words_advice=_WORDS_ADVICE,
        )
    if _is_made_of(bare, (organisation, domain)):
        return lazy_gettext(
            "Choose a password that does not use the name of your organisation. %(words_advice)s",
            words_advice=_WORDS_ADVICE,
        )
    if _is_common(bare):
        return lazy_gettext(
            "Choose another password. This one, or one like it, is easy to guess. %(words_advice)s",
            words_advice=_WORDS_ADVICE,
        )
    return None


@cache
def common_passwords() -> frozenset[str]:
    """The passwords of the list. Loaded when the first password is chosen: loading is slow, and few requests need it."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(FREQUENCY_LISTS["passwords"]) | _TOPIC_PASSWORDS


def _is_common(bare: str) -> bool:
    """Whether a password is on the list, as it is or without the digits and signs around it."""
    return any(form in common_passwords() for form in _base_words(bare))


def _base_words(bare: str) -> Iterable[str]:
    """The words that a password may have been made of: itself, without digits and signs at its ends, with letters
    instead of the digits and signs that look like them, and the piece that it repeats."""
    trimmed = re.sub(r"^[\d\W_]+|[\d\W_]+$", "", bare)
    before_year = re.sub(r"[\W_]*(?:19|20)?\d\d[\W_]*$", "", bare)
    for form in (bare, trimmed, before_year, bare.translate(_LOOKALIKE_LETTERS), trimmed.translate(_LOOKALIKE_LETTERS)):
        # A few letters between digits are no word: the digits are what has to be guessed.
        if len(form) >= _MIN_OWN_CHARACTERS:
            yield form
            yield _repeated_piece(form)


def _repeated_piece(text: str) -> str:
    """The shortest piece that a text repeats; the text itself if it repeats none."""
    return text[: (text + text).index(text, 1)]


def _is_sequence(bare: str) -> bool:
    """Whether a password repeats a piece of up to three characters, or only counts up or down."""
    if len(set(bare)) <= 2 or len(_repeated_piece(bare)) <= 3:
        return True
    steps = {ord(after) - ord(before) for before, after in pairwise(bare)}
    # 1234567890 and 0987654321 go over the end.
    return steps <= {1, -9} or steps <= {-1, 9}


def _is_made_of(bare: str, words: Iterable[str]) -> bool:
    """Whether fewer than _MIN_OWN_CHARACTERS letters are left of a password without these words, digits and signs."""
    parts = {word for text in words for word in _name_words(text)}
    known = sorted((part for part in parts if len(part) > 1), key=len, reverse=True)
    for form in (bare, bare.translate(_LOOKALIKE_LETTERS)):
        remaining = " ".join(_LETTER_RUN.findall(_strip_accents(form)))
        for part in known:
            remaining = remaining.replace(part, " ")
        if (
            known
            and len("".join(remaining.split())) < _MIN_OWN_CHARACTERS
            and any(part in _strip_accents(form) for part in known)
        ):
            return True
    return False


def _name_words(words: str) -> Iterable[str]:
    """The words of a name or an address, and all of them joined. Endings of addresses such as "org" are left out."""
    found = [
        word
        for word in _LETTER_RUN.findall(_strip_accents(words))
        if word not in ("www", "mail", "com", "org", "net", "uk", "co")
    ]
    yield from found
    yield "".join(found)


def _strip_accents(text: str) -> str:
    """Small letters without accents: a person called Zoë types Zoe."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
