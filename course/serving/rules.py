"""When a worker is seen, and when it counts as gone."""

from __future__ import annotations

from datetime import timedelta

BEAT = timedelta(minutes=1)
# A long round of mail comes between two beats; only after this has somebody to look.
SILENT = timedelta(minutes=15)
FORGOTTEN = timedelta(days=30)
