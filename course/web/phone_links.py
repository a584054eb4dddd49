"""Links on telephone numbers in text that people wrote.

A link never dials another number than the one that is shown. A number that cannot be recognised with certainty stays plain
text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Numbers without an area code that reach the same service from every telephone in the United Kingdom.
SHORT_NUMBERS = frozenset({"999", "112", "101", "111", "105", "119", "116000", "116006", "116111", "116117", "116123"})
CHILDLINE = "08001111"  # the one number with a national prefix that is this short
LOCAL_LENGTHS = range(3, 9)  # digits of an internal extension or of a number without its area code
_NUMBER_RUN = re.compile(r"[0-9+(][0-9+()./\- ]*")
_DIGIT_GROUP = re.compile(r"\+|\(\s*0\s*\)|[0-9]+")
_EXTENSION = re.compile(
    r"\s*[,;-]?\s*\(?(?:extension|estyniad|extn|ext|x|#)[ .:=]*([0-9]{1,6})(?![0-9])\)?", re.IGNORECASE
)
# Relay UK: typed and read out for a person who calls (18001) or is called (18002). A number in the United Kingdom follows.
_RELAY_PREFIXES = ("18001", "18002")
# Numbers of ten digits: some areas whose code is 01 and four digits, and the oldest free numbers. All others have eleven.
_TEN_DIGITS = re.compile(r"0(?:1(?!1|[0-9]1)|500|800)")
# Country codes by their length (ITU-T E.164); all others have three digits.
_COUNTRY_CODE = re.compile(r"\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})")
_TRUNK_ZERO_STAYS = "+39"  # in Italy the 0 belongs to the number
_TRUNK_ZERO_GOES = ("+44", "+353")
_TIME_OF_DAY = re.compile(r"(?<![0-9.])(?:[01]?[0-9]|2[0-3])[.:][0-5][0-9](?![0-9.])")
_LETTER_PAIR = re.compile(r" ?-?[A-Z]{2}")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")


@dataclass(frozen=True)
class TextPiece:
    """A part of a text; `dial_string` is the number that a link on it dials; None for plain text."""

    text: str
    dial_string: str | None = None


def split_phone_numbers(text: str) -> list[TextPiece]:
    """The text, split into the numbers that can be dialled and the text between them."""
    found: list[TextPiece] = []
    end = 0
    for start, stop, dials in _find_numbers(text):
        if start > end:
            found.append(TextPiece(text[end:start]))
        found.append(TextPiece(text[start:stop], dials))
        end = stop
    return [*found, TextPiece(text[end:])] if end < len(text) else found


def dial_string(text: str) -> str | None:
    """The dial string of a text that is one telephone number and nothing else; None for any other text."""
    found = split_phone_numbers(text.strip())
    return found[0].dial_string if len(found) == 1 else None


def _find_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """The start, the end and the dial string of each number in the text."""
    # As long as the text, so that positions in both are the same.
    plain = _TIME_OF_DAY.sub(lambda time: "_" * len(time[0]), "".join(map(_plain_character, text)))
    for run in _NUMBER_RUN.finditer(plain):
        if plain[: run.start()][-1:].isalnum() or plain[: run.start()][-1:] == "@":
            continue
        for start, stop, digits in _relayed_numbers(run[0]):
            start, stop = run.start() + start, run.start() + stop
            extension = _EXTENSION.match(plain, stop)
            end = extension.end() if extension else stop
            is_whole_text = not (plain[:start] + plain[end:]).strip(" ()")
            if _is_dialable(digits, is_whole_text, plain[end:]):
                yield start, end, f"{digits};ext={extension[1]}" if extension else digits


def _plain_character(character: str) -> str:
    """A digit of any script as 0-9, a dash of any length as a hyphen, any space as a space."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return " " if character.isspace() else character.translate(_DASHES)


