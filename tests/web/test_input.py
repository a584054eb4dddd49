"""Unusual input to every route: it is used, or refused with a message, and never causes an error 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app
from wtforms import Form as AnyForm
from wtforms import IntegerField
from wtforms.validators import NumberRange

from course.web.access import SIGNED_IN, access_rule_of
from course.web.forms import DayField, Form
from course.web.input_guard import UNSTORABLE_TEXT, is_storable
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, sign_in
from tests.pages import Client
from tests.support.world import addresses, fill_world

pytestmark = pytest.mark.both_engines

COURSE = Path(__file__).resolve().parents[2] / "course"
# As they are written in an address or a form: characters that no text holds, numbers that no column holds, days
# with no day before or after them.
BAD = {
    "NUL": "a%00b",
    "wrong encodings": "%ff%fe%ed%a0%80%c0%80%D9%A3",
    "309 digits": "9" * 309,
    "5,000 digits": "9" * 5000,
    "negative": "-1",
    "empty": "",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "long": "x" * 850,  # all names together within what a page reads
}
# What the two databases understand differently.
ON_POSTGRESQL = ("NUL", "wrong encodings", "309 digits", "long")
IN_ADDRESSES = ("NUL", "wrong encodings", "309 digits", "5,000 digits", "negative")


@cache
def names() -> set[str]:
    """The names under which a page may be sent something: what its code asks for, and the fields of all forms."""
    code = re.compile(
        r"""(?:(?:args|form|values|files)(?:\.get(?:list)?\(|\[)|number_in_address\()\s*["']([\w-]+)["']"""
    )
    pages = re.compile(r"""(?:\bname="|[?&])([\w-]+)[="]""")
    found = {name for file in COURSE.rglob("*.py") for name in code.findall(file.read_text(encoding="utf-8"))}
    found |= {name for file in COURSE.rglob("*.html") for name in pages.findall(file.read_text(encoding="utf-8"))}
    waiting: list[type[AnyForm]] = [Form]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        found |= {name for name in dir(form) if hasattr(getattr(form, name), "field_class")}
    return found - {"csrf_token", "form_key", "sealed_form"}


def spoilt(rule: Rule, address: str, bad: str) -> Iterator[str]:
    """The address with something bad in place of each of its parts in turn."""
    shape = re.compile(re.sub(r"<[^<>]+>", "([^/]+?)", rule.rule.replace(".", r"\.")) + "$")
    found = shape.match(address)
    for part in range(1, shape.groups + 1 if found else 1):
        assert found is not None
        yield address[: found.start(part)] + bad + address[found.end(part) :]


def requests(routes: list[tuple[Rule, str]], kind: str) -> Iterator[tuple[str, str, str]]:
    """Method, address, and what is sent with it."""
    bad = BAD[kind]
    # More than that is refused for its length, before anybody looks at it.
    everything = "" if kind == "5,000 digits" else "&".join(f"{name}={bad}" for name in sorted(names()))
    for rule, address in routes:
        methods = sorted({"GET", "POST"} & (rule.methods or set()))
        if everything:
            yield from ((method, address, everything) for method in methods)
        if kind in IN_ADDRESSES:
            yield from ((methods[0], place, "") for place in spoilt(rule, address, bad))


def _answer(client: Client, method: str, address: str, form: str) -> tuple[int, bool]:
    """The status of an answer, and whether it is JSON. A browser of werkzeug's takes a third of the time for reading such an
    address once more; cookies of answers are not kept here."""
    path, _, query = address.partition("?")
    environ = EnvironBuilder(
        "/", method=method, data=form or None, content_type="application/x-www-form-urlencoded"
    ).get_environ()
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
    environ["REQUEST_URI"] = environ["RAW_URI"] = address
    environ["QUERY_STRING"] = query
    cookie = client.flask.get_cookie(client.app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    environ["HTTP_COOKIE"] = f"{cookie.key}={cookie.value}"
    _body, status, headers = run_wsgi_app(client.app, environ, buffered=True)
    return int(status.split()[0]), headers.get("Content-Type", "").startswith("application/json")


@pytest.mark.long(20)
def test_nothing_that_is_sent_makes_a_page_fail(committed: Flask) -> None:
    with committed.app_context(), unit_of_work() as session:
        learner, _, administrator = fill_world(session)
        # One address of each route: the first, which is about the learner.
        routes = {
            rule.rule: (rule, address) for rule, address in reversed([*addresses(committed, session, ("GET", "POST"))])
        }
    own = [one for one in routes.values() if access_rule_of(committed, one[0].endpoint) == SIGNED_IN]
    rest = [one for one in routes.values() if access_rule_of(committed, one[0].endpoint) != SIGNED_IN]
    kinds = BAD if committed.extensions["course"].engine.name == "sqlite" else ON_POSTGRESQL
    failed, tried, too_long = [], 0, 0
    for person, some in ((learner, own), (administrator, rest)):
        client = sign_in(Client(committed), person)
        token = client.token()
        for kind in kinds:
            for method, address, everything in requests(some, kind):
                if address.startswith(("/sign-out", "/static")):
                    continue
                query = f"?{everything}" if method == "GET" else ""
                status, is_json = _answer(
                    client, method, address + query, f"csrf_token={token}&{everything}" if method == "POST" else ""
                )
                tried += 1
                too_long += status == 413
                is_word_of_health = address.startswith("/health/ready") and is_json  # 503 is what it has to say
                if status >= 500 and not is_word_of_health:
                    failed.append(f"{kind}: {method} {address[:80]}: {status}")
        client.get("/me")  # nobody has signed them out on the way
    assert not failed, "\n".join(failed)
    assert tried > 700
    assert not too_long, "refused for its length, before any page looked at it"


@pytest.mark.parametrize(("path", "status"), [("/join/%00", 404), ("/logo/%00.png", 404), ("/certificate/%00", 404)])
def test_an_address_with_a_nul_leads_nowhere(app: Flask, path: str, status: int) -> None:
    assert Client(app).get(path, status).h1 == "Page not found"


def test_a_character_that_cannot_be_stored_is_refused_in_an_address_and_left_out_of_a_form(client: Client) -> None:
    assert UNSTORABLE_TEXT in client.get("/sign-in?next=%00", 400).text
    assert "sam@example.org" in client.post("/forgotten", {"email": "sa\0m@example.org"}, 200).text


@pytest.mark.parametrize(("text", "fits"), [("", True), ("Zoë 日本", True), ("a\0", False), ("\ud800", False)])
def test_only_text_that_both_databases_store_is_taken(text: str, fits: bool) -> None:
    assert is_storable(text) is fits


class _Numbers(Form):
    within = IntegerField("From 1 to 9", [NumberRange(1, 9, "Enter a whole number from 1 to 9.")])
    free = IntegerField("Any number")
    day = DayField("Day")


@pytest.mark.parametrize("referer", ["http://[", "http://localhost//evil.example/x"])
def test_a_page_that_a_browser_says_it_comes_from_breaks_nothing_and_leads_nowhere_else(
    app: Flask, session: Session, referer: str
) -> None:
    client = sign_in(Client(app), make_person(session, role="manager"))
    headers = {"Referer": referer}
    assert client.flask.get("/", headers=headers).status_code in (200, 303)
    form = {"csrf_token": client.token(), "form_key": "a-key-of-this-form"}
    for path in ("/calendar/own/make", "/calendar/own/make", "/calendar/own/end"):
        answer = client.flask.post(path, data=form, headers=headers)
        assert (answer.status_code, answer.headers["Location"].startswith("//")) == (303, False)
    with client.flask.session_transaction() as cookie:
        cookie["proved"] = 0
    assert client.flask.post("/me/password", data=form, headers=headers).status_code < 500


@pytest.mark.parametrize("typed", ["9" * 309, "-" + "9" * 309, "9" * 5000, str(2**31), "٣" * 400])
def test_a_number_that_no_column_holds_is_refused_with_a_message(prepared: Flask, typed: str) -> None:
    with prepared.test_request_context("/", method="POST", data={"within": typed, "free": typed, "day": typed}):
        form = _Numbers(meta={"csrf": False})
        assert not form.validate()
    assert form.mistakes() == [
        ("within", "Enter a whole number from 1 to 9."),
        ("free", "Enter a whole number."),
        ("day", "Enter a day such as 12/02/2027."),
    ]


@pytest.mark.parametrize("typed", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_out_of_range_is_refused_with_a_message(prepared: Flask, typed: str) -> None:
    with prepared.test_request_context("/", method="POST", data={"within": "1", "free": "1", "day": typed}):
        form = _Numbers(meta={"csrf": False})
        assert not form.validate()
    assert form.mistakes() == [("day", "Enter a day between 1900 and 2199, such as 12/02/2027.")]
