"""What the recertification pages share: the blueprint, the organisation's day and the reader's certification status."""

from __future__ import annotations

from datetime import date

from flask import Blueprint
from flask_login import current_user

from course.clock import now
from course.dates import civil_date
from course.recertification import queries
from course.recertification.rules import CertificationStatus, certification_status
from course.web.app_state import app_state
from course.web.unit_of_work import db

pages = Blueprint("recertification", __name__)


def zone() -> str:
    """The organisation's time zone."""
    return str(app_state().config.time_zone)


def today() -> date:
    """Today in the organisation's calendar."""
    return civil_date(now(), zone())


@pages.app_context_processor
def _status_helper() -> dict[str, object]:
    """Give `my_certification_status()` to the page "My training" as a function, so that only a page that shows the
    status queries it."""
    return {"my_certification_status": my_certification_status}


def my_certification_status() -> CertificationStatus | None:
    """The certification status of the signed-in person; None before the set-up."""
    policies = queries.policies(db(), zone())
    people = queries.people(db(), zone(), [current_user.person.id])
    return certification_status(people[0].facts, policies, today()) if policies and people else None