def _relayed_numbers(run: str) -> Iterator[tuple[int, int, str]]:
    """The numbers in a run of digits and signs, each together with the prefix for text relay before it."""
    prefix: tuple[int, int, str] | None = None
    for number in _split_run(run):
        _, stop, digits = number
        if prefix is not None:
            yield prefix[0], stop, prefix[2] + ("0" + digits[3:] if digits.startswith("+44") else digits)
            prefix = None
        elif digits in _RELAY_PREFIXES:
            prefix = number
        else:
            yield number
    if prefix is not None:
        yield prefix


def _split_run(run: str) -> Iterator[tuple[int, int, str]]:
    """The numbers in a run of digits and signs: the start, the end and the digits of each."""
    start = stop = 0
    digits = ""
    for group in _DIGIT_GROUP.finditer(run):
        written = group[0]
        if digits and _is_complete_before(digits, written):
            yield start, stop, _normalise_digits(digits)
            digits = ""
        if not digits:
            start = run.rfind("(", 0, group.start() + 1) if run[: group.start()].endswith("(") else group.start()
        digits += "(0)" if _is_trunk_prefix(written) else written
        stop = group.end()
    if digits:
        closing = run[stop:].startswith(")") and run.count("(", start, stop) > run.count(")", start, stop)
        yield start, stop + closing, _normalise_digits(digits)


def _is_trunk_prefix(written: str) -> bool:
    return written.startswith("(")


def _normalise_digits(digits: str) -> str:
    """The digits to dial: with a country code after +, and without the trunk prefix 0 that is dialled inside the country
    only."""
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    dropped = digits.startswith("+") and not digits.startswith(_TRUNK_ZERO_STAYS)
    digits = digits.replace("(0)", "" if dropped else "0")
    code = next((code for code in _TRUNK_ZERO_GOES if digits.startswith(f"{code}0")), "")
    return code + digits[len(code) + 1 :] if code else digits


def _is_complete_before(digits: str, written: str) -> bool:
    """Whether the digits so far are a complete number, so that the group of digits `written` belongs to another one."""
    if written == "+":
        return True
    if (len(digits) < 3 or digits == "247") and digits[0] not in "+0" and written.startswith("0") and len(written) > 2:
        return True  # “24/7 01632 960101”, “2. 0800 1111”: no number is written so
    number = _normalise_digits(digits)
    complete = len(number) == _max_length(number) or number in SHORT_NUMBERS
    too_long = len(_normalise_digits(digits + written)) > _max_length(number)
    return (complete and not _is_trunk_prefix(written)) or (too_long and written.startswith("0"))


def _max_length(number: str) -> int:
    """The greatest length of a number with this beginning, including its +."""
    if number.startswith("+"):
        return 13 if number.startswith("+44") else 16
    return 11 if number.startswith("0") else max(LOCAL_LENGTHS)


def _is_dialable(digits: str, is_whole_text: bool, after: str) -> bool:
    """Whether the digits are a complete telephone number. `after` is the text that follows them; `is_whole_text` says that
    nothing is written around them."""
    if digits.startswith(_RELAY_PREFIXES) and len(digits) > max(LOCAL_LENGTHS):
        return digits[5] == "0" and _is_dialable(digits[5:], False, after)
    if digits.startswith("+44"):
        return _is_national("0" + digits[3:])
    if digits.startswith("+"):
        return 9 <= len(digits) <= 16 and digits[1] != "0" and not _has_trunk_zero(digits)
    if digits == CHILDLINE:
        return not _LETTER_PAIR.match(after)  # "0800 1111 CALL" is a longer number, written with letters
    if digits.startswith("0"):
        return _is_national(digits)
    return digits in SHORT_NUMBERS or (is_whole_text and len(digits) in LOCAL_LENGTHS)


def _is_national(digits: str) -> bool:
    """Whether this is a whole number of the United Kingdom with its 0."""
    return len(digits) == 11 or (len(digits) == 10 and _TEN_DIGITS.match(digits) is not None)


def _has_trunk_zero(digits: str) -> bool:
    """Whether a 0 follows the country code that is dialled inside that country only."""
    code = _COUNTRY_CODE.match(digits)
    return code is not None and code[0] != _TRUNK_ZERO_STAYS and digits.startswith("0", code.end())
