"""Work that takes longer than somebody should wait for a page."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flask import Flask, current_app


def in_background(work: Callable[[], None], name: str) -> None:
    """Do it in a thread of its own, with the application at hand; the page answers at once.

    With `app.config["IN_BACKGROUND"]` False it is done before this returns, for those who have one connection only.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            try:
                work()
            except Exception:
                logging.getLogger("course").exception("%s failed", name)

    if app.config.get("IN_BACKGROUND", True):
        threading.Thread(target=run, name=name, daemon=True).start()
    else:
        run()
