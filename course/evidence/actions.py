"""Audit events for evidence packs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from course.audit.actions import record_event
from course.context import Context
from course.evidence.rules.pack import PackDescription
from course.recertification.rules.civil_dates import long_date
from course.training_records.actions import log_record_export
from course.training_records.rules import PACK


def record_pack_made(context: Context, team_id: int | None, about: PackDescription, people: Collection[int]) -> None:
    """Record in the audit log that a pack was made, and in the training record of each person in it for whom."""
    _record_pack_event(context, "evidence.made", team_id, about.day, about.people)
    if context.actor is not None:
        log_record_export(
            context, people, PACK, f"{about.team or 'Everyone'}, {long_date(about.day)}"
        )  # not translated: stored


def _record_pack_event(context: Context, event: str, team_id: int | None, day: date, people: int | None) -> None:
    subject = None if team_id is None else ("team", team_id)
    record_event(context, event, subject, {"day": day.isoformat(), "people": people})


def record_pack_download(context: Context, team_id: int | None, day: date, people: int | None) -> None:
    """Record in the audit log that a pack was downloaded."""
    _record_pack_event(context, "evidence.downloaded", team_id, day, people)
