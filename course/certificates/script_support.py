"""Preparing text for typesetting: invisible characters, direction, fonts for Han characters, and break points."""

from __future__ import annotations

import re
import unicodedata

BOX = "□"  # replaces a character that is in no font
_LONGEST_WORD = 40
_BREAK_AFTER = 20
_ZERO_WIDTH_SPACE = "\u200b"
# The joiners shape Persian and Indian letters; all other invisible characters are removed.
_JOINERS = "\u200c\u200d"
_STYLES = "\ufe0e\ufe0f"  # variation selectors for a plain or a coloured picture

_SCRIPTS = (
    "LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "TAMIL", "CJK", "HIRAGANA",
    "KATAKANA", "HANGUL",
)  # fmt: skip


def clean_text(text: str) -> str:
    """The text without invisible characters (control, formatting) and without repeated spaces.

    Letters and accents are composed (NFC), which means the same and typesets better. All else stays; half of a
    surrogate pair, which no file can hold, becomes the replacement character.
    """
    composed = unicodedata.normalize("NFC", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    visible = (" " if character.isspace() else character for character in composed if not _is_invisible(character))
    return re.sub(" +", " ", "".join(visible)).strip()


def _is_invisible(character: str) -> bool:
    if character in _JOINERS or character.isspace():
        return False
    if character in _STYLES:
        return True
    category = unicodedata.category(character)
    # The signs above Arabic numbers are formatting characters, but visible.
    return (
        category == "Cc"
        or (category == "Cf" and unicodedata.bidirectional(character) != "AN")
        or _is_noncharacter(ord(character))
    )


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def replace_missing(text: str, missing: frozenset[str] = frozenset()) -> str:
    """The text with BOX for each piece that is `missing` from every font, and for private-use characters.

    A Latin letter or digit is missing only together with the marks that follow it, such as the frame of a keycap; alone
    it is in every font.
    """
    text = _strip_unsupported_marks(text)
    for piece in sorted(missing, key=len, reverse=True):
        if any(is_rare(character) for character in piece):
            text = text.replace(piece, BOX)
    pieces = (BOX if len(piece) > 1 and piece[0] in missing else piece for piece in _split_letters(text))
    return "".join(
        BOX if unicodedata.category(character) == "Co" else character for piece in pieces for character in piece
    )


def _strip_unsupported_marks(text: str) -> str:
    """Remove the marks and joiners on characters of scripts for which there is no font.

    Typst does not report a letter that it drops because of its mark, nor an emoji that it drops because of another
    emoji joined to it.
    """
    characters: list[str] = []
    base = ""
    for character in text:
        is_general_mark = character in _JOINERS or unicodedata.name(character, "").startswith("COMBINING ")
        if not is_general_mark and not unicodedata.category(character).startswith("M"):
            base = character
        if not is_general_mark or not is_rare(base or " ") or unicodedata.name(base, "").startswith(_SCRIPTS):
            characters.append(character)
    return "".join(characters)


def is_rare(character: str) -> bool:
    """Whether a character is beyond Latin Extended-A, which the certificate's own font covers completely."""
    return ord(character) > 0x17F


def text_direction(text: str) -> str:
    """The direction of a text: L (left to right), R (right to left, as Hebrew) or AL (right to left, as Arabic).

    The first letter with a direction decides (Unicode TR 9, rule P2).
    """
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L")


def needs_actual_text(text: str) -> bool:
    """Whether programs that extract the text of a PDF may fail with this text.

    That is so for letters with marks placed above or below (not those of Indian scripts, which are part of the line),
    and for joiners in right-to-left text. A text that was composed into single characters, as in Vietnamese, has no
    such marks.
    """
    return any(unicodedata.combining(character) > 9 for character in text) or (
        text_direction(text) != "L" and any(character in _JOINERS for character in text)
    )


def han_region(text: str) -> str:
    """The regional forms of Han characters to use: JP beside kana, KR beside hangul, otherwise SC."""
    names = [unicodedata.name(character, "") for character in text]
    if any(name.startswith(("HIRAGANA", "KATAKANA")) for name in names):
        return "JP"
    return "KR" if any(name.startswith("HANGUL") for name in names) else "SC"


def add_break_points(text: str) -> str:
    """The text with a break point every twenty letters in any word of more than forty, which no line could hold."""
    return " ".join(_split_long_word(word) if len(word) > _LONGEST_WORD else word for word in text.split(" "))


def _split_long_word(word: str) -> str:
    letters = _split_letters(word)
    lines = (letters[start : start + _BREAK_AFTER] for start in range(0, len(letters), _BREAK_AFTER))
    return _ZERO_WIDTH_SPACE.join("".join(line) for line in lines)


def _split_letters(text: str) -> list[str]:
    """The letters of a text, each with its marks and joiners."""
    letters: list[str] = []
    for character in text:
        if letters and not _is_letter_boundary(letters[-1][-1], character):
            letters[-1] += character
        else:
            letters.append(character)
    return letters


def _is_letter_boundary(before: str, after: str) -> bool:
    """Whether two characters belong to different letters: a mark is never separated from its letter."""
    virama = unicodedata.combining(before) == 9
    return not (unicodedata.category(after).startswith("M") or after in _JOINERS or before in _JOINERS or virama)
