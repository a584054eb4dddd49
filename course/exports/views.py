"""Handing out a file. The pages are those of the features that make files."""

from __future__ import annotations

from flask import Response


def file_response(data: bytes, media: str, name: str) -> Response:
    """The file as an answer that no cache keeps."""
    response = Response(data, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
