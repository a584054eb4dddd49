"""Making a file beside the pages, and handing it out. The pages are those of the features that make files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Response

from course.exports import actions
from course.exports.rules import FIRST_STAGE, INTERRUPTED, ExportAbandonedError, StageCallback
from course.web.background_threads import run_in_background
from course.web.unit_of_work import unit_of_work

FAILURE_MESSAGE = "Something went wrong on our side. Ask for it again; if that does not help, tell your administrator."


def make_in_background(
    download_id: int,
    produce: Callable[[StageCallback], object],
    clock: Callable[[], datetime],
    known: tuple[type[Exception], ...],
) -> None:
    """Make the file in the background; the request for it is kept by then. `produce` is told how to say how far it has
    come, and keeps the file. Errors that are `known` say in words why there is none."""

    def tell(stage: str, done: int, total: int) -> None:
        with unit_of_work() as session:
            wanted = actions.record_progress(session, download_id, stage, done, total, clock())
        if not wanted:
            raise ExportAbandonedError(INTERRUPTED)

    in_words: tuple[type[Exception], ...] = (ExportAbandonedError, *known)

    def work() -> None:
        failure = FAILURE_MESSAGE
        try:
            tell(FIRST_STAGE, 0, 1)
            produce(tell)
            failure = ""
        except in_words as error:
            failure = str(error)
            logging.getLogger("course").warning("file %s was not made: %s", download_id, error)
        finally:
            if failure:
                with unit_of_work() as session:
                    actions.record_failure(session, download_id, failure, clock())

    run_in_background(work, f"file {download_id}")


def file_response(data: bytes, media: str, name: str) -> Response:
    """The file as an answer that no cache keeps."""
    response = Response(data, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
