"""Gaps in the text of a Moodle question ("embedded answers"): `{1:MULTICHOICE_VS:=right#feedback~wrong#feedback}`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from course.question_exchange.rules.bank_question import BankAnswer, BankText

_GAP = re.compile(r"\{\d*:([A-Z_]+):((?:\\.|[^\\{}])*)\}")
_SHARE = re.compile(r"^(?:=|%(-?\d+(?:[.,]\d*)?)%)")
_CHOICE_KINDS = re.compile(r"(?:MULTICHOICE|MC)(?:_?[VH])?(?:_?S)?")
# Characters that mean something in a gap, as entities: Moodle reads the text as HTML afterwards.
_ENTITIES = str.maketrans({char: f"&#{ord(char)};" for char in '\\{}~#"%='} | {"\n": " "})
_MARKER = "\ufdd0%s\ufdd1"
_MARKED = re.compile("\ufdd0(\\d+)\ufdd1")


@dataclass(frozen=True)
class GapText:
    """A text with gaps: the HTML with a marker for each gap, and the gaps in their order. None: no choice between lines."""

    html: str
    gaps: tuple[tuple[BankAnswer, ...] | None, ...]


def write_gap(answers: Iterable[BankAnswer]) -> str:
    """A gap in which one line is chosen from a list below each other, in an order that changes."""
    lines = (
        ("=" if answer.percent == 100 else "") + answer.text.text.translate(_ENTITIES)
        + ("#" + answer.feedback.text.translate(_ENTITIES) if answer.feedback else "")
        for answer in answers
    )  # fmt: skip
    return "{1:MULTICHOICE_VS:" + "~".join(lines) + "}"


def read_gaps(html: str) -> GapText:
    """The gaps of a text. Gaps that are no choice, such as a word to type, are None."""
    gaps: list[tuple[BankAnswer, ...] | None] = []

    def keep(match: re.Match[str]) -> str:
        is_choice = _CHOICE_KINDS.fullmatch(match[1]) is not None
        gaps.append(tuple(map(_read_answer, _split(match[2], "~"))) if is_choice else None)
        return _MARKER % (len(gaps) - 1)

    return GapText(_GAP.sub(keep, html.replace(_MARKER[0], "").replace(_MARKER[-1], "")), tuple(gaps))


def marked_gap(line: str) -> tuple[str, int] | None:
    """The text before the marker of a gap, and the number of the gap, if the line ends with one."""
    found = _MARKED.search(line)
    return (line[: found.start()].strip(), int(found[1])) if found and found.end() == len(line) else None


def _read_answer(text: str) -> BankAnswer:
    share = _SHARE.match(text)
    percent = 0.0 if share is None else float(share[1].replace(",", ".")) if share[1] else 100.0
    answer, *feedback = _split(text[share.end() if share else 0 :], "#", 1)
    return BankAnswer(_text(answer), percent, _text(feedback[0]) if feedback else None)


def _split(text: str, separator: str, times: int = 0) -> list[str]:
    """The text divided at a character that has no backslash before it and begins no entity."""
    return re.split(rf"(?<!\\)(?<!&){re.escape(separator)}", text, maxsplit=times)


def _text(text: str) -> BankText:
    return BankText(re.sub(r"\\([}~#\"\\/])", r"\1", text))
