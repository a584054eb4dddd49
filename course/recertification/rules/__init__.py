"""The rule of renewal: from dated facts and the versions of the policy, the standing on any day. Pure: no clock, no
database; the last valid day is included, so that a certificate of 12 February 2026 for 12 months is valid up to and
including 12 February 2027."""

from __future__ import annotations

from course.recertification.rules.explanations import cycle_reason
from course.recertification.rules.facts import (
    Completion,
    Employment,
    Extension,
    Facts,
    Pathway,
    Pause,
    Requirement,
    Started,
)
from course.recertification.rules.policy import Policy, describe
from course.recertification.rules.policy_impact import Preview, Touch, guard, preview
from course.recertification.rules.status_view import Standing, standing
from course.recertification.rules.validity_chain import Cycle, cycles

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
