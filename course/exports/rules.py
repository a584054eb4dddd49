"""How long a file is kept, and what state it is in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from course.jobs.rules import OPEN_STATES, JobState, Progress
from course.translation import lazy_gettext as _

# How long each kind of file can be downloaded.
RETENTION_PERIODS = {
    "evidence": timedelta(days=30),
    "csv": timedelta(days=1),
    "xlsx": timedelta(days=1),
    "pdf": timedelta(days=1),
}
ExportState = Literal["running", "failed", "ready", "gone"]
NOT_ALLOWED = _("You can no longer see these people, so the file was not made.")

# Called with what is being done, how many steps are done, and of how many.
StageCallback = Progress


@dataclass(frozen=True)
class FileRequest:
    """The file that a person asks for: its kind, the team (None: everybody) and the day that it is about, the request
    as its address or the words that were searched for (`asked`), and the arguments of the job that makes it."""

    kind: str
    team_id: int | None
    day: date
    asked: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def download_state(kind: str, made_at: datetime, job_state: JobState | None, at: datetime) -> ExportState:
    """The state of a file of that kind. `made_at` is when it was made, or asked for; `job_state` is that of the job that
    makes it, None once the job is not kept any more."""
    if job_state in OPEN_STATES:
        return "running"
    if job_state in ("failed", "cancelled"):
        return "failed"
    return "ready" if at - made_at < RETENTION_PERIODS[kind] else "gone"


def export_key(kind: str, person_id: int) -> str:
    """The unique key of the job for a file: of each kind one file is made for a person at a time."""
    return f"{kind}:{person_id}"
