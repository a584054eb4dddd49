"""Making a pack from beginning to end: it reads first, and writes only what is short."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from course.audit.queries import only_read
from course.content.current import library
from course.credentials.actions import hand
from course.credentials.rules.keys import KeyLockedError
from course.dates import civil_date
from course.evidence import actions
from course.evidence.making import Asked, House, Tell, draft, signed
from course.evidence.rules.pack import STEPS
from course.organisation.queries import organisation
from course.reports.ledger import Ledger
from course.web.session import command_session
from course.web.site import state

Clock = Callable[[], datetime]
FAILED = "Something went wrong on our side. Ask for the pack again; if that does not help, tell your administrator."


def produce(
    asked: Asked, ledger: Ledger, tell: Tell, by: int | None, clock: Clock, pack_id: int | None = None
) -> bytes:
    """The pack as a file, once it is in the log; kept as well if it was asked for on the page. `clock` tells the time.

    Raises LookupError for a team that was not there on that day, KeyLockedError if the issuer's key does not open.
    """
    config = state().config
    with command_session() as session:
        only_read(session)
        ours = organisation(session)
        house = House(
            ours.name if ours else "", config.time_zone, civil_date(asked.at, config.time_zone), config.public_url
        )
        made = draft(session, library(), ledger, asked, house, tell)
    tell(STEPS[-1], len(STEPS) - 1, len(STEPS))
    with command_session() as session:
        data = signed(made, hand(session, asked.at))
        actions.made(session, asked.team, made.about, made.people, by)
        if pack_id is not None:
            actions.keep(session, pack_id, data, made.about.people, clock())
    return data


def produce_in_background(pack_id: int, asked: Asked, ledger: Ledger, clock: Clock) -> None:
    """The same for the page: how far it has come is kept, and why it failed."""

    def tell(stage: str, done: int, total: int) -> None:
        with command_session() as session:
            actions.tell(session, pack_id, stage, done, total)

    failure = FAILED
    try:
        produce(asked, ledger, tell, asked.viewer.id, clock, pack_id)
        failure = ""
    except (LookupError, KeyLockedError) as error:
        failure = str(error)
        logging.getLogger("course").warning("evidence pack %s was not made: %s", pack_id, error)
    finally:
        if failure:
            with command_session() as session:
                actions.give_up(session, pack_id, failure, clock())
