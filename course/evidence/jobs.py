"""Making a pack from beginning to end: it reads first, and writes only what is short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from course.content.loaded_course import library
from course.credentials.actions import hand
from course.dates import civil_date
from course.evidence import actions
from course.evidence.builder import Asked, House, draft, signed
from course.evidence.rules.pack import STEPS
from course.exports.actions import keep
from course.exports.rules import LOST, GivenUpError, Tell
from course.organisation.queries import organisation
from course.reports.status_cache import StatusCache
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

Clock = Callable[[], datetime]


def produce(
    asked: Asked, ledger: StatusCache, tell: Tell, by: int | None, clock: Clock, pack_id: int | None = None
) -> bytes:
    """The pack as a file, once it is in the log; kept as well if it was asked for on the page. `clock` tells the time.

    Raises LookupError for a team that was not there on that day, KeyLockedError if the issuer's key does not open, and
    GivenUpError if the page waits for it no more.
    """
    config = app_state().config
    with read_only_session() as session:
        ours = organisation(session)
        house = House(
            ours.name if ours else "", config.time_zone, civil_date(asked.at, config.time_zone), config.public_url
        )
        made = draft(session, library(), ledger, asked, house, tell)
    tell(STEPS[-1], len(STEPS) - 1, len(STEPS))
    with unit_of_work() as session:
        signer = hand(session, asked.at)
    data = signed(made, signer)
    with unit_of_work() as session:
        if pack_id is not None and not keep(session, pack_id, data, made.about.people, clock()):
            raise GivenUpError(LOST)
        actions.made(session, asked.team, made.about, made.people, by)
    return data
