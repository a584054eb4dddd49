"""A question as the question banks of other systems hold it: what GIFT and Moodle XML have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TextFormat = Literal["html", "markdown", "moodle", "plain"]
TEXT_FORMATS: tuple[TextFormat, ...] = ("html", "markdown", "moodle", "plain")
FileFormat = Literal["gift", "moodle-xml"]
# Two strokes begin a comment in GIFT, and stand for one stroke in the name of a category.
TWO_STROKES = 2 * "/"
# The ending of a file in each format.
FILE_ENDINGS: dict[FileFormat, str] = {"gift": "gift.txt", "moodle-xml": "xml"}


@dataclass(frozen=True)
class BankText:
    """A text in the format that the file names. `moodle` is HTML in which a new line is a break."""

    text: str
    format: TextFormat = "html"


@dataclass(frozen=True)
class BankAnswer:
    """One answer with the share of the points that it gives, in per cent, and the feedback to whoever chose it."""

    text: BankText
    percent: float
    feedback: BankText | None = None


@dataclass(frozen=True)
class BankPair:
    """One line of a matching question, and what it belongs to."""

    left: BankText
    right: str


@dataclass(frozen=True)
class BankQuestion:
    """A question of a file. `number` is its identifier in the other system, `line` where it begins (from 1), and `notes` say
    what the reader of the file left out."""

    kind: str
    name: str = ""
    number: str = ""
    tags: tuple[str, ...] = ()
    category: str = ""
    stem: BankText = BankText("")
    general: BankText | None = None
    answers: tuple[BankAnswer, ...] = ()
    pairs: tuple[BankPair, ...] = ()
    single: bool = True
    line: int = 1
    notes: tuple[str, ...] = ()


class BankFileError(ValueError):
    """A file that cannot be read as a whole; the message says why and, if it is known, where."""
