"""Events between features: typed, and handled at once in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

E = TypeVar("E")
_handlers: dict[type[Any], list[Callable[[Session, Any], None]]] = defaultdict(list)


def subscribe(kind: type[E], handler: Callable[[Session, E], None]) -> None:
    """Call `handler(session, event)` for each event of this type. Subscribing the same handler again does nothing."""
    if handler not in _handlers[kind]:
        _handlers[kind].append(handler)


def publish(session: Session, event: object) -> None:
    """Call the handlers of the event. An exception of a handler rolls back the whole transaction."""
    for handler in _handlers[type(event)]:
        handler(session, event)
