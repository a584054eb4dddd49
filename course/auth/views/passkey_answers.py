"""What pages with passkeys share: the challenge that a page shows, and the answer that its form brings."""

from __future__ import annotations

from flask import request

from course.auth import queries
from course.auth.passkey_checks import PasskeyAnswer, PasskeySite, PasskeyUse, check_answer, passkey_site, read_answer
from course.auth.rules import ChallengePurpose, is_challenge_good, new_challenge
from course.clock import now
from course.web.app_state import app_state
from course.web.csrf import opaque_id
from course.web.unit_of_work import db

ANSWER_FIELD = "answer"  # of a form: what the browser says for the passkey, as JSON


def site() -> PasskeySite:
    """What the passkeys of this installation belong to."""
    return passkey_site(app_state().config.public_url)


def challenge(purpose: ChallengePurpose, person_id: int = 0) -> str:
    """A fresh challenge for a page; empty where browsers make no passkeys for the address of the course."""
    if not site().takes_passkeys:
        return ""
    return new_challenge(purpose, person_id, app_state().config.secret_key, now())


def submitted_answer(purpose: ChallengePurpose, person_id: int = 0) -> PasskeyAnswer | None:
    """The answer in the form of this request, if its challenge was made here for this purpose and person a short while ago."""
    answer = read_answer(request.form.get(ANSWER_FIELD, ""))
    if answer is None:
        return None
    is_good = is_challenge_good(answer.challenge, purpose, person_id, app_state().config.secret_key, now())
    return answer if is_good else None


def checked_answer(purpose: ChallengePurpose, person_id: int = 0) -> PasskeyUse | None:
    """The use of a passkey that the form of this request proves; None if it proves none. With a person it has to be one of
    theirs; without, the device has to have asked for a PIN, a finger or a face, because nothing else is asked."""
    answer = submitted_answer(purpose, person_id)
    stored = queries.passkey_by_credential(db(), answer.credential_id) if answer is not None else None
    if answer is None or stored is None or person_id not in (0, stored.person_id):
        return None
    if answer.user_handle and answer.user_handle != opaque_id(stored.person_id):
        return None
    return check_answer(answer, stored, site(), needs_verification=person_id == 0)
