"""The rules of recertification: derive the certification status of a person on any day from dated facts and the
versions of the policy. Pure: no clock, no database. The last valid day of a certificate is included: a certificate of
12 February 2026 with a validity of 12 months is valid up to and including 12 February 2027.

Where each rule is: the certification status (valid, due soon, overdue, expired, paused, not required, not started) and
the due date in certification_status.py; the expiry, the renewal window, the grace period after expiry and extensions in
validity_chain.py; policy versions in policy.py and pathway_policy.py; the facts (completions, pauses, extensions,
employment) in facts.py; the sentences that explain a status in explanations.py, and their reasons in cycle_reasons.py
and due_reasons.py.
"""

from __future__ import annotations

from course.recertification.rules.cycle_reasons import cycle_reason
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
