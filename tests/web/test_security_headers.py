"""The headers that protect an answer, its cookie, the methods that are taken, and the log against what is sent.

`tests/pages.py` holds every page that any test opens against the same headers.
"""

from __future__ import annotations

import io
import json
import logging
import shutil
from functools import wraps
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from course.web.request_log import log_formatter
from tests.conftest import make_app
from tests.makers import make_person, sign_in
from tests.pages import Client, missing_headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sign-in", 200),
        ("/", 303),
        ("/no-such-page", 404),
        ("/static/no-such-file", 404),
        ("/sign-in?next=%00", 400),
        ("/health/live", 200),
        ("/worried-about-a-child.vcf", 404),
    ],
)
def test_every_kind_of_answer_carries_the_headers(app: Flask, path: str, status: int) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == status
    assert missing_headers(answer.headers) == []


def test_a_refusal_and_a_fault_carry_the_headers(
    app: Flask, session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    sign_in(client, make_person(session))
    refused = client.flask.get("/audit")
    assert refused.status_code == 403
    assert missing_headers(refused.headers) == []
    assert refused.headers["Cache-Control"] == "no-store"
    monkeypatch.setitem(app.view_functions, "auth.account", wraps(app.view_functions["auth.account"])(_fail))
    fault = client.flask.get("/me")
    assert fault.status_code == 500
    assert missing_headers(fault.headers) == []
    assert b"secret words" not in fault.data


def _fail() -> str:
    raise RuntimeError("secret words")


def test_the_headers_that_are_missing_are_named() -> None:
    assert len(missing_headers({})) == 12
    assert missing_headers({
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'self' 'unsafe-inline'",
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store", "Server": "waitress",
    }) == ["Content-Security-Policy has 'unsafe-'", "Server has ''"]  # fmt: skip


def test_the_one_cookie_is_for_this_host_and_not_for_scripts(archived_file: Path, tmp_path: Path) -> None:
    file = shutil.copy(archived_file, tmp_path / "course.db")
    app = make_app(f"sqlite:///{file}", PUBLIC_URL="https://training.example.org")
    answer = app.test_client().get("/sign-in", base_url="https://training.example.org")
    [cookie] = answer.headers.getlist("Set-Cookie")
    name, *flags = cookie.split("; ")
    assert name.startswith("__Host-course=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "X"])
def test_a_method_that_no_page_takes_is_refused(app: Flask, method: str) -> None:
    answer = app.test_client().open("/sign-in", method=method, headers={"X-Secret": "secret words"})
    assert answer.status_code == 405
    assert b"secret words" not in answer.data


@pytest.mark.parametrize("bad", ["\n", "\r\n", "\x1b[2J", "\u2028", '"}\n{"event": "request"'])
def test_nothing_that_is_sent_makes_another_line_in_the_log(
    app: Flask, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setitem(app.config, "LOG_REQUESTS", True)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log_formatter())
    logger = logging.getLogger("course")
    logger.addHandler(handler)
    try:
        sent = f"forged{bad}forged"
        app.test_client().post("/sign-in", data={"email": sent, "csrf_token": sent}, query_string={"next": sent})
        app.test_client().open("/people/forged%0Aforged", method="GET", headers={"User-Agent": "forged"})
        logger.warning("a file is called %s", sent)
    finally:
        logger.removeHandler(handler)
    lines = [json.loads(line) for line in written.getvalue().split("\n") if line]
    assert [line["event"] for line in lines if line["event"] != "request"] == [f"a file is called {sent}"]
    assert "forged" not in json.dumps([line for line in lines if line["event"] == "request"])
    assert len(lines) == 3
