"""Whether two names can be those of one person."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from course.text import fold

# unsaid: one of the two is missing; same: the same words in any order; like: a word in common, as after a marriage;
# family: only the last name in common, as brothers and sisters have it.
Likeness = Literal["unsaid", "same", "like", "family", "other"]
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "dame", "herr", "frau"})


@lru_cache(maxsize=65536)
def name_words(name: str) -> frozenset[str]:
    """The words of a name, without accents, case, order and title."""
    return frozenset(_in_order(name))


def _in_order(name: str) -> list[str]:
    words = "".join(sign if sign.isalnum() else " " for sign in fold(name)).split()
    return [word for word in words if word not in _TITLES] or words


def likeness(one: str | None, other: str | None) -> Likeness:
    """How much two names have in common."""
    if not one or not other:
        return "unsaid"
    first, second = name_words(one), name_words(other)
    if first == second and first:
        return "same"
    if any(len(word) > 1 for word in first & second) or any(_near(a, b) for a in first for b in second):
        return "family" if _of_one_family(one, other) else "like"
    return "other"


def _of_one_family(one: str, other: str) -> bool:
    """Whether each of two names begins with a word that is nowhere in the other one, also not as an initial."""
    first, second = _in_order(one), _in_order(other)
    if min(len(first), len(second)) < 2:
        return False
    if len(first[0]) == 1 or len(second[0]) == 1:
        return first[0][0] != second[0][0]
    return not any(word == first[0] or _near(word, first[0]) for word in second) and not any(
        word == second[0] or _near(word, second[0]) for word in first
    )


def turned_round(new: str, old: str) -> bool:
    """Whether a name has the words of another one in another order, as where two columns were exchanged."""
    first, second = _in_order(new), _in_order(old)
    return first != second and sorted(first) == sorted(second)


def spelt_worse(new: str, old: str) -> bool:
    """Whether a name is the same as another one, but lacks something that it has: its accents, hyphens or small letters;
    or whether a title was put before it, or a comma into it. HR systems write names so."""
    if new == old or likeness(new, old) != "same":
        return False
    shouted = len(in_capitals(new)) > len(in_capitals(old)) or (new == new.lower() and old != old.lower())
    titled = len(fold(new).split()) > len(_in_order(new)) and len(fold(old).split()) == len(_in_order(old))
    return shouted or titled or _marks(new) < _marks(old) or ("," in new and "," not in old)


def in_capitals(name: str) -> list[str]:
    """The words of a name that are written in capitals only; not initials, and numbers such as III."""
    words = re.findall(r"[^\W\d_]{3,}", name)
    return [word for word in words if word == word.upper() != word.lower() and not re.fullmatch("[IVX]+", word)]


def _marks(name: str) -> int:
    return sum((sign.isalpha() and not sign.isascii()) or sign in "-'’‘" for sign in name)


def _near(one: str, other: str) -> bool:
    """A shortened or misspelt word: Kath for Katherine, Jonathon for Jonathan."""
    short, long = sorted((one, other), key=len)
    if len(short) < 3:
        return False
    if len(short) >= 4 and long.startswith(short):
        return True
    return len(short) >= 5 and abs(len(long) - len(short)) < 3 and SequenceMatcher(None, one, other).ratio() >= 0.85
