"""Proxy checks: proxies that do not fit the settings, and browsers that keep no cookies."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from course.web.proxy_checks import RequestAddress, proxy_faults
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.makers import PASSWORD, make_person

PUBLIC = "https://training.example.org"
HERE = "http://127.0.0.1:8000"
KINDS: list[tuple[str, int, RequestAddress, list[str]]] = [
    (PUBLIC, 1, RequestAddress("https", "training.example.org", True), []),
    (PUBLIC, 0, RequestAddress("http", "training.example.org", True), ["untrusted"]),
    (PUBLIC, 0, RequestAddress("http", "127.0.0.1:8000", True), ["untrusted", "host"]),
    (PUBLIC, 1, RequestAddress("https", "127.0.0.1:8000", True), ["host"]),
    (PUBLIC, 1, RequestAddress("https", "course_backend", True), ["host"]),
    (PUBLIC, 1, RequestAddress("http", "training.example.org", True), ["scheme"]),
    (PUBLIC, 1, RequestAddress("https", "training.example.org", False), ["no proxy"]),
    (PUBLIC, 0, RequestAddress("http", "training.example.org", False), ["no https"]),
    (PUBLIC, 0, RequestAddress("http", "127.0.0.1:8000", False, f"{PUBLIC}/sign-in"), ["no https", "host"]),
    (PUBLIC, 0, RequestAddress("http", "10.0.0.5:8000", False, "http://10.0.0.5:8000"), ["no https", "address"]),
    (f"{PUBLIC}:8443", 1, RequestAddress("https", "training.example.org:8443", True), []),
    (f"{PUBLIC}:8443", 1, RequestAddress("https", "training.example.org:9443", True), ["host"]),
    (PUBLIC, 1, RequestAddress("https", "training.example.org:443", True), []),
    (PUBLIC, 1, RequestAddress("https", "training.example.org:port", True), ["host"]),
    (PUBLIC, 1, RequestAddress("https", "[::1", True, "http://["), ["host"]),
    (HERE, 0, RequestAddress("http", "localhost:8000", False), []),
    (HERE, 0, RequestAddress("http", "[::1]:8000", False), []),
    (HERE, 0, RequestAddress("http", "10.0.0.5:8000", False), ["address"]),
    (HERE, 0, RequestAddress("http", "127.0.0.1:8000", True), ["untrusted"]),
    (HERE, 1, RequestAddress("http", "127.0.0.1:8000", False), ["no proxy"]),
]


@pytest.mark.parametrize(("public", "trusted", "arrival", "kinds"), KINDS)
def test_a_mismatch_between_settings_and_proxy_is_named(
    public: str, trusted: int, arrival: RequestAddress, kinds: list[str]
) -> None:
    found = proxy_faults(public, trusted, arrival)
    assert [fault.kind for fault in found] == kinds
    for fault in found:
        assert any(name in fault.message for name in ("TRUSTED_PROXIES", "PUBLIC_URL", "X-Forwarded-Proto")), fault


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> str:
    """A database with an administrator in it."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("arrival") / "course.db")
    app = make_app(f"sqlite:///{file}")
    with app.app_context(), unit_of_work() as session:
        make_person(session, "Alex Morgan", "alex@example.org", "administrator")
    app.extensions["course"].engine.dispose()
    return f"sqlite:///{file}"


