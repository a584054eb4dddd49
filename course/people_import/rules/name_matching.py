"""Comparison of names: whether two names can be those of one person."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from course.text import search_key, unify_signs

# unsaid: one of the two is missing; same: the same words in any order; like: a word in common, as after a marriage;
# family: only the last name in common, as brothers and sisters have it.
NameLikeness = Literal["unsaid", "same", "like", "family", "other"]
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "dame", "herr", "frau"})


@lru_cache(maxsize=65536)
def name_words(name: str) -> frozenset[str]:
    """The words of a name, without accents, case, order and title."""
    return frozenset(_ordered_words(name))


def _ordered_words(name: str) -> list[str]:
    words = "".join(sign if sign.isalnum() else " " for sign in search_key(unify_signs(name))).split()
    return [word for word in words if word not in _TITLES] or words


def name_likeness(one: str | None, other: str | None) -> NameLikeness:
    """The likeness of two names (see NameLikeness)."""
    if not one or not other:
        return "unsaid"
    first, second = name_words(one), name_words(other)
    if first == second and first:
        return "same"
    if any(len(word) > 1 for word in first & second) or any(_is_variant(a, b) for a in first for b in second):
        return "family" if _shares_family_name(one, other) else "like"
    return "other"


def _shares_family_name(one: str, other: str) -> bool:
    """Whether each of two names begins with a word that is nowhere in the other one, also not as an initial."""
    first, second = _ordered_words(one), _ordered_words(other)
    if min(len(first), len(second)) < 2:
        return False
    if len(first[0]) == 1 or len(second[0]) == 1:
        return first[0][0] != second[0][0]
    return not any(word == first[0] or _is_variant(word, first[0]) for word in second) and not any(
        word == second[0] or _is_variant(word, second[0]) for word in first
    )


def is_reordered(new: str, old: str) -> bool:
    """Whether a name has the words of another one in another order, as where two columns were exchanged."""
    first, second = _ordered_words(new), _ordered_words(old)
    return first != second and sorted(first) == sorted(second)


def is_worse_spelling(new: str, old: str) -> bool:
    """Whether a new name equals the old one except that it lacks accents, hyphens or lower-case letters, or has an additional
    title or comma, or an apostrophe or hyphen of another kind. HR systems export names in such forms."""
    if new == old or name_likeness(new, old) != "same":
        return False
    if unify_signs(new) == unify_signs(old):
        return not set("`´") & set(old)
    shouted = len(capitalised_words(new)) > len(capitalised_words(old)) or (new == new.lower() and old != old.lower())
    titled = len(search_key(new).split()) > len(_ordered_words(new)) and len(search_key(old).split()) == len(
        _ordered_words(old)
    )
    return shouted or titled or _count_marks(new) < _count_marks(old) or ("," in new and "," not in old)


def capitalised_words(name: str) -> list[str]:
    """The words of a name that are written in capitals only; not initials, and numbers such as III."""
    words = re.findall(r"[^\W\d_]{3,}", name)
    return [word for word in words if word == word.upper() != word.lower() and not re.fullmatch("[IVX]+", word)]


def _count_marks(name: str) -> int:
    return sum((sign.isalpha() and not sign.isascii()) or sign in "-'’‘" for sign in name)


def _is_variant(one: str, other: str) -> bool:
    """A shortened or misspelt word: Kath for Katherine, Jonathon for Jonathan."""
    short, long = sorted((one, other), key=len)
    if len(short) < 3:
        return False
    if len(short) >= 4 and long.startswith(short):
        return True
    return len(short) >= 5 and abs(len(long) - len(short)) < 3 and SequenceMatcher(None, one, other).ratio() >= 0.85
