"""Making a pack from beginning to end: it reads first, and writes only what is short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from course.content.loaded_course import library
from course.credentials.actions import current_signer
from course.dates import civil_date
from course.evidence import actions
from course.evidence.builder import IssuerContext, PackRequest, build_pack, sign_pack
from course.evidence.rules.pack import STEPS
from course.exports.actions import store_file
from course.exports.rules import INTERRUPTED, ExportAbandonedError, StageCallback
from course.organisation.queries import organisation
from course.reports.status_cache import StatusCache
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work

Clock = Callable[[], datetime]


def produce_pack(
    asked: PackRequest,
    ledger: StatusCache,
    tell: StageCallback,
    by: int | None,
    clock: Clock,
    pack_id: int | None = None,
) -> bytes:
    """The pack as a file, once it is in the log; kept as well if it was asked for on the page. `clock` tells the time.

    Raises LookupError for a team that was not there on that day, KeyLockedError if the issuer's key does not open, and
    GivenUpError if the page waits for it no more.
    """
    config = app_state().config
    with read_only_session() as session:
        ours = organisation(session)
        house = IssuerContext(
            ours.name if ours else "", config.time_zone, civil_date(asked.at, config.time_zone), config.public_url
        )
        made = build_pack(session, library(), ledger, asked, house, tell)
    tell(STEPS[-1], len(STEPS) - 1, len(STEPS))
    with unit_of_work() as session:
        signer = current_signer(session, asked.at)
    data = sign_pack(made, signer)
    with unit_of_work() as session:
        if pack_id is not None and not store_file(session, pack_id, data, made.about.people, clock()):
            raise ExportAbandonedError(INTERRUPTED)
        actions.record_pack_made(session, asked.team, made.about, made.people, by)
    return data
