"""The rule of renewal: from dated facts and the versions of the policy, the standing on any day. Pure: no clock, no
database; the last valid day is included, so that a certificate of 12 February 2026 for 12 months is valid up to and
including 12 February 2027."""

from __future__ import annotations

from course.recertification.rules.explanations import cycle_reason
from course.recertification.rules.facts import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Requirement,
    StartFact,
)
from course.recertification.rules.policy import Policy, describe_policy
from course.recertification.rules.policy_impact import (
    PersonImpact,
    PolicyImpact,
    missing_due_date_reason,
    preview_policy_change,
)
from course.recertification.rules.status_view import CertificationStatus, certification_status
from course.recertification.rules.validity_chain import Cycle, cycles

__all__ = [
    "CertificationFacts",
    "CertificationStatus",
    "CompletionFact",
    "Cycle",
    "EmploymentFact",
    "Extension",
    "PathwayFact",
    "Pause",
    "PersonImpact",
    "Policy",
    "PolicyImpact",
    "Requirement",
    "StartFact",
    "certification_status",
    "cycle_reason",
    "cycles",
    "describe_policy",
    "missing_due_date_reason",
    "preview_policy_change",
]
