"""What the recertification pages share: the blueprint and the organisation's day."""

from __future__ import annotations

from datetime import date

from flask import Blueprint

from course.clock import now
from course.dates import civil_date
from course.web.app_state import app_state

pages = Blueprint("recertification", __name__)


def zone() -> str:
    """The organisation's time zone."""
    return str(app_state().config.time_zone)


def today() -> date:
    """Today in the organisation's calendar."""
    return civil_date(now(), zone())
