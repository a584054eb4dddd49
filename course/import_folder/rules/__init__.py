"""Which files of the import folder are taken, which lists wait for a person, and what is said about them. Pure."""

from __future__ import annotations

from course.import_folder.rules.files import (
    CONNECTION,
    DONE,
    FILE_RETENTION,
    MAX_MEGABYTES,
    NIGHT,
    REFUSED,
    SETTLED_AFTER,
    TAKEN_PREFIX,
    FileRefusal,
    is_left_alone,
    is_night,
    is_settled,
    kept_name,
    name_refusal,
    original_name,
    shown_name,
    taken_name,
)
from course.import_folder.rules.messages import HeldListMessage
from course.import_folder.rules.reasons import (
    LIST_REPLACED,
    NOT_MATCHED,
    PlanFacts,
    TableFacts,
    file_report,
    plan_reasons,
    table_reasons,
)

__all__ = [
    "CONNECTION",
    "DONE",
    "FILE_RETENTION",
    "LIST_REPLACED",
    "MAX_MEGABYTES",
    "NIGHT",
    "NOT_MATCHED",
    "REFUSED",
    "SETTLED_AFTER",
    "TAKEN_PREFIX",
    "FileRefusal",
    "HeldListMessage",
    "PlanFacts",
    "TableFacts",
    "file_report",
    "is_left_alone",
    "is_night",
    "is_settled",
    "kept_name",
    "name_refusal",
    "original_name",
    "plan_reasons",
    "shown_name",
    "table_reasons",
    "taken_name",
]
