"""Correction of how a name is written: the surname before a comma, and capitals or small letters throughout."""

from __future__ import annotations

import re
import unicodedata

from course.people_import.rules.name_matching import capitalised_words

_ALLOWED = re.compile(r"[^\W\d_]|[ ,.'’‘ʼ-]")
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "zu", "ter", "ten", "bin", "binti",
     "ibn", "ap", "ab", "ferch"}
)  # fmt: skip
_ABBREVIATIONS = frozenset({"mr", "mrs", "ms", "dr", "st", "jr", "sr"})  # not initials
_SUFFIXES = frozenset({"jr", "sr", "esq", "ii", "iii", "iv"})  # after a comma they are no forename
_ROLES = frozenset(
    {"manager", "deputy", "nurse", "carer", "teacher", "tutor", "assistant", "agency", "leader", "coach", "volunteer",
     "trainee", "student", "director"}
)  # fmt: skip
_LETTERS_AFTER_NAME = frozenset({"mbe", "obe", "cbe", "dbe", "kbe", "msc", "bsc", "phd", "rgn", "rmn", "llb"})
# In capitals beside a name of two words they are a role or a qualification, and no part of the name.
_ABBREVIATED_ROLES = frozenset(
    {"TA", "HLTA", "LSA", "SENCO", "SENDCO", "DSL", "DDSL", "SLT", "ECT", "NQT", "HCA", "QTS", "EYP"}
)
_NO_NAME = frozenset({"FNU", "LNU", "TBC", "TBA"})
_NUMERALS = frozenset({"II", "III", "IV", "VI", "VII", "VIII", "IX"})
# A title in front of a name or of its forenames, or behind it: “Ms Ann Lee”, “Lee, Mrs Ann”, “Lee, Ann (Mr)”. The title of a
# doctor may be wanted on a certificate.
_TITLE = re.compile(
    r"(?:^|(?<=,)|(?<=, ))(?:mr|mrs|ms|miss|mx)(?:\.\s*|\s+)"
    r"|(?<=[^\s,])\s+(?:\((?:mr|mrs|ms|miss|mx)\.?\)|(?:mr|mrs|ms|mx)\.?)$",
    re.IGNORECASE,
)
_TITLE_BEHIND = re.compile(r",\s*(?:mr|mrs|ms|miss|mx)\.?$", re.IGNORECASE)  # “Ann Lee, Mrs”
_MC = re.compile(r"(Ma?c)[^\W\d_a-z]{2,}")  # McDONALD: the list shows the capital
_LOWER_MC = re.compile(r"(Mc)[^\W\d_]")  # of Mac nothing says whether a capital follows


def corrected_name(name: str) -> str | None:
    """How a name of a list is probably meant: “Zebulon Marsh” for “MARSH, Zebulon” and “ZEBULON MARSH”. None if the name is
    in order, or if its correction is not certain enough to be offered. Without a comma the order of the words stays: nothing
    says which of them is the surname."""
    if name.count(",") == 1 and (found := _TITLE_BEHIND.search(name)):
        plain = name[: found.start()]
        return (corrected_name(plain) or plain) if len(plain.split()) > 1 and _is_correctable(plain) else None
    if _TITLE.search(name):
        plain = " ".join(_TITLE.sub(" ", name).split())
        corrected = corrected_name(plain)
        if corrected or "," in plain or len(plain.split()) < 2 or not _is_correctable(plain):
            return corrected
        return plain
    if not _is_correctable(name):
        return None
    surname, comma, forenames = (part.strip() for part in name.partition(","))
    if comma:
        if not _can_be_surname_and_forenames(surname, forenames):
            return None
        return f"{_recase(forenames.split(), False)} {_recase(surname.split(), True, surname_only=True)}"
    words = name.split()
    if len(words) < 2 or not (_is_lower(name) or _is_upper(name) or _ends_in_capitals(words)):
        return None
    corrected = _recase(words, True)
    return corrected if corrected != name else None


def _can_be_surname_and_forenames(surname: str, forenames: str) -> bool:
    """Whether what stands on the two sides of a comma has letters, and the second is no suffix and no role."""
    words = {word.casefold().rstrip(".") for word in forenames.split()}
    has_letters = all(any(map(str.isalpha, part)) for part in (surname, forenames))
    return has_letters and not words & (_SUFFIXES | _ROLES)


