"""Text as people and programs write it: one line tidied, one form of each letter, and a key for finding and sorting."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_JOINERS = "\u200c\u200d"
# Letters by Unicode that nothing is drawn for: a name that consists of them looks empty.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Scripts in which a joiner between two letters is never part of the spelling.
_NEVER_JOINED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_VIRAMA = 9  # the combining class of the sign that takes the vowel from an Indic letter
# Letters that do not come apart into a plain letter and a mark.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ŧ": "t",
     "'": "", "’": "", "‘": "", "ʼ": "", "`": "", "´": "", "ʻ": "", ".": "", "-": " ", "‐": " ", "‑": " ", "–": " ",
     "\u200c": "", "\u200d": ""}
)  # fmt: skip


def normalise_line(text: str) -> str:
    """One line as it is stored: letters in their composed form (NFC), no control characters, nothing invisible but the
    joiners that Persian and Indic spelling needs, single spaces, none at the ends."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    found = unicodedata.normalize("NFC", text)
    return " ".join("".join(_stored_character(found, place) for place in range(len(found))).split())


def _stored_character(text: str, place: int) -> str:
    """What is kept of the character at that place."""
    sign = text[place]
    if sign in _JOINERS:
        return sign if _is_spelling_joiner(text, place) else ""
    if sign in _INVISIBLE or unicodedata.category(sign) == "Cf":
        return ""
    return sign if sign.isprintable() else " "


def _is_spelling_joiner(text: str, place: int) -> bool:
    """Whether a joiner belongs to the spelling: after a virama, or between two letters of a script that is joined."""
    before = text[place - 1] if place else ""
    if not before:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return True
    after = text[place + 1] if place + 1 < len(text) else ""
    return _is_joining_letter(before) and bool(after) and _is_joining_letter(after)


def _is_joining_letter(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LM" and not unicodedata.name(sign, "").startswith(_NEVER_JOINED)


def comparison_key(text: str) -> str:
    """A key that is equal for two spellings of one name or team: letters in any form and case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", normalise_line(text)).casefold())


@lru_cache(maxsize=65536)
def search_key(text: str) -> str:
    """A key by which people find and order names: small letters without accents, apostrophes and hyphens. “örn”, “Örn”
    and “orn” have the same one. Letters of other alphabets stay as they are."""
    found = unicodedata.normalize("NFKD", text).casefold()
    found = "".join(sign for sign in found if not "\u0300" <= sign <= "\u036f").translate(_PLAIN_LETTERS)
    return " ".join(unicodedata.normalize("NFC", found).split())


def sort_key(text: str) -> tuple[str, str]:
    """A key for sorting names: as people expect, and always the same for the same names."""
    return search_key(text), text
