"""The night shift: a dark page and portions of five minutes, chosen in one browser.

The choice is kept in the signed cookie of the sign-in session, not in the database: it belongs to the phone that is read
at night, costs no page a query, is known to nobody else, and is gone when the reader signs out.
"""

from __future__ import annotations

from flask import Flask

from course.web.current import this_session

NIGHT_KEY = "night"  # in the session of a browser


def init(app: Flask) -> None:
    """Let every template ask whether the night shift is on."""
    app.add_template_global(is_night_shift, "is_night_shift")


def is_night_shift() -> bool:
    """Whether the reader has chosen the night shift in this browser."""
    return bool(this_session().get(NIGHT_KEY))
