"""Whether a server may be sent people, and what is wrong with a database. Pure."""

from __future__ import annotations

from course.health.rules.examination import (
    SENTENCES,
    CertificateDates,
    Examination,
    Finding,
    Sentence,
    Violations,
    certificate_mistake,
    examination_lines,
    violation_finding,
)
from course.health.rules.readiness import DatabaseHealth, DiskHealth, Readiness, disk_word, readiness

__all__ = [
    "SENTENCES",
    "CertificateDates",
    "DatabaseHealth",
    "DiskHealth",
    "Examination",
    "Finding",
    "Readiness",
    "Sentence",
    "Violations",
    "certificate_mistake",
    "disk_word",
    "examination_lines",
    "readiness",
    "violation_finding",
]
