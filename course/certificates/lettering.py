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
# An emoji of several signs is one picture.
_JOINED_BOXES = re.compile(f"{BOX}(?:[\u200d\ufe0f]+{BOX}?)+")


def plain(text: str) -> str:
    """The text without what nobody sees: control and formatting characters, and more than one space in a row.
    Accented letters are put together (NFC), which means the same and sets better. All else stays; half of a
    surrogate pair, which no file can hold, becomes the sign for a character that was damaged."""
    whole = unicodedata.normalize("NFC", text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = (" " if sign.isspace() else sign for sign in whole if not _invisible(sign))
    return re.sub(" +", " ", "".join(kept)).strip()


def _invisible(sign: str) -> bool:
    if sign in _JOINERS or sign.isspace():
        return False
    kind = unicodedata.category(sign)
    # The signs above Arabic numbers are formatting characters that are seen.
    return kind == "Cc" or (kind == "Cf" and unicodedata.bidirectional(sign) != "AN") or _noncharacter(ord(sign))


def _noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def boxed(text: str, missing: frozenset[str] = frozenset()) -> str:
    """The text with BOX for each piece of it that is `missing` from every font, and for what has a meaning only
    between those who agreed on one (private use)."""
    for piece in sorted(missing, key=len, reverse=True):
        text = text.replace(piece, BOX)
    text = "".join(BOX if unicodedata.category(sign) == "Co" else sign for sign in text)
    return _JOINED_BOXES.sub(BOX, text)


def side(text: str) -> str:
    """From which side the text is written: L (left), R (right, as Hebrew) or AL (right, as Arabic). Its first
    letter with a direction decides (Unicode TR 9, rule P2)."""
    directions = (unicodedata.bidirectional(sign) for sign in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L")


def spelled(text: str) -> bool:
    """Whether programs that put the text of a PDF together again may fail with this one: letters with marks that
    are placed above or below (not those of Indian scripts, which are part of the line), and joiners from the
    right. A text that came together as one character, as in Vietnamese, has no such marks."""
    return any(unicodedata.combining(sign) > 9 for sign in text) or (
        side(text) != "L" and any(sign in _JOINERS for sign in text)
    )


def han_region(text: str) -> str:
    """Whose forms of Han characters to use: JP beside kana, KR beside hangul, otherwise SC."""
    names = [unicodedata.name(sign, "") for sign in text]
    if any(name.startswith(("HIRAGANA", "KATAKANA")) for name in names):
        return "JP"
    return "KR" if any(name.startswith("HANGUL") for name in names) else "SC"


def breakable(text: str) -> str:
    """The text with a place to break every twenty letters in any word of more than forty, which no line could hold."""
    return " ".join(_broken(word) if len(word) > _LONGEST_WORD else word for word in text.split(" "))


def _broken(word: str) -> str:
    pieces, since = [], 0
    for before, sign in zip(" " + word, word, strict=False):
        if since >= _BREAK_AFTER and _may_part(before, sign):
            pieces.append(_ZERO_WIDTH_SPACE)
            since = 0
        pieces.append(sign)
        since += 1
    return "".join(pieces)


def _may_part(before: str, after: str) -> bool:
    """Whether two characters are of different letters: no mark is parted from what bears it."""
    virama = unicodedata.combining(before) == 9
    return not (unicodedata.category(after).startswith("M") or after in _JOINERS or before in _JOINERS or virama)
