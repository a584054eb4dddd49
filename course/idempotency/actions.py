"""Claiming a form for the first request that brings it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from course.db import insert_if_absent
from course.idempotency.models import SentForm
from course.idempotency.rules import FORM_RETENTION


def claim_form(session: Session, fingerprint: str, at: datetime) -> bool:
    """Claim a form; whether this is the first time that it is sent. Another request that claims it at the same moment waits
    until this transaction has ended, and then gets False; or True, if this transaction was rolled back."""
    return insert_if_absent(session, SentForm, fingerprint=fingerprint, sent_at=at)


def release_form(session: Session, fingerprint: str) -> None:
    """Release a form that changed nothing after all: it may be sent again as it is."""
    session.execute(delete(SentForm).where(SentForm.fingerprint == fingerprint))


def delete_old_forms(session: Session, at: datetime) -> None:
    """Delete forms that were sent too long ago to be sent again by mistake."""
    session.execute(delete(SentForm).where(SentForm.sent_at <= at - FORM_RETENTION))
