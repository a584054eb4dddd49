"""A timeline on paper: its moments are numbered in the order of their days, and a reader writes down the numbers that they mark."""

from __future__ import annotations

import re
from dataclasses import dataclass

from course.content.schema import Question
from course.printed_modules.rules.sections import CODE_LENGTH

MAX_MOMENTS = 200  # characters of the numbers that somebody wrote down
_NUMBER = re.compile(r"[0-9]+")
_ALLOWED = re.compile(r"[0-9\s,;.]*")


def timeline_code(timeline: Question) -> str:
    """The code on a printed timeline that says which version of it the numbers belong to."""
    return timeline.version[:CODE_LENGTH].upper()


@dataclass(frozen=True)
class MarkedMoments:
    """The indices of the moments that somebody marked, in order. `wrong` is the first number that no moment has; None if each
    has one."""

    indices: tuple[int, ...] = ()
    wrong: int | None = None


def read_moments(timeline: Question, written: str) -> MarkedMoments | None:
    """The moments that somebody wrote down as numbers. None for a text that has other signs than numbers and commas, or no
    number."""
    if len(written) > MAX_MOMENTS or not _ALLOWED.fullmatch(written):
        return None
    numbers = [int(found) for found in _NUMBER.findall(written)]
    if not numbers:
        return None
    wrong = next((number for number in numbers if not 1 <= number <= len(timeline.options)), None)
    if wrong is not None:
        return MarkedMoments((), wrong)
    return MarkedMoments(tuple(sorted({number - 1 for number in numbers})))
