"""The status cache of the running application."""

from __future__ import annotations

from flask import current_app

from course.reports.status_cache import StatusCache

EXTENSION_KEY = "course.status_cache"


def app_status_cache() -> StatusCache:
    """The status cache of this application's database in this process."""
    cache: StatusCache = current_app.extensions[EXTENSION_KEY]
    return cache
