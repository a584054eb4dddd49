"""Keeping what was entered into a form that cannot be accepted now: its sign-in session has ended, or the database is busy.

The owner of a form is the person who was signed in when the form was made (see csrf.py). After an ended session the
owner signs in and sends the form again; for everybody else the page holds what was entered in encrypted form, and
nothing is recorded for them.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, abort, current_app, g, make_response, render_template, request
from flask_login import current_user

from course.idempotency.rules import FORM_KEY_FIELD as FORM_KEY
from course.web.csrf import CSRF_FIELD, form_owner, submitted_form_owner
from course.web.proxy_checks import is_course_address

SEALED_FIELD = "sealed_form"
ENTRIES_FIELD = "sealed_entries"  # of a button that does something else before the form is sent again
SEALED_MAX_AGE = 12 * 60 * 60  # seconds
# Characters of an encrypted form: it has to fit into a request again, with the fields of its page.
MAX_SEALED_LENGTH = 200_000


@dataclass(frozen=True)
class ExpiredForm:
    """What was entered into a form: the `owner` of the form, the `path` it goes to, its `fields` as sent, and whether
    files came with it."""

    owner: str
    path: str
    fields: tuple[tuple[str, str], ...]
    had_files: bool

    @property
    def holds_password(self) -> bool:
        """Whether a field is a password. Passwords are not kept: they would be written into the page."""
        return any("password" in name for name, _ in self.fields)


def is_same_origin() -> bool:
    """Whether the form came from a page of this course, as the browser itself says. Otherwise another site could have
    somebody send what that site has written."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return is_course_address(origin)


def expired_form_response() -> Response | None:
    """The page that keeps what was entered, with status 409; None if nothing can be kept, or if the form did not come
    from a page of this course.

    A person who sends a form that was made for another person, or before signing in, is told so and sees nothing of
    what it holds.
    """
    if not is_same_origin():
        return None
    form = _unseal_form(request.form[SEALED_FIELD]) if SEALED_FIELD in request.form else _submitted_form()
    return None if form is None else _page_of_form(form)


def sealed_entries() -> str:
    """What was entered into the form of this request, encrypted, for a button that first does something else; empty if
    nothing was, or if it cannot be kept."""
    if request.method != "POST":
        return ""
    if ENTRIES_FIELD in request.form or SEALED_FIELD in request.form:
        return request.form.get(ENTRIES_FIELD) or request.form.get(SEALED_FIELD, "")
    form = _submitted_form() if g.get("csrf_valid") or is_same_origin() else None
    return (seal_form(form) or "") if form is not None else ""


def entries_response() -> Response | None:
    """The page that keeps what `sealed_entries` of an earlier request hold, to be sent now; None without any."""
    form = _unseal_form(request.form.get(ENTRIES_FIELD, ""))
    page = _page_of_form(form, "changed language") if form is not None and is_same_origin() else None
    if page is not None:
        page.status_code = 200
    return page


def _page_of_form(form: ExpiredForm, reason: str = "") -> Response | None:
    if form.owner == form_owner():
        return None if form.holds_password else _render_page("errors/again.html", form, form.fields, reason=reason)
    sealed = request.form.get(ENTRIES_FIELD) or request.form.get(SEALED_FIELD) or seal_form(form)
    hidden = ((SEALED_FIELD, sealed),) if sealed else ()
    if current_user.is_authenticated:
        return _render_page("errors/somebody_else.html", form, hidden)
    return _render_page("errors/again.html", form, hidden) if hidden else None


def sealed_form_response() -> Response | None:
    """The answer to a form that comes from the page for its owner; None if this is an ordinary form."""
    if SEALED_FIELD not in request.form:
        return None
    return expired_form_response() or abort(400)


def busy_form_response() -> Response | None:
    """The page that keeps what was entered while the database is busy, with status 503; None if this is not a form, if
    it holds a password, or if the form is not the person's own."""
    form = _submitted_form() if request.method == "POST" else None
    if form is None or form.holds_password or form.owner != form_owner():
        return None
    return _render_page("errors/busy.html", form, form.fields, 503)


def unsaved_form() -> ExpiredForm | None:
    """The form of this request with its token, for a page that asks the database nothing, so that it can be sent again as
    it is; None if this is not a form from a page of this course, or if it holds a password."""
    form = _submitted_form() if request.method == "POST" else None
    if form is None or form.holds_password or not is_same_origin():
        return None
    return replace(form, fields=(*form.fields, (CSRF_FIELD, request.form.get(CSRF_FIELD, ""))))


def keep_form() -> ExpiredForm | None:
    """The form of this request, which is to be sent again after something else, also if it is only a button; None if it is
    not the person's own."""
    if request.method != "POST" or submitted_form_owner() != form_owner():
        return None
    return _form_of_request(form_owner())


def open_kept_form(sealed: str) -> ExpiredForm | None:
    """The form in such a text; None if it is too old, was not made here, or is not the person's own."""
    form = _unseal_form(sealed)
    return form if form is not None and form.owner == form_owner() else None


def _render_page(
    template: str, form: ExpiredForm, hidden: Sequence[tuple[str, str]], status: int = 409, reason: str = ""
) -> Response:
    page = render_template(
        template, path=form.path, hidden=hidden, files=form.had_files, signed_in=current_user.is_authenticated, reason=reason
    )  # fmt: skip
    return make_response(page, status)


def _submitted_form() -> ExpiredForm | None:
    """The form of this request; None if nothing was entered, or if its owner cannot be told."""
    owner = submitted_form_owner()
    form = _form_of_request(owner) if owner is not None else None
    return form if form is not None and any(name != FORM_KEY for name, _ in form.fields) else None


def _form_of_request(owner: str) -> ExpiredForm:
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name != CSRF_FIELD)
    had_files = any(file.filename for file in request.files.values())
    return ExpiredForm(owner, request.full_path.rstrip("?"), fields, had_files)


def seal_form(form: ExpiredForm) -> str | None:
    """The form, encrypted, so that only its owner can have it opened again; None if it is too long, or holds a password."""
    if form.holds_password:
        return None
    data = json.dumps([form.owner, form.path, form.fields, form.had_files]).encode()
    sealed = _cipher().encrypt(zlib.compress(data)).decode()
    return sealed if len(sealed) <= MAX_SEALED_LENGTH else None


def _unseal_form(sealed: str) -> ExpiredForm | None:
    """The form that was encrypted here; None for any other text, and for a form that was encrypted too long ago."""
    try:
        data = _cipher().decrypt(sealed.encode(), ttl=SEALED_MAX_AGE)
    except InvalidToken:
        return None
    owner, path, fields, had_files = json.loads(zlib.decompress(data))
    return ExpiredForm(owner, path, tuple((name, value) for name, value in fields), had_files)


def _cipher() -> Fernet:
    secret = str(current_app.secret_key).encode()
    key = HKDF(SHA256(), 32, None, b"course: forms that wait for their owner").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
