"""Backups, test mails, sending mails again, and what is done with jobs."""

from __future__ import annotations

from course.operations.actions.backups import (
    BackupFailedError,
    RestorableBackup,
    RestoreResult,
    check_backup,
    copy_sqlite,
    record_backup,
    record_restore,
    restore_sqlite,
)
from course.operations.actions.jobs import cancel_job, repeat_job
from course.operations.actions.mail import confirm_mail, prefix_of_test_mail, retry_all_mail, retry_mail, send_test_mail

__all__ = [
    "BackupFailedError",
    "RestorableBackup",
    "RestoreResult",
    "cancel_job",
    "check_backup",
    "confirm_mail",
    "copy_sqlite",
    "prefix_of_test_mail",
    "record_backup",
    "record_restore",
    "repeat_job",
    "restore_sqlite",
    "retry_all_mail",
    "retry_mail",
    "send_test_mail",
]
