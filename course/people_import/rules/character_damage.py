"""Damaged characters in names: wrongly decoded, lost, or of another alphabet with letters that look the same."""

from __future__ import annotations

import html
import re
import unicodedata

from course.translation import lazy_gettext as _

# Alphabets with letters that look like Latin ones.
_LOOK_ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_DIGIT_IN_WORD = re.compile(r"[^\W\d_]\d+[^\W\d_]")
_LOST_CHARACTER = re.compile(r"\ufffd|[^\W\d_]\?|\?[^\W\d_]")
_CAPITAL_INSIDE = re.compile(r"[^\W\d_][^\x00-\x7f]")
# What Windows shows for letters of a Mac: “Zo‘” for Zoë, “N–ez” for Núñez, “OÕNeill” for O’Neill.
_MAC_ROMAN = re.compile(r"[^\W\d_]‘(?![^\W\d_])|[^\W\d_][–—](?=[^\W\d_])(?=\w*[a-z])(?![A-ZÀ-Þ])|[A-Z]Õ[A-Z][a-z]")
# A text in UTF-8 that was read as Latin-1 has control characters in it, and no other text has; a space that does not break
# after one of these letters is a part of “à” or “Š”.
_LATIN_1 = re.compile("[\x80-\x84\x86-\x9f]|(?<=[ÂÃÄÅ])[\x85\xa0]")
_NEVER_IN_NAMES = frozenset("†‡‰•…¡¿¶§„‚‹›ˆ˜")


def show_wrong_decoding(text: str) -> str:
    """The text with signs in place of the control characters that a wrong decoding leaves: those that Windows shows, or the
    sign of a lost character. Otherwise they would become spaces, and “Oâ€™Neill” the plausible “Oâ Neill”."""
    return text if text.isascii() else _LATIN_1.sub(lambda found: _windows_sign(found[0]), text)


def _windows_sign(sign: str) -> str:
    found = sign.encode("latin-1").decode("cp1252", "replace")
    return found if found.isprintable() else "\ufffd"


def undo_double_decoding(text: str) -> str | None:
    """The text before its UTF-8 was decoded as Windows-1252 or Latin-1; None if it was not."""
    if text.isascii():
        return None
    try:
        found = bytes(_windows_byte(sign) for sign in text).decode("utf-8")
    except (UnicodeError, ValueError):
        return None
    return found if found != text else None


def _windows_byte(sign: str) -> int:
    """The byte that Windows-1252, or else Latin-1, writes for a character. Raises ValueError if there is none."""
    try:
        return sign.encode("cp1252")[0]
    except UnicodeEncodeError:
        if ord(sign) > 255:
            raise ValueError(sign) from None
        return ord(sign)


def decoding_damage(text: str) -> str | None:
    """Why a name or team seems to have gone through a program that read its letters wrongly; None if it does not."""
    if any(undo_double_decoding(part) is not None for part in text.split()):
        right = " ".join(undo_double_decoding(part) or part for part in text.split())
        return _("“%(text)s” looks wrongly decoded. It may be “%(right)s”.", text=text, right=right)
    if html.unescape(text) != text:
        return _("“%(text)s” has a web page code. It may be “%(right)s”.", text=text, right=html.unescape(text))
    if _LOST_CHARACTER.search(text):
        return _("Letters seem to be missing in “%(text)s”.", text=text)
    if (
        any(unicodedata.category(pair[1]) == "Lu" and pair[0].islower() for pair in _CAPITAL_INSIDE.findall(text))
        or any(sign > "\x7f" and unicodedata.category(sign) in ("Sc", "Sm", "Sk", "So", "Cc") for sign in text)
        or (_MAC_ROMAN.search(text) or not _NEVER_IN_NAMES.isdisjoint(text))
    ):
        return _(
            "“%(text)s” has a character that names do not have. The file may have been saved with another character set.",
            text=text,
        )
    return None


def lookalike_character(text: str, latin: bool = False) -> str | None:
    """Which character of a name, team, number or address only looks like another one; None if none does.

    Letters of other alphabets are fine where no Latin ones stand beside them, unless only Latin ones are to be expected.
    """
    if text.isascii():
        return None
    latin = latin or any(unicodedata.name(sign, "").startswith("LATIN") for sign in text if sign.isalpha())
    for sign in text:
        name = unicodedata.name(sign, "")
        if latin and name.startswith(_LOOK_ALIKE) and sign.isalpha():
            return _(
                "The “%(sign)s” in “%(text)s” is not a Latin letter but %(name)s.",
                sign=sign,
                text=text,
                name=_letter_name(name),
            )
        if unicodedata.category(sign)[0] in "LN" and name.startswith(
            ("FULLWIDTH", "MATHEMATICAL", "CIRCLED", "SCRIPT")
        ):
            return _(
                "The “%(sign)s” in “%(text)s” is not an ordinary letter or digit but %(name)s.",
                sign=sign,
                text=text,
                name=_letter_name(name),
            )
    return None


def digit_in_name(name: str) -> str | None:
    """What to say where a digit has got inside a word of a name, in place of an O or an l; None otherwise."""
    return _("There is a digit inside a word: “%(name)s”.", name=name) if _DIGIT_IN_WORD.search(name) else None


_ALPHABETS = ("Cyrillic", "Greek", "Armenian")  # not translated: names of letters in Unicode exist in English only


def _letter_name(name: str) -> str:
    """The name of a letter in Unicode as it stands in a sentence: Cyrillic small letter a."""
    found = name.lower()
    for alphabet in _ALPHABETS:
        found = found.replace(alphabet.lower(), alphabet)
    return found
