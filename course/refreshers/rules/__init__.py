"""The rule of renewal: from dated facts and the versions of the policy, the standing on any day. Pure: no clock, no
database; the last valid day is included, so that a certificate of 12 February 2026 for 12 months is valid up to and
including 12 February 2027."""

from __future__ import annotations

from course.refreshers.rules.answer import Standing, standing
from course.refreshers.rules.chain import Cycle, cycles
from course.refreshers.rules.changes import Preview, Touch, guard, preview
from course.refreshers.rules.facts import (
    Completion,
    Employment,
    Extension,
    Facts,
    Pathway,
    Pause,
    Requirement,
    Started,
)
from course.refreshers.rules.policy import Policy, describe
from course.refreshers.rules.words import cycle_reason

__all__ = [
    "Completion",
    "Cycle",
    "Employment",
    "Extension",
    "Facts",
    "Pathway",
    "Pause",
    "Policy",
    "Preview",
    "Requirement",
    "Standing",
    "Started",
    "Touch",
    "cycle_reason",
    "cycles",
    "describe",
    "guard",
    "preview",
    "standing",
]
