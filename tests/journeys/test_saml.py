"""Signing in through a provider with SAML that others wrote (pysaml2), in a browser: the answer is posted from another site."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect

from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.identity_providers.saml_browser import set_up_saml
from tests.identity_providers.saml_provider import SamlIdentityProvider, encoded, state_of
from tests.makers import make_organisation, make_person
from tests.support.serving import served

pytestmark = pytest.mark.long(10)


@contextmanager
def pages_of_provider(course: str, folder: Path) -> Iterator[SamlIdentityProvider]:
    """The provider with a page whose button posts its answer. Its host is another site than that of the course for a browser,
    which then leaves out the cookies of the course."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith("/sso?"):
                self.send_error(404)
                return
            with urlopen(f"{course}/sign-in/with/1/saml/metadata") as response:
                service = response.read().decode()
            begun = f"http://localhost{self.path}"
            fields = {"SAMLResponse": encoded(provider.answer(begun, service)), "RelayState": state_of(begun)}
            hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(fields[name])}">' for name in fields)
            body = (
                f'<!doctype html><title>Riverside</title><form method="post" action="{course}/sign-in/with/1/saml">'
                f"{hidden}<button>Sign in as Sam</button></form>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = SamlIdentityProvider(folder, f"http://localhost:{server.server_port}/sso")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_person_signs_in_with_saml_and_comes_to_their_training(
    browser: Browser, tmp_path: Path, archived_file: Path
) -> None:
    behind: dict[str, Any] = {}
    with served(lambda environ, start: behind["app"](environ, start)) as address:
        database = f"sqlite:///{shutil.copy(archived_file, tmp_path / 'course.db')}"
        app = behind["app"] = make_app(database, PUBLIC_URL=address)
        with pages_of_provider(address, tmp_path) as provider:
            with app.app_context(), unit_of_work() as session:
                make_organisation(session)
            with app.extensions["course.sessions"].writing() as session:
                make_person(session, password=None)
                assert set_up_saml(session, provider) == 1
            context = browser.new_context(base_url=address)
            page = context.new_page()
            page.goto("/sign-in")
            page.get_by_role("link", name="Sign in with Riverside ID").click()
            page.get_by_role("button", name="Sign in as Sam").click()
            page.wait_for_url(f"{address}/")
            expect(page.get_by_role("link", name="My training").first).to_be_visible()
            cookies = {one["name"] for one in context.cookies()}
            assert not [name for name in cookies if name.startswith("flow-")]
            context.close()
