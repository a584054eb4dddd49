"""What the database says about its own health, and what it holds that it should not hold."""

from __future__ import annotations

from course.health.queries.counters import counters_behind
from course.health.queries.readiness import database_damage, database_health, job_counts
from course.health.queries.references import dangling_references
from course.health.queries.violations import (
    AREAS,
    certificate_dates,
    count_rows,
    moments_ahead,
    sample_of_people,
    violations,
)

__all__ = [
    "AREAS",
    "certificate_dates",
    "count_rows",
    "counters_behind",
    "dangling_references",
    "database_damage",
    "database_health",
    "job_counts",
    "moments_ahead",
    "sample_of_people",
    "violations",
]
