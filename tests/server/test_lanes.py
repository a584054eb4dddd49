"""The lanes of the server: however many people sign in, a page is answered."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from wtforms import PasswordField

from course.server.lanes import PASSWORD_THREADS, LaneDispatcher, hashes_password
from tests.support.serving import served

THREADS = 2


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/sign-in", True),
        ("GET", "/sign-in", False),
        ("POST", "/link/abc", True),
        ("POST", "/code", True),
        ("POST", "/set-up/abc", True),
        ("POST", "/me", True),
        ("POST", "/me/proof", True),
        ("POST", "/me/language", False),
        ("POST", "/sign-out", False),
        ("POST", "/attempt/1/1", False),
        ("POST", "/forgotten", False),
    ],
)
def test_forms_with_a_password_have_a_lane_of_their_own(method: str, path: str, expected: bool) -> None:
    assert hashes_password(method, path) is expected


def test_no_form_with_a_password_is_forgotten(app: Flask) -> None:
    """Each view of the sign-in pages whose form has a password is in the lane."""
    from course.auth import forms, views  # noqa: PLC0415

    with app.test_request_context():
        names = [
            name
            for name, form in vars(forms).items()
            if isinstance(form, type)
            and any(getattr(f, "field_class", None) is PasswordField for f in vars(form).values())
        ]
    assert names
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        uses = set(names) & set(view.__code__.co_names) if view.__module__.startswith(views.__name__) else set()
        if uses and rule.endpoint != "auth.choose_language":
            path = rule.rule.replace("<token>", "abc")
            assert hashes_password("POST", path), f"{rule.endpoint} uses {uses}"


def test_a_page_is_answered_while_more_people_sign_in_than_there_are_threads(caplog: pytest.LogCaptureFixture) -> None:
    release, at_work, most, lock = threading.Event(), [0], [0], threading.Lock()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            with lock:
                at_work[0] += 1
                most[0] = max(most[0], at_work[0])
            release.wait(20)
            with lock:
                at_work[0] -= 1
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    with served(answer, _dispatcher=LaneDispatcher(THREADS)) as address:

        def connect() -> http.client.HTTPConnection:
            return http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)

        signing_in = [connect() for _ in range(12)]
        for one in signing_in:
            one.request("POST", "/sign-in", "password=quiet", {"Content-Type": "application/x-www-form-urlencoded"})
        for _ in range(3):
            page = connect()
            page.request("GET", "/page")
            assert page.getresponse().read() == b"done"
            page.close()
        assert most[0] == PASSWORD_THREADS
        release.set()
        assert [one.getresponse().read() for one in signing_in] == [b"done"] * 12
        assert most[0] == PASSWORD_THREADS
        for one in signing_in:
            one.close()
    assert not caplog.records, "whoever waits for a moment is not worth a line"
