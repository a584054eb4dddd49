"""Upload limits: views that accept a file take larger requests than every other form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from course.web.current import this_request

V = TypeVar("V", bound=Callable[..., Any])
MEGABYTE = 1024 * 1024


def accepts_upload(megabytes: int) -> Callable[[V], V]:
    """Mark a view that takes requests up to this size."""

    def set_limit(view: V) -> V:
        view.max_upload_bytes = megabytes * MEGABYTE  # type: ignore[attr-defined]
        return view

    return set_limit


def init(app: Flask) -> None:
    """Set the limit of each request before anything reads its form; the CSRF check is the first to do so."""

    @app.before_request
    def limit() -> None:
        request = this_request()
        view = app.view_functions.get(request.endpoint or "")
        if (allowed := getattr(view, "max_upload_bytes", None)) is not None:
            request.max_content_length = allowed


def upload_limit_text() -> str | None:
    """The limit of this page in words, such as "5 MB"; None for a page that accepts no file."""
    view = current_app.view_functions.get(request.endpoint or "")
    allowed = getattr(view, "max_upload_bytes", None)
    return None if allowed is None else f"{allowed // MEGABYTE} MB"
