"""Handing out a file. The pages are those of the features that make files."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response


def file_response(data: bytes | Iterator[bytes], media: str, name: str) -> Response:
    """The file, or its portions while they are made, as an answer that no cache keeps."""
    response = Response(data, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
