"""How long a file is kept, and what state it is in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

# How long each kind of file can be downloaded.
RETENTION_PERIODS = {
    "evidence": timedelta(days=30),
    "csv": timedelta(days=1),
    "xlsx": timedelta(days=1),
    "pdf": timedelta(days=1),
}
TIME_LIMIT = timedelta(hours=1)  # whatever has not ended after this has been cut off
# Whoever makes a file says often how far it has come. After this silence another one may be asked for.
PROGRESS_TIMEOUT = timedelta(minutes=10)
INTERRUPTED = (
    "It was not finished: the course was stopped meanwhile, or too much else was being made. Ask for it again."
)

FIRST_STAGE = "Beginning"


class ExportAbandonedError(Exception):
    """The file is not to be made any more: it was silent for so long that another one may have been asked for."""


# Told what is being done, how many steps are done, and of how many.
StageCallback = Callable[[str, int, int], None]


def download_state(
    kind: str,
    made_at: datetime,
    finished_at: datetime | None,
    failure: str | None,
    at: datetime,
    told_at: datetime | None = None,
) -> str:
    """running, cut off, failed, ready or gone; `told_at` is when it was last said how far it has come."""  # fmt: skip
    if failure:
        return "failed"
    if finished_at is None:
        silent = told_at is not None and at - told_at >= PROGRESS_TIMEOUT
        return "cut off" if silent or at - made_at >= TIME_LIMIT else "running"
    return "ready" if at - made_at < RETENTION_PERIODS[kind] else "gone"
