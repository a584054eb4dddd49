"""What a text needs before it is set in type: nothing invisible, a direction, a font for Han, places to break."""

from __future__ import annotations

import re
import unicodedata

BOX = "□"  # stands for a character that cannot be set
_LONGEST_WORD = 40
_BREAK_AFTER = 20
_ZERO_WIDTH_SPACE = "\u200b"
# They shape Persian and Indian letters; every other invisible character goes.
_JOINERS = "\u200c\u200d"
_STYLES = "\ufe0e\ufe0f"  # ask for a plain or a coloured picture

_SCRIPTS = (
    "LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "DEVANAGARI", "BENGALI", "GURMUKHI", "TAMIL", "CJK", "HIRAGANA",
    "KATAKANA", "HANGUL",
)  # fmt: skip


def clean_text(text: str) -> str:
    """The text without what nobody sees: control and formatting characters, and more than one space in a row.
    Accented letters are put together (NFC), which means the same and sets better. All else stays; half of a
    surrogate pair, which no file can hold, becomes the sign for a character that was damaged."""
    whole = unicodedata.normalize("NFC", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = (" " if sign.isspace() else sign for sign in whole if not _is_invisible(sign))
    return re.sub(" +", " ", "".join(kept)).strip()


def _is_invisible(sign: str) -> bool:
    if sign in _JOINERS or sign.isspace():
        return False
    if sign in _STYLES:
        return True
    kind = unicodedata.category(sign)
    # The signs above Arabic numbers are formatting characters that are seen.
    return kind == "Cc" or (kind == "Cf" and unicodedata.bidirectional(sign) != "AN") or _is_noncharacter(ord(sign))


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def replace_missing(text: str, missing: frozenset[str] = frozenset()) -> str:
    """The text with BOX for each piece of it that is `missing` from every font, and for what has a meaning only
    between those who agreed on one (private use). A Latin letter or digit is missing only together with the marks
    that follow it, such as the frame of a keycap; alone it is in every font."""
    text = _strip_unsupported_marks(text)
    for piece in sorted(missing, key=len, reverse=True):
        if any(is_rare(sign) for sign in piece):
            text = text.replace(piece, BOX)
    pieces = (BOX if len(piece) > 1 and piece[0] in missing else piece for piece in _split_letters(text))
    return "".join(BOX if unicodedata.category(sign) == "Co" else sign for piece in pieces for sign in piece)


def _strip_unsupported_marks(text: str) -> str:
    """Without the marks and joiners on what is of no script that we have a font for: Typst says nothing of a letter
    that it leaves out if it has the mark on it, and of an emoji if it has another one that is joined to it."""
    kept: list[str] = []
    base = ""
    for sign in text:
        general = sign in _JOINERS or unicodedata.name(sign, "").startswith("COMBINING ")
        if not general and not unicodedata.category(sign).startswith("M"):
            base = sign
        if not general or not is_rare(base or " ") or unicodedata.name(base, "").startswith(_SCRIPTS):
            kept.append(sign)
    return "".join(kept)


def is_rare(sign: str) -> bool:
    """Whether the character is beyond Latin Extended-A, all of which the certificate's own font has."""
    return ord(sign) > 0x17F


def text_direction(text: str) -> str:
    """From which side the text is written: L (left), R (right, as Hebrew) or AL (right, as Arabic). Its first
    letter with a direction decides (Unicode TR 9, rule P2)."""
    directions = (unicodedata.bidirectional(sign) for sign in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L")


def needs_actual_text(text: str) -> bool:
    """Whether programs that put the text of a PDF together again may fail with this one: letters with marks that
    are placed above or below (not those of Indian scripts, which are part of the line), and joiners from the
    right. A text that came together as one character, as in Vietnamese, has no such marks."""
    return any(unicodedata.combining(sign) > 9 for sign in text) or (
        text_direction(text) != "L" and any(sign in _JOINERS for sign in text)
    )


def han_region(text: str) -> str:
    """Whose forms of Han characters to use: JP beside kana, KR beside hangul, otherwise SC."""
    names = [unicodedata.name(sign, "") for sign in text]
    if any(name.startswith(("HIRAGANA", "KATAKANA")) for name in names):
        return "JP"
    return "KR" if any(name.startswith("HANGUL") for name in names) else "SC"


def add_break_points(text: str) -> str:
    """The text with a place to break every twenty letters in any word of more than forty, which no line could hold."""
    return " ".join(_split_long_word(word) if len(word) > _LONGEST_WORD else word for word in text.split(" "))


def _split_long_word(word: str) -> str:
    letters = _split_letters(word)
    lines = (letters[start : start + _BREAK_AFTER] for start in range(0, len(letters), _BREAK_AFTER))
    return _ZERO_WIDTH_SPACE.join("".join(line) for line in lines)


def _split_letters(text: str) -> list[str]:
    """The letters of a text, each with the marks and joiners that belong to it."""
    letters: list[str] = []
    for sign in text:
        if letters and not _is_letter_boundary(letters[-1][-1], sign):
            letters[-1] += sign
        else:
            letters.append(sign)
    return letters


def _is_letter_boundary(before: str, after: str) -> bool:
    """Whether two characters are of different letters: no mark is parted from what bears it."""
    virama = unicodedata.combining(before) == 9
    return not (unicodedata.category(after).startswith("M") or after in _JOINERS or before in _JOINERS or virama)
