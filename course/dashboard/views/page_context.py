"""What the pages of this feature share."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date as babel_format_date
from flask import Blueprint

from course.learning.views.page_context import today
from course.translation import current_locale

pages = Blueprint("dashboard", __name__)


def format_weekday(value: date) -> str:
    """A day with its weekday in words, with the year only if it is not this year: Saturday 26 December."""
    pattern = "EEEE d MMMM" if value.year == today().year else "EEEE d MMMM y"
    return str(babel_format_date(value, pattern, current_locale()))
