"""The audit events that this feature writes, with the sentences that the audit log shows for them."""

from __future__ import annotations

from course.audit.rules import AuditEventKind
from course.translation import lazy_gettext as _

AUDIT_EVENTS = (
    AuditEventKind(
        "content.schemas_installed",
        _("Schema files for SCORM packages were installed: {files} files from {source}"),
        one=("files", _("Schema files for SCORM packages were installed: {files} file from {source}")),
    ),
    AuditEventKind(
        "content.schemas_removed",
        _("Schema files for SCORM packages were removed: {files} files"),
        one=("files", _("Schema files for SCORM packages were removed: {files} file")),
    ),
)
