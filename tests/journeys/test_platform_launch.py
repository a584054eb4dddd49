"""A launch in a frame of another site, in a browser that keeps no cookies of third parties."""

from __future__ import annotations

import html
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.lti.making import register
from tests.lti.platform import CLIENT_ID, FakePlatform, fake_platforms
from tests.makers import make_organisation
from tests.support.chromium import LAUNCH_ARGS, find_or_install
from tests.support.serving import served

pytestmark = pytest.mark.long(10)
# What a platform does for tools that cannot keep cookies (LTI Client Side postMessages).
STORAGE = """
const kept = new Map();
addEventListener("message", ({ data, origin, source }) => {
  const { subject, message_id, key } = data;
  if (subject === "lti.put_data") kept.set(origin + key, data.value);
  if (subject === "lti.put_data" || subject === "lti.get_data")
    source.postMessage({ subject: `${subject}.response`, message_id, key, value: kept.get(origin + key) ?? null }, origin);
});
"""
SHOW = """address => new Promise((resolve) => {
  const frame = document.querySelector("iframe");
  frame.onload = resolve;
  frame.src = address;
})"""


@dataclass
class PagesOfPlatform(FakePlatform):
    """A platform with pages: one with the course in a frame, and the one that sends the signed message."""

    course: str = ""

    def page(self, path: str, query: str) -> str:
        if path == "/auth":
            form = self.launch(f"?{query}", target_link_uri=f"{self.course}/lti/launch")
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in form.items()
            )
            send = "<script>document.forms[0].submit()</script>"
            return f'<form method="post" action="{self.course}/lti/launch">{fields}</form>{send}'
        if path not in ("/course", "/course-with-storage"):
            return ""
        storage = {"lti_storage_target": "_parent"} if path == "/course-with-storage" else {}
        asked = {"iss": self.issuer, "client_id": CLIENT_ID, "login_hint": "7", **storage}
        address = html.escape(f"{self.course}/lti/login?{urlencode(asked)}")
        frame = f'<iframe src="{address}" width="700" height="500"></iframe>'
        return f"<!doctype html><title>Lesson</title>{frame}<script>{STORAGE}</script>"


class NoCookies:
    """The course for a browser that keeps no cookie of a launch, if `refused` says so: it leaves them out of the answers. It
    also serves a page that sets a cookie as third parties did, and says which came back."""

    def __init__(self) -> None:
        self.app: Callable[..., Iterable[bytes]] | None = None
        self.refused = False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        assert self.app is not None
        if environ["PATH_INFO"] == "/probe":
            start(
                "200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "probe=1; SameSite=None; Secure; Path=/probe")]
            )
            return [f"<p>{'probe' if 'probe' in environ.get('HTTP_COOKIE', '') else 'nothing'} came".encode()]

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [
                one for one in headers if not (self.refused and one[0] == "Set-Cookie" and one[1].startswith("lti-"))
            ]
            return start(status, kept, *rest)

        return self.app(environ, begin)


@pytest.fixture
def strict_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps no cookies of third parties, except those that are partitioned."""
    blocked = "--enable-features=ForceThirdPartyCookieBlockingEnabled,ThirdPartyStoragePartitioning"
    arguments = [one.replace("ThirdPartyStoragePartitioning,", "") for one in LAUNCH_ARGS]
    browser = playwright.chromium.launch(executable_path=find_or_install(), args=[*arguments, blocked])
    yield browser
    browser.close()


def _press(page: Page, name: str) -> Page:
    """Press the button in the frame; the new window."""
    with page.context.expect_page(timeout=90_000) as opened:
        page.frame_locator("iframe").get_by_text(name, exact=True).click()
    return opened.value


def test_a_launch_in_a_frame_opens_the_course_in_a_window_without_any_cookie_of_a_third_party(
    strict_browser: Browser, tmp_path: Path, archived_file: Path
) -> None:
    front = NoCookies()
    with served(front) as served_at, fake_platforms() as platforms:
        address = served_at.replace("127.0.0.1", "localhost")  # another site than the platform's
        file = shutil.copy(archived_file, tmp_path / "course.db")
        front.app = app = make_app(f"sqlite:///{file}", PUBLIC_URL=address)
        fake = PagesOfPlatform(platforms.address, course=address)
        platforms.known[str(fake.number)] = fake
        with app.app_context(), unit_of_work() as session:
            make_organisation(session)
            register(session, fake, makes_accounts=True)
        context = strict_browser.new_context()
        page = context.new_page()
        page.goto(f"{fake.issuer}/course")
        opened = _press(page, "Open the course")
        expect(opened.get_by_role("link", name="Sam Okafor").or_(opened.get_by_text("Sam Okafor")).first).to_be_visible(
            timeout=90_000
        )
        assert opened.url == f"{address}/"
        # The browser does refuse: what a third party sets is not sent back. And no page of the course is shown in a frame.
        for address_in_frame, text in ((f"{address}/probe", "nothing came"), (f"{address}/sign-in", "")):
            for _time in range(2):
                page.evaluate(SHOW, address_in_frame)
            found = page.frames[1].locator("body").inner_text() if text else page.frames[1].url
            assert found == (text or "chrome-error://chromewebdata/")
        context.close()

        front.refused = True
        context = strict_browser.new_context()
        page = context.new_page()
        page.goto(f"{fake.issuer}/course-with-storage")
        assert _press(page, "Open the course").url.startswith(address)
        context.close()

        context = strict_browser.new_context()
        page = context.new_page()
        page.goto(f"{fake.issuer}/course")
        expect(page.frame_locator("iframe").get_by_role("link", name="Open in a new window")).to_be_visible(
            timeout=90_000
        )
        front.refused = False  # in a window of its own the course is no third party
        opened = _press(page, "Open in a new window")
        expect(opened.get_by_text("Sam Okafor").first).to_be_visible(timeout=90_000)
        context.close()
