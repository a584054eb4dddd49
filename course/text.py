"""Normalising text: single lines, Unicode forms, and keys for comparing, searching and sorting."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_JOINERS = "\u200c\u200d"
# Characters that Unicode calls letters and that are drawn as nothing: a name made of them looks empty.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Scripts in which a joiner between two letters is never part of the spelling.
_NEVER_JOINED = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_VIRAMA = 9  # the combining class of the sign that takes the vowel from an Indic letter
# Letters that Unicode does not decompose into a plain letter and an accent.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ŧ": "t",
     "'": "", "’": "", "‘": "", "ʼ": "", "`": "", "ʻ": "", "‛": "", "ʹ": "", "ʽ": "", "ˊ": "", "ˋ": "", "′": "",
     "‵": "", "ʾ": "", "ʿ": "",
     ".": "", "-": " ", "‐": " ", "‑": " ", "‒": " ", "–": " ", "—": " ", "−": " ", "\u200c": "", "\u200d": ""}
)  # fmt: skip
_ONE_KIND = dict.fromkeys(map(ord, "’‘‛ʼʻ`´′"), "'") | dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
# Typed for an apostrophe; Unicode takes an acute accent that stands alone apart into a space and an accent.
_ACUTE = re.compile("[´\u1ffd]")


def normalise_line(text: str) -> str:
    """A line of text as it is stored: composed letters (NFC), no control characters, no invisible characters except the
    joiners that Persian and Indic spelling needs, single spaces, no spaces at the ends."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    found = unicodedata.normalize("NFC", text)
    return " ".join("".join(_stored_character(found, place) for place in range(len(found))).split())


def _stored_character(text: str, place: int) -> str:
    """What is stored for the character at this index."""
    sign = text[place]
    if sign in _JOINERS:
        return sign if _is_spelling_joiner(text, place) else ""
    if "\ufb00" <= sign <= "\ufb06":
        return unicodedata.normalize("NFKD", sign)  # ﬁ and its like, as copied from a printed page
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


def unify_signs(text: str) -> str:
    """A text with one kind of apostrophe and one of hyphen: a program writes ’ or – where somebody typed ' or -."""
    return text.translate(_ONE_KIND)


def comparison_key(text: str) -> str:
    """A key that is equal for two spellings of one name: letters in any Unicode form and case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", normalise_line(text)).casefold())


@lru_cache(maxsize=65536)
def search_key(text: str) -> str:
    """A key for finding and ordering names: small letters without accents, apostrophes and hyphens. “örn”, “Örn”
    and “orn” have the same key. Letters of other alphabets stay as they are."""
    found = unicodedata.normalize("NFKD", _ACUTE.sub("'", text)).casefold()
    found = "".join(sign for sign in found if not "\u0300" <= sign <= "\u036f").translate(_PLAIN_LETTERS)
    return " ".join(unicodedata.normalize("NFC", found).split())


def sort_key(text: str) -> tuple[str, str]:
    """A sort key for names: by search key, and by the name itself where the keys are equal, so that the order is stable."""
    return search_key(text), text
