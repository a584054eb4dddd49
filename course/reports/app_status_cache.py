"""The ledger of the application that is running."""

from __future__ import annotations

from flask import current_app

from course.reports.status_cache import StatusCache

EXTENSION_KEY = "course.status_cache"


def app_status_cache() -> StatusCache:
    """This process's ledger of this application's database."""
    ledger: StatusCache = current_app.extensions[EXTENSION_KEY]
    return ledger
