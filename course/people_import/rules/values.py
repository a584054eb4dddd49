"""Placeholders that HR systems and spreadsheets write in empty cells, and staff numbers that spreadsheets change."""

from __future__ import annotations

import re
import unicodedata

# In place of a value, in small letters and without spaces, stops, hyphens and brackets around it.
_PLACEHOLDERS = frozenset(
    {"", "n/a", "n/k", "na", "n.a", "#n/a", "none", "nil", "null", "(null)", "(blank)", "blank", "empty", "tbc", "tba", "tbd",
     "unknown", "not known", "not applicable", "not yet known", "to follow", "to be confirmed", "to be advised",
     "pending", "awaiting", "awaited", "no number", "not set", "unassigned", "undefined", "nan", "nat", "?", "??",
     "???", "xxx", "keine", "k.a"}
)  # fmt: skip
_SPREADSHEET_ERROR = re.compile(r"#(N/?A|REF!?|VALUE!?|NAME\??|DIV/0!?|NUM!?|NULL!?|SPILL!?|CALC!?|#+)", re.IGNORECASE)
_DASHES = re.compile(r"[-–—_.*/\\ ]*")
_SCIENTIFIC = re.compile(r"(\d(?:\.\d+)?)E\+?(\d{1,2})", re.IGNORECASE)
_DECIMAL = re.compile(r"(\d+)[.,]0+")


def is_placeholder(text: str) -> bool:
    """Whether this only stands in the place of a value, such as N/A, TBC, #REF! or a dash."""
    plain = text.casefold().strip(" .:;-–—")
    return plain in _PLACEHOLDERS or bool(_DASHES.fullmatch(text)) or bool(_SPREADSHEET_ERROR.fullmatch(text.strip()))


def is_placeholder_name(text: str) -> bool:
    """The same for a name: Null, None and Na are names of people."""
    return bool(_DASHES.fullmatch(text)) or bool(_SPREADSHEET_ERROR.fullmatch(text.strip()))


def is_placeholder_number(text: str) -> bool:
    """The same for a staff number; nobody has the number 0."""
    return is_placeholder(text) or bool(re.fullmatch(r"0+([.,]0+)?", text))


def is_spreadsheet_number(number: str) -> bool:
    """Whether a staff number is written as only a spreadsheet writes numbers: 1.23E+05, or 417.0."""
    plain = number.replace(" ", "")
    scientific = bool(_SCIENTIFIC.fullmatch(plain)) and ("+" in plain or "." in plain)
    return scientific or bool(_DECIMAL.fullmatch(plain))


def number_key(number: str) -> str:
    """What is left of a staff number when a spreadsheet has taken it for a number to count with: no zeros in front, no
    decimals, no powers of ten; and letters and digits in one form and case. Two numbers with one key may be the same."""
    text = unicodedata.normalize("NFKC", number).casefold().strip(" '`’")
    text = re.sub(r"[\s\-_/]", "", text)
    if found := _SCIENTIFIC.fullmatch(text):
        whole, _, decimals = found[1].partition(".")
        places = int(found[2])
        if len(decimals) <= places:
            text = whole + decimals + "0" * (places - len(decimals))
    if found := _DECIMAL.fullmatch(text):
        text = found[1]
    return text.lstrip("0") or text
