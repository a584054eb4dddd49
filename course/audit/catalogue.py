"""The catalogue of audit events: what all features declare, collected once by `course/event_handlers.py`."""

from __future__ import annotations

from collections.abc import Iterable

from course.audit.rules import EVENT_KINDS, AuditEventKind

_catalogue: dict[str, AuditEventKind] = {}


def register_events(declared: Iterable[AuditEventKind]) -> None:
    """Replace the catalogue by `declared`.

    Raises ValueError for a name that two features declare, or whose category has no label in EVENT_KINDS.
    """
    found: dict[str, AuditEventKind] = {}
    for kind in declared:
        if kind.name in found:
            raise ValueError(f"the audit event {kind.name!r} is declared twice")
        if kind.category not in EVENT_KINDS:
            raise ValueError(f"the audit event {kind.name!r} has no category")
        found[kind.name] = kind
    _catalogue.clear()
    _catalogue.update(found)


def event_kind(name: str) -> AuditEventKind | None:
    """Return the declared kind of that name; None if no feature declares it."""
    return _catalogue.get(name)


def event_names(category: str | None = None) -> tuple[str, ...]:
    """Return the names of all declared events, or of those of one category, in alphabetical order."""
    return tuple(sorted(kind.name for kind in _catalogue.values() if category in (None, kind.category)))
