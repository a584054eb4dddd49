"""What the second reading of the rule (oracle.py) knows of a person on a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from course.refreshers.rules import (
    Completion,
    Employment,
    Extension,
    Facts,
    Pathway,
    Pause,
    Requirement,
    Started,
)

Fact = TypeVar("Fact", Employment, Requirement, Completion, Extension, Pause, Started, Pathway)


def gone(done: Completion, day: date) -> bool:
    """Whether a completion had been revoked by the end of that day."""
    return done.revoked is not None and done.revoked <= day