def _is_correctable(name: str) -> bool:
    """Whether a name has only Latin letters and the usual signs, one comma at most, and no letters after it such as MBE."""
    if name.count(",") > 1 or " - " in name or "İ" in name or not all(_ALLOWED.fullmatch(sign) for sign in name):
        return False
    if any(sign.isalpha() and not unicodedata.name(sign, "").startswith("LATIN ") for sign in name):
        return False
    words = [word.strip(",.") for word in name.split()]
    if not _NO_NAME.isdisjoint(words) or (
        len(words) > 2 and not _is_upper(name) and not _ABBREVIATED_ROLES.isdisjoint(words)
    ):
        return False
    return not any(word.casefold() in _LETTERS_AFTER_NAME for word in words)


def _is_lower(text: str) -> bool:
    return text == text.lower() != text.upper()


def _is_upper(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha() and sign != "ß"]  # ß has no capital in most lists
    return bool(letters) and all(map(str.isupper, letters))


def _is_shouted(word: str) -> bool:
    """Whether a word is in capitals, as a whole or in a part that is longer than initials."""
    return bool(capitalised_words(word)) or _MC.fullmatch(word) is not None


def _ends_in_capitals(words: list[str]) -> bool:
    """Whether the surname, or the whole name, is in capitals. Capitals in front only, as in “MARSH Zebulon”, can be a surname
    or a forename."""
    last = max((place for place, word in enumerate(words) if not (_is_upper(word) or _is_shouted(word))), default=-1)
    return any(_is_shouted(word) for word in words[last + 1 :]) and not any(map(_is_shouted, words[: last + 1]))


def _recase(words: list[str], has_surname: bool, surname_only: bool = False) -> str:
    """The words of a name, or of its part on one side of a comma, with capitals where names have them. A word that has
    capital and small letters stays."""
    whole, found = " ".join(words), []
    for place, word in enumerate(words):
        is_last = has_surname and place == len(words) - 1
        if not (_is_lower(word) or _is_upper(word) or _is_shouted(word)) or (
            _is_upper(word) and _stays_in_capitals(word, place, is_last, whole)
        ):
            found.append(word)
        elif _is_particle(words, place, has_surname, surname_only):
            found.append(word.lower())
        else:
            found.append(_capitalise(word))
    return " ".join(found)


def _stays_in_capitals(word: str, place: int, is_last: bool, whole: str) -> bool:
    """Whether a word in capitals is made of initials or is a number, or is one of few capitals in a name."""
    if all(len(part) == 1 for part in re.findall(r"[^\W\d_]+", word)):
        return True
    if place and word in _NUMERALS:
        return True
    if is_last or len(word) != 2 or word.casefold() in _ABBREVIATIONS:
        return False
    has_vowel = any(unicodedata.normalize("NFD", sign)[0] in "AEIOUY" for sign in word)
    return not has_vowel or word.endswith("J") or (not _is_upper(whole) and word.casefold() not in _PARTICLES | {"la"})


def _is_particle(words: list[str], place: int, has_surname: bool, surname_only: bool) -> bool:
    """Whether a word is a particle of a surname: “van der” in “Jan van der Berg”. The first word of a whole name is none."""
    word = words[place].casefold()
    if place == 0 and not surname_only:
        return False
    if place == len(words) - 1 and has_surname:
        return False
    return word in _PARTICLES or (word == "la" and place > 0 and words[place - 1].casefold() == "de")


def _capitalise(word: str) -> str:
    """A word with a capital at its beginning, after each hyphen, after O’ and D’, and after Mc."""
    parts = re.split(r"([-.'’‘ʼ])", word.lower())
    for place in range(0, len(parts), 2):
        if place and parts[place - 1] not in "-." and len(parts[place - 2]) != 1:
            continue  # Sa’ad
        parts[place] = parts[place][:1].upper() + parts[place][1:]
        prefix = _MC.match(word) or _LOWER_MC.match(parts[place])
        if prefix and parts[place].startswith(prefix[1]):
            rest = parts[place][len(prefix[1]) :]
            parts[place] = prefix[1] + rest[:1].upper() + rest[1:]
    return "".join(parts)
