"""Recording that a module was printed, and with which answers."""

from __future__ import annotations

from course.audit.actions import record_event
from course.context import Context


def record_printing(context: Context, module_id: str, *, with_bank: bool) -> None:
    """Record that whoever acts took a printed edition of a module out of the course."""
    record_event(
        context, "supervised.bank_printed" if with_bank else "supervised.module_printed", None, {"module": module_id}
    )
