"""Whether two names can be those of one person."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from course.text import fold

# unsaid: one of the two is missing; same: the same words in any order; like: a word in common, as after a marriage.
Likeness = Literal["unsaid", "same", "like", "other"]
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "dame", "herr", "frau"})


@lru_cache(maxsize=65536)
def name_words(name: str) -> frozenset[str]:
    """The words of a name, without accents, case, order and title."""
    words = frozenset("".join(sign if sign.isalnum() else " " for sign in fold(name)).split())
    return words - _TITLES or words


def likeness(one: str | None, other: str | None) -> Likeness:
    """How much two names have in common."""
    if not one or not other:
        return "unsaid"
    first, second = name_words(one), name_words(other)
    if first == second and first:
        return "same"
    if any(len(word) > 1 for word in first & second) or any(_near(a, b) for a in first for b in second):
        return "like"
    return "other"


def _near(one: str, other: str) -> bool:
    """A shortened or misspelt word: Kath for Katherine, Jonathon for Jonathan."""
    short, long = sorted((one, other), key=len)
    if len(short) < 3:
        return False
    if len(short) >= 4 and long.startswith(short):
        return True
    return len(short) >= 5 and abs(len(long) - len(short)) < 3 and SequenceMatcher(None, one, other).ratio() >= 0.85
