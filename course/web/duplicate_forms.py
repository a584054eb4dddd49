"""The second press of a button: a form that carries a key is accepted once.

The first unit of work of a request claims the form in its own transaction (see idempotency/). A request that brings the
same form again is refused with FormAlreadySentError, before the view and at the latest when it writes.
"""

from __future__ import annotations

from flask import request
from flask import session as browser
from sqlalchemy.orm import Session

from course.clock import now
from course.db import RowSource
from course.idempotency.actions import claim_form, release_form
from course.idempotency.queries import was_form_sent
from course.idempotency.rules import FORM_KEY_FIELD, MAX_KEY_LENGTH, form_fingerprint

# Kept in the WSGI environment and not in `g`: work that is done inside a request may have a `g` of its own.
_FINGERPRINT_KEY = "course.form_fingerprint"
_CLAIMED_KEY = "course.form_claimed"


SENT_TWICE = "sent twice"  # the kind of message that says so, and waits in the session until a page shows it


class FormAlreadySentError(Exception):
    """The same form was sent before, by a second press of its button, and what it did is committed."""


def refuse_duplicate_form(rows: RowSource) -> None:
    """Raise FormAlreadySentError for a form that was accepted before. Without this the view would answer first, and would
    call a mistake what the first press has done."""
    fingerprint = _request_fingerprint()
    if fingerprint is not None and was_form_sent(rows, fingerprint):
        raise FormAlreadySentError


def claim_request_form(session: Session) -> str | None:
    """Claim the form of this request in this transaction. Returns its fingerprint, which the caller confirms with
    `confirm_claim` after the commit; None if the form has no key, or was claimed by this request before.

    Raises FormAlreadySentError if another request claimed it.
    """
    fingerprint = None if request.environ.get(_CLAIMED_KEY) else _request_fingerprint()
    if fingerprint is not None and not claim_form(session, fingerprint, now()):
        raise FormAlreadySentError
    return fingerprint


def confirm_claim(fingerprint: str | None) -> None:
    """The transaction that claimed the form is committed: further ones of this request do not claim it again."""
    if fingerprint is not None:
        request.environ[_CLAIMED_KEY] = True


def is_form_claimed() -> bool:
    """Whether this request has claimed its form."""
    return bool(request.environ.get(_CLAIMED_KEY))


def is_second_press() -> bool:
    """Whether this request is where a second press has led, and no page has said so yet."""
    return any(kind == SENT_TWICE for kind, _text in browser.get("_flashes", ()))


def release_request_form(session: Session) -> None:
    """Let the same form be sent again as it is."""
    fingerprint = _request_fingerprint()
    if fingerprint is not None:
        release_form(session, fingerprint)


def _request_fingerprint() -> str | None:
    """The fingerprint of the form that this request brings, computed once; None if the form has no key."""
    if _FINGERPRINT_KEY not in request.environ:
        request.environ[_FINGERPRINT_KEY] = _compute_fingerprint()
    found: str | None = request.environ[_FINGERPRINT_KEY]
    return found


def _compute_fingerprint() -> str | None:
    key = request.form.get(FORM_KEY_FIELD, "") if request.method == "POST" else ""
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        return None
    files = []
    for file in request.files.values():
        files.append(file.read())
        file.seek(0)
    return form_fingerprint(key, request.path, request.form.items(multi=True), files)
