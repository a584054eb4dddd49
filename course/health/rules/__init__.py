"""Whether a server may be sent people, and what is wrong with a database. Pure."""

from __future__ import annotations

from course.health.rules.examination import (
    EXAMINED_EACH,
    SENTENCES,
    CertificateDates,
    Examination,
    Finding,
    NightlyResult,
    Sentence,
    Violations,
    certificate_mistake,
    examination_lines,
    examinations_to_json,
    nightly_result,
    violation_finding,
)
from course.health.rules.readiness import (
    DatabaseHealth,
    DiskHealth,
    DiskSpace,
    Readiness,
    disk_space,
    disk_word,
    readiness,
)

__all__ = [
    "EXAMINED_EACH",
    "SENTENCES",
    "CertificateDates",
    "DatabaseHealth",
    "DiskHealth",
    "DiskSpace",
    "Examination",
    "Finding",
    "NightlyResult",
    "Readiness",
    "Sentence",
    "Violations",
    "certificate_mistake",
    "disk_space",
    "disk_word",
    "examination_lines",
    "examinations_to_json",
    "nightly_result",
    "readiness",
    "violation_finding",
]
