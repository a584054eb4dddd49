"""What is held about somebody, as a file for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from course.privacy.rules.personal_data_map import SECTIONS


def json_value(value: Any) -> Any:
    """A value as JSON has it: moments in ISO 8601 and UTC, days as YYYY-MM-DD. Raises TypeError for what has no place
    in a file."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in the file")


def subject_data_json(
    about: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]], more: Mapping[str, Any]
) -> bytes:
    """Everything as one JSON file in UTF-8: the sections of the page, in each the tables with their rows, and `more`
    beside them."""
    sections = [
        {
            "title": section.title,
            "tables": [
                {"name": place.table, "title": place.title, "rows": [_own_columns(row) for row in rows[place.table]]}
                for place in section.places
            ],
        }
        for section in SECTIONS
    ]
    return json.dumps(
        {**about, "sections": sections, **more}, ensure_ascii=False, indent=1, default=json_value
    ).encode()


def _own_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what the page borrows from other rows."""
    return {name: value for name, value in row.items() if "." not in name}


_DISPLAY_VALUES = {
    None: "–",
    "": "–",
    True: "yes",
    False: "no",
    "initial": "the whole course",
    "final": "final assessment",
    "own": "my dates",
    "team": "dates of my team",
}


def display_value(value: Any) -> str:
    """A value on the readable page, unless it is a moment or a day."""
    if value is None or isinstance(value, (bool, str)):
        return _DISPLAY_VALUES.get(value, str(value))
    return str(value)
