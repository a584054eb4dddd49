"""Wrong codes of a second factor in the audit log."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.orm import Session

from tests.audit.factors import REFUSALS, guess
from tests.audit.test_audited_actions import entries
from tests.audit.world import World


def test_wrong_codes_leave_their_events_and_the_lock_is_recorded_once(app: Flask, session: Session) -> None:
    guess(World(app, session), REFUSALS.count("factor.refused"))
    assert [entry.what for entry in entries(session)][-len(REFUSALS) :] == REFUSALS
