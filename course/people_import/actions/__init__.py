"""Uploading a list, storing its preview, and applying it portion by portion to its end."""

from __future__ import annotations

from course.people_import.actions.applying import (
    FILE_DELETED,
    LEASE,
    AnotherImportError,
    ConcurrentChangeError,
    ImportInvitee,
    StalePreviewError,
    apply_portion,
    begin_apply,
    claim_interrupted,
    end_import,
    finish_apply,
    invitation_batches,
    invite_people,
    record_failure,
    skip_line,
    start_writing,
)
from course.people_import.actions.preview import delete_expired, keep_preview, store_upload

__all__ = [
    "FILE_DELETED",
    "LEASE",
    "AnotherImportError",
    "ConcurrentChangeError",
    "ImportInvitee",
    "StalePreviewError",
    "apply_portion",
    "begin_apply",
    "claim_interrupted",
    "delete_expired",
    "end_import",
    "finish_apply",
    "invitation_batches",
    "invite_people",
    "keep_preview",
    "record_failure",
    "skip_line",
    "start_writing",
    "store_upload",
]
