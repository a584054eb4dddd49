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
    end_import,
    finish_apply,
    invitation_batches,
    invite_people,
    record_failure,
    skip_line,
    start_writing,
)
from course.people_import.actions.preview import (
    delete_expired,
    keep_preview,
    keep_preview_of_choices,
    store_choices,
    store_upload,
)

__all__ = [
    "FILE_DELETED",
    "LEASE",
    "AnotherImportError",
    "ConcurrentChangeError",
    "ImportInvitee",
    "StalePreviewError",
    "apply_portion",
    "begin_apply",
    "delete_expired",
    "end_import",
    "finish_apply",
    "invitation_batches",
    "invite_people",
    "keep_preview",
    "keep_preview_of_choices",
    "record_failure",
    "skip_line",
    "start_writing",
    "store_choices",
    "store_upload",
]
