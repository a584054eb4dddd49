"""Choosing people for a change, applying it in portions, and undoing it."""

from __future__ import annotations

from course.bulk_changes.actions.applying import (
    apply_portion,
    begin_apply,
    finish_apply,
    record_reminders,
)
from course.bulk_changes.actions.choosing import choose_people, choose_values, delete_changes
from course.bulk_changes.actions.undoing import begin_undo, finish_undo, undo_portion

__all__ = [
    "apply_portion",
    "begin_apply",
    "begin_undo",
    "choose_people",
    "choose_values",
    "delete_changes",
    "finish_apply",
    "finish_undo",
    "record_reminders",
    "undo_portion",
]
