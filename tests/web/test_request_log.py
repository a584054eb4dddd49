"""The log: JSON lines that carry the id of their request."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from course.clock import now
from course.web.access import PUBLIC
from course.web.query_deadline import read_with_deadline
from course.web.request_log import log_formatter
from tests.makers import make_person, sign_in
from tests.pages import Client


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the course writes to its log."""
    stream, logger = io.StringIO(), logging.getLogger("course")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_formatter())
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def failing(app: Flask, monkeypatch: pytest.MonkeyPatch, view: Any) -> None:
    """Have a public page run `view` instead of its own."""
    view.access_rule = PUBLIC
    monkeypatch.setitem(app.view_functions, "verify.enter_number", view)


def test_an_exception_and_its_traceback_carry_the_id_of_the_response(
    app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view() -> str:
        raise LookupError("a fault for this test")

    failing(app, monkeypatch, view)
    response = app.test_client().get("/verify")
    assert response.status_code == 500
    (line,) = lines(log)
    assert line["request"] == response.headers["X-Request-Id"] != ""
    assert (line["event"], line["level"]) == ("request failed", "error")
    assert line["exception"].startswith("Traceback")
    assert "LookupError: a fault for this test" in line["exception"]


def test_a_line_that_a_view_or_its_reading_thread_writes_carries_the_id(
    app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        raise LookupError("no database for this test")

    def view() -> str:
        logging.getLogger("course").warning("a line of %s", "a view")
        read_with_deadline(read)
        return ""

    failing(app, monkeypatch, view)
    number = app.test_client().get("/verify").headers["X-Request-Id"]
    found = lines(log)
    assert [line["event"] for line in found] == ["a line of a view", "the database did not answer: LookupError"]
    assert [line["request"] for line in found] == [number, number]


def test_each_request_is_one_line_with_an_id_of_its_own(
    app: Flask, session: Any, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person(session)
    client = sign_in(Client(app), person)
    monkeypatch.setitem(app.config, "LOG_REQUESTS", True)
    first, second = (client.get(path).headers["X-Request-Id"] for path in ("/me", "/verify"))
    found = lines(log)
    assert [line["request"] for line in found] == [first, second]
    assert first != second
    assert found[0]["event"] == "request"
    assert [found[0][name] for name in ("method", "route", "status")] == ["GET", "/me", 200]
    assert isinstance(found[0]["ms"], float)


def test_a_line_outside_a_request_carries_no_id(app: Flask, log: io.StringIO) -> None:
    app.test_client().get("/verify")
    logging.getLogger("course").warning("a job failed")
    assert "request" not in lines(log)[-1]


@pytest.mark.parametrize("path", ["/concern", "/link/a-secret-token"])
def test_pages_for_help_leave_no_line_and_secrets_are_not_logged(
    app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setitem(app.config, "LOG_REQUESTS", True)
    app.test_client().get(path)
    assert [line["route"] for line in lines(log)] == ([] if path == "/concern" else ["/link/<token>"])


def test_a_line_says_nothing_about_who_asked_from_where_or_about_whom(
    app: Flask, session: Any, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = make_person(session, email="ada.vale@example.org", role="administrator")
    client = sign_in(Client(app), administrator)
    monkeypatch.setitem(app.config, "LOG_REQUESTS", True)
    client.get(f"/people/{administrator.id}")
    client.get("/somewhere/ada.vale@example.org?q=ada.vale", 404)
    client.post("/sign-out", {"others": "on"})
    found = lines(log)
    assert [line["route"] for line in found] == ["/people/<person_id>", "(none)", "/sign-out"]
    names = {"at", "event", "level", "request", "method", "route", "status", "ms"}
    assert [line.keys() - names for line in found] == [set()] * 3
    assert "ada" not in log.getvalue()
    assert "127.0.0.1" not in log.getvalue()


def test_the_page_of_a_fault_shows_the_number_under_which_the_log_tells_of_it(
    app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def view() -> str:
        raise LookupError("a fault for this test")

    failing(app, monkeypatch, view)
    page = Client(app).get("/verify", 500)
    (line,) = lines(log)
    assert f"tell your administrator this number: {line['request']}" in page.text
    assert page.headers["X-Request-Id"] == line["request"]


def test_a_page_that_is_not_there_shows_no_number_since_nothing_is_wrong(app: Flask) -> None:
    assert "this number" not in Client(app).get("/nothing-here", 404).text


def test_every_line_says_when_in_utc(app: Flask, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "LOG_REQUESTS", True)
    before = now()
    app.test_client().get("/verify")
    logging.getLogger("course").warning("a line of a job")
    for line in lines(log):
        assert before.replace(microsecond=0) <= datetime.fromisoformat(line["at"]) <= now(), line
        assert line["at"].endswith("Z")
    assert len(lines(log)) == 2
