"""Reading which forms were accepted."""

from __future__ import annotations

from sqlalchemy import select

from course.db import RowSource
from course.idempotency.models import SentForm


def was_form_sent(rows: RowSource, fingerprint: str) -> bool:
    """Whether a committed request brought this form."""
    found = rows.execute(select(SentForm.fingerprint).where(SentForm.fingerprint == fingerprint))
    return found.first() is not None
