"""What SQLAlchemy has compiled, shared by all engines of a kind: a process of the tests makes thousands of engines, each of which
would compile every statement once more."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache

STATEMENTS = 3_000  # kept of each kind; a process in service has at most a few hundred


class Statements(LRUCache[Any, Any]):
    """Compiled statements of one kind of engine. SQLAlchemy's keys begin with the dialect, of which each engine has its own;
    those of a kind compile alike."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


@cache
def _statements(_kind: str) -> Statements:
    return Statements(STATEMENTS)


def engine_with_shared_statements(url: Any, **options: Any) -> Engine:
    """`sqlalchemy.create_engine`, but what is compiled is shared with all engines of the same driver."""
    engine = create_engine(url, **options)
    engine._compiled_cache = _statements(f"{engine.dialect.name} {engine.dialect.driver}")
    return engine
