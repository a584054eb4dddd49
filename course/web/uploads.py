"""Pages that accept a file: more than the few kilobytes of every other form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

V = TypeVar("V", bound=Callable[..., Any])
MEGABYTE = 1024 * 1024


def accepts_upload(megabytes: int) -> Callable[[V], V]:
    """The view takes requests of this size."""

    def mark(view: V) -> V:
        view.accepts = megabytes * MEGABYTE  # type: ignore[attr-defined]
        return view

    return mark


def init(app: Flask) -> None:
    """Set the limit before anything reads the form, the check of its token above all."""

    @app.before_request
    def limit() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if (allowed := getattr(view, "accepts", None)) is not None:
            request.max_content_length = allowed


def upload_limit_text() -> str | None:
    """How large a file this page accepts; None for a page that accepts none."""
    view = current_app.view_functions.get(request.endpoint or "")
    allowed = getattr(view, "accepts", None)
    return None if allowed is None else f"{allowed // MEGABYTE} MB"