def token(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def try_to_sign_in(client: FlaskClient, base: str, **headers: str) -> tuple[int, str, str]:
    """The right address and password: status, where it leads, and the page."""
    page = client.get("/sign-in", base_url=base, headers=headers).text
    data = {"email": "alex@example.org", "password": PASSWORD, "csrf_token": token(page)}
    origin = headers.get("Origin", base)
    done = client.post("/sign-in", base_url=base, data=data, headers={"Referer": f"{origin}/sign-in", **headers})
    return done.status_code, done.location or "", done.text


def test_a_browser_without_cookies_is_told_that_they_are_needed(url: str) -> None:
    app = make_app(url)
    status, location, _ = try_to_sign_in(app.test_client(use_cookies=False), HERE)
    assert (status, location) == (303, "/sign-in?cookies=tried")
    page = app.test_client(use_cookies=False).get(location, base_url=HERE)
    assert page.status_code == 400
    assert "Your browser does not keep cookies" in page.text


def test_a_browser_whose_cookie_has_run_out_is_told_so_and_gets_in(url: str) -> None:
    app = make_app(url)
    client = app.test_client()
    page = client.get("/sign-in", base_url=HERE).text
    client.delete_cookie("course", domain="127.0.0.1")
    data = {"email": "alex@example.org", "password": PASSWORD, "csrf_token": token(page)}
    done = client.post("/sign-in?next=/record", base_url=HERE, data=data, headers={"Referer": f"{HERE}/sign-in"})
    assert (done.status_code, done.location) == (303, "/sign-in?next=%2Frecord&cookies=tried")
    page = client.get(done.location, base_url=HERE).text
    assert "This page was open for too long. Please sign in." in page
    data["csrf_token"] = token(page)
    done = client.post("/sign-in?next=/record", base_url=HERE, data=data)
    assert (done.status_code, done.location) == (303, "/record")


def test_a_person_at_an_unencrypted_address_is_sent_to_the_encrypted_one(url: str) -> None:
    """Browsers do not keep the cookie of such an address, so the sign-in page would come back empty for ever."""
    app = make_app(url, PUBLIC_URL=PUBLIC)
    status, _, page = try_to_sign_in(app.test_client(use_cookies=False), "http://10.0.0.5:8000")
    assert (status, f"Open {PUBLIC} instead." in page) == (400, True)


def test_a_proxy_with_its_own_host_is_named_on_the_page_and_once_in_the_log(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(url, PUBLIC_URL=PUBLIC, TRUSTED_PROXIES="1")
    proxied = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Origin": PUBLIC}
    course = logging.getLogger("course")
    course.addHandler(caplog.handler)
    try:
        for _ in range(2):
            status, _, page = try_to_sign_in(app.test_client(), "https://127.0.0.1:8000", **proxied)
            assert (status, "ProxyPreserveHost On" in page, f"The course is at {PUBLIC}." in page) == (400, True, True)
            assert "open for too long" not in page
    finally:
        course.removeHandler(caplog.handler)
    assert [record.message.startswith("The proxy passes on 127.0.0.1:8000") for record in caplog.records] == [True]


def test_a_browser_that_hides_the_page_of_a_form_is_told_so(url: str) -> None:
    app = make_app(url, PUBLIC_URL=PUBLIC, TRUSTED_PROXIES="1")
    client, proxied = app.test_client(), {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    page = client.get("/sign-in", base_url=PUBLIC, headers=proxied).text
    done = client.post("/sign-in", base_url=PUBLIC, headers=proxied, data={"csrf_token": token(page), "email": "x"})
    assert (done.status_code, "Allow the Referer header" in done.text) == (400, True)


def test_invalid_headers_do_no_harm(url: str) -> None:
    client = make_app(url, PUBLIC_URL=PUBLIC, TRUSTED_PROXIES="1").test_client()
    for headers in ({"Origin": "null"}, {"Referer": "http://["}, {"Host": "[::1"}, {"Origin": "\xff"}, {"Host": ""}):
        done = client.post("/sign-in", base_url=HERE, headers=headers, data={"email": "x"})
        assert done.status_code == 400, headers


def test_what_was_entered_is_kept_also_behind_a_proxy_with_its_own_host(url: str) -> None:
    client = make_app(url, PUBLIC_URL=PUBLIC).test_client()
    page = client.get("/forgotten", base_url=HERE).text
    client.set_cookie("__Host-course", "from another day", domain="127.0.0.1")
    sent = {"csrf_token": token(page), "email": "sam@example.org"}
    done = client.post("/forgotten", base_url=HERE, data=sent, headers={"Origin": PUBLIC})
    assert (done.status_code, "What you entered is kept on this page" in done.text) == (409, True)


def test_the_page_system_says_what_to_set(url: str) -> None:
    app = make_app(url, PUBLIC_URL=PUBLIC)
    client, proxied = app.test_client(), {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    status, location, _ = try_to_sign_in(client, PUBLIC, **proxied)
    assert (status, location) == (303, "/")
    page = client.get("/system", base_url=PUBLIC, headers=proxied).text
    assert "Set TRUSTED_PROXIES to the number of proxies, usually 1." in page
    assert "This page was reached as the settings say." not in page
    here = make_app(url).test_client()
    try_to_sign_in(here, HERE)
    assert "This page was reached as the settings say." in here.get("/system", base_url=HERE).text
