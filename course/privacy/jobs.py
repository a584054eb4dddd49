"""Erasing what is due, for the regular job and for `flask privacy run`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from course.jobs.rules import JobKind
from course.privacy import actions
from course.privacy.queries import retention_due
from course.privacy.rules.retention_schedule import ErasureStage
from course.translation import lazy_gettext as _
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work

BATCH_SIZE = 5  # people in one transaction, about 0.1 s each: other writers never wait long


@dataclass
class ErasureTotals:
    """What one run erased: rows and people by stage, and the number of refused join requests that were deleted."""

    rows: Counter[ErasureStage] = field(default_factory=Counter)
    people: Counter[ErasureStage] = field(default_factory=Counter)
    deleted_join_requests: int = 0


def run_erasure(at: datetime) -> ErasureTotals:
    """Erase everything that is due at the moment `at`, a few people in each transaction."""
    totals, zone = ErasureTotals(), app_state().config.time_zone
    with unit_of_work() as session:
        session.connection(execution_options={"writes": False})
        ids = [
            task.person_id
            for task in retention_due.erasure_tasks(session, retention_due.current_schedule(session), zone, at)
        ]
    for start in range(0, len(ids), BATCH_SIZE):
        with unit_of_work() as session:
            for erasure in actions.erase(session, ids[start : start + BATCH_SIZE], zone, at):
                stage = cast("ErasureStage", erasure.stage)
                totals.rows[stage] += erasure.total
                totals.people[stage] += erasure.total > 0
    with unit_of_work() as session:
        totals.deleted_join_requests = actions.delete_refused_requests(session, zone, at)
    return totals


JOBS = (
    JobKind("privacy.erase", _("Erase data past its time"), lambda run: run_erasure(run.at), every=timedelta(hours=1)),
)
