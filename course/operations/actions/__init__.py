"""Backups, test mails, and sending mails again."""

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
from course.operations.actions.mail import prefix_of_test_mail, retry_all_mail, retry_mail, send_test_mail

__all__ = [
    "BackupFailedError",
    "RestorableBackup",
    "RestoreResult",
    "check_backup",
    "copy_sqlite",
    "prefix_of_test_mail",
    "record_backup",
    "record_restore",
    "restore_sqlite",
    "retry_all_mail",
    "retry_mail",
    "send_test_mail",
]
