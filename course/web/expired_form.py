"""A form that arrives after its sign-in session has ended: what was entered is kept on the page, for its owner only.

The owner of a form is whoever had signed in when it was made (see csrf.py). They may send it again once they have
signed in. For everybody else the page holds what was entered in encrypted form, and nothing is recorded for them.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, abort, current_app, make_response, render_template, request
from flask_login import current_user

from course.idempotency.rules import FORM_KEY_FIELD as FORM_KEY
from course.web.csrf import CSRF_FIELD, form_owner, submitted_form_owner
from course.web.proxy_checks import is_course_address

SEALED_FIELD = "sealed_form"
SEALED_MAX_AGE = 12 * 60 * 60  # seconds
MAX_SEALED_LENGTH = (
    200_000  # characters of an encrypted form: it has to fit into a request again, with its page's own fields
)


@dataclass(frozen=True)
class ExpiredForm:
    """What was entered into a form: the `path` it goes to, its `fields` as sent, and whether `files` came with it."""

    owner: str
    path: str
    fields: tuple[tuple[str, str], ...]
    files: bool

    @property
    def holds_password(self) -> bool:
        """Passwords are not kept: they would be written into the page."""
        return any("password" in name for name, _ in self.fields)


def is_same_origin() -> bool:
    """Whether the form came from a page of this course, as the browser itself says. Another site could
    otherwise have somebody send what it has written."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return is_course_address(origin)


def expired_form_response() -> Response | None:
    """The page that keeps what was entered; None if nothing can be kept, or if it did not come from here.

    Whoever sends a form that was made for somebody else, or before they signed in, is told so and sees nothing of it.
    """
    if not is_same_origin():
        return None
    sent = _unseal_form(request.form[SEALED_FIELD]) if SEALED_FIELD in request.form else _submitted_form()
    if sent is None:
        return None
    if sent.owner == form_owner():
        return None if sent.holds_password else _render_page("errors/again.html", sent, sent.fields)
    sealed = request.form.get(SEALED_FIELD) or _seal_form(sent)
    hidden = ((SEALED_FIELD, sealed),) if sealed else ()
    if current_user.is_authenticated:
        return _render_page("errors/somebody_else.html", sent, hidden)
    return _render_page("errors/again.html", sent, hidden) if hidden else None


def sealed_form_response() -> Response | None:
    """The answer to a form that comes from the page for its owner; None if this is an ordinary form."""
    if SEALED_FIELD not in request.form:
        return None
    return expired_form_response() or abort(400)


def _render_page(template: str, sent: ExpiredForm, hidden: Sequence[tuple[str, str]]) -> Response:
    page = render_template(
        template, path=sent.path, hidden=hidden, files=sent.files, signed_in=current_user.is_authenticated
    )
    return make_response(page, 409)


def _submitted_form() -> ExpiredForm | None:
    """What was entered; None if that was nothing, or if it cannot be said who entered it."""
    owner = submitted_form_owner()
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name != CSRF_FIELD)
    if owner is None or not any(name != FORM_KEY for name, _ in fields):
        return None
    files = any(file.filename for file in request.files.values())
    return ExpiredForm(owner, request.full_path.rstrip("?"), fields, files)


def _seal_form(sent: ExpiredForm) -> str | None:
    """What was entered, encrypted; None if it is too long, or holds a password."""
    if sent.holds_password:
        return None
    data = json.dumps([sent.owner, sent.path, sent.fields, sent.files]).encode()
    sealed = _cipher().encrypt(zlib.compress(data)).decode()
    return sealed if len(sealed) <= MAX_SEALED_LENGTH else None


def _unseal_form(sealed: str) -> ExpiredForm | None:
    """None if it was not sealed here, or too long ago."""
    try:
        data = _cipher().decrypt(sealed.encode(), ttl=SEALED_MAX_AGE)
    except InvalidToken:
        return None
    owner, path, fields, files = json.loads(zlib.decompress(data))
    return ExpiredForm(owner, path, tuple((name, value) for name, value in fields), files)


def _cipher() -> Fernet:
    secret = str(current_app.secret_key).encode()
    key = HKDF(SHA256(), 32, None, b"course: forms that wait for their owner").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
