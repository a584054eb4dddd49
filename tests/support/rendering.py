"""Statements that are sent while a template is rendered: there must be none, because a view reads and a template shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import appcontext_popped, before_render_template, template_rendered
from sqlalchemy import Engine, event


class StatementsWhileRendering:
    """Notes for each statement which template sent it, in any application and in any thread, and which were rendered."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.rendered: set[str] = set()
        self._thread = threading.local()

    def _names(self) -> list[str]:
        names: list[str] = self._thread.__dict__.setdefault("names", [])
        return names

    def _begin(self, _sender: object, template: Any, **_context: object) -> None:
        self.rendered.add(str(template.name))
        self._names().append(str(template.name))

    def _end(self, _sender: object, **_context: object) -> None:
        self._names().pop()

    def _forget(self, _sender: object, **_context: object) -> None:
        # A template that raised has no end.
        self._names().clear()

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if names := self._names():
            self.found.append(f"{' in '.join(reversed(names))}: {statement}")

    @contextmanager
    def noted(self) -> Iterator[StatementsWhileRendering]:
        """Statements are noted while the block runs."""
        before_render_template.connect(self._begin)
        template_rendered.connect(self._end)
        appcontext_popped.connect(self._forget)
        event.listen(Engine, "before_cursor_execute", self._note)
        try:
            yield self
        finally:
            event.remove(Engine, "before_cursor_execute", self._note)
            appcontext_popped.disconnect(self._forget)
            template_rendered.disconnect(self._end)
            before_render_template.disconnect(self._begin)
