"""The format of the subject access export, and of values on the page "My data"."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from course.privacy.rules.personal_data_map import SECTIONS
from course.translation import lazy_gettext as _


def json_value(value: Any) -> Any:
    """A value for JSON: moments in ISO 8601 and UTC, days as YYYY-MM-DD. Raises TypeError for any other type."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in the file")


def subject_data_json(
    about: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]], more: Mapping[str, Any]
) -> bytes:
    """The export as JSON in UTF-8: the sections of the page, each with its tables and their rows, and the keys of
    `more`."""
    sections = [
        {
            "title": section.title,
            "tables": [
                {
                    "name": table_entry.table,
                    "title": table_entry.title,
                    "rows": [_own_columns(row) for row in rows[table_entry.table]],
                }
                for table_entry in section.tables
            ],
        }
        for section in SECTIONS
    ]
    return json.dumps(
        {**about, "sections": sections, **more}, ensure_ascii=False, indent=1, default=json_value
    ).encode()


def _own_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without the columns of parent rows, which only the page displays."""
    return {name: value for name, value in row.items() if "." not in name}


_DISPLAY_VALUES = {
    None: "–",
    "": "–",
    True: _("yes"),
    False: _("no"),
    "initial": _("the whole course"),
    "final": _("final assessment"),
    "own": _("my dates"),
    "team": _("dates of my team"),
}


def display_value(value: Any) -> str:
    """A value on the page "My data", unless the value is a moment or a day."""
    if value is None or isinstance(value, (bool, str)):
        return _DISPLAY_VALUES.get(value, str(value))
    return str(value)
