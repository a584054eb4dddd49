"""make screenshots: each page at 1280 and 390 px, in light and dark, into screenshots/.

`python -m tests.journeys.screenshots kinds` takes one page of each kind, without the walk through the whole course. Pictures
whose names begin with "state" are pages in each of their states, with "paper" what comes out of a printer.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from app import create_app
from course import schema_upgrade
from course.auth.password_hashing import hash_password
from course.content.actions import archive
from course.dates import civil_date
from course.demo.actions import create_demo, password_hashes, set_passwords, write_history
from course.demo.actions.administration import add_present_state
from course.demo.rules import HISTORY_LENGTH
from course.people.queries import person_by_email
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_config
from tests.journeys.conftest import Site
from tests.journeys.picture_kinds import take_kinds
from tests.journeys.picture_states import take_states
from tests.journeys.picture_surroundings import take_papers, take_surroundings
from tests.journeys.walker import Walker
from tests.makers import PASSWORD
from tests.support.chromium import LAUNCH_ARGS, find_or_install

OUT = Path(__file__).resolve().parents[2] / "screenshots"
HIGHEST = 8000
SIZES = {"1280": (1280, 900), "390": (390, 844)}

# Pages of administrators; {learner} is the one who has just taken the course.
MANAGING = (
    "/report",
    "/report/mail",
    "/report/people/{learner}",
    "/insight/everybody",
    "/insight/everybody/talk/posing-as-young-people",
    "/insight/questions",
    "/evidence",
    "/people",
    "/people/add",
    "/people/import",
    "/people/pathways",
    "/registrations",
    "/teams",
    "/organisation",
    "/organisation/look",
    "/content",
    "/preview",
    "/privacy/schedule",
    "/audit",
    "/system",
    "/mail",
    "/renewal/policy",
    "/renewal/policy/everybody",
)


# Pages that are pictured in Welsh too.
IN_WELSH = (
    "/",
    "/today",
    "/concern",
    "/first-hour",
    "/me",
    "/report",
    "/organisation",
    "/verify",
    "/privacy",
    "/accessibility",
)


class Camera:
    """Takes a picture of a page in every size and scheme, once for each name."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, page: Page, name: str) -> None:
        if name in self.taken:
            return
        self.taken.add(name)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                # Chromium cannot take a picture of any height: of the longest pages, the list of sources above
                # all, it is the upper part.
                tall = min(page.evaluate("() => document.documentElement.scrollHeight"), HIGHEST)
                clip: Any = {"x": 0, "y": 0, "width": width, "height": max(tall, height)}
                page.screenshot(path=str(OUT / f"{name}-{size}-{scheme}.png"), full_page=True, clip=clip)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})

    def visit(self, page: Page) -> None:
        """Name a page by its address, a question by its form, and an answered one apart from an open one."""
        path = re.sub(r"^https?://[^/]+/?", "", page.url).split("#")[0].split("?")[0]
        name = re.sub(r"/?\d+", "", path).replace("/", "-") or "home"
        form = page.locator("#question")
        if form.count():
            attributes = form.evaluate("e => Object.keys(e.dataset)[0]")
            name = f"question-{attributes}"
        elif page.locator(".verdict").count():
            name = "answered"
        self.take(page, name)


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("h1", has_text=re.compile("Welcome|needs? you")).wait_for()


def main() -> None:
    OUT.mkdir(exist_ok=True)
    for old in OUT.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site, learner = demonstration(folder)
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)
        camera = Camera()
        take_kinds(site, browser, camera.take)
        take_states(site, browser, camera.take)
        take_surroundings(site, browser, camera.take)
        take_papers(site, browser, OUT)
        page = browser.new_context(base_url=site.address, reduced_motion="reduce").new_page()
        for path in ("/sign-in", "/forgotten", "/concern", "/offline", "/no-such-page"):
            page.goto(path)
            camera.visit(page)
        if "kinds" not in sys.argv[1:]:
            walk(site, page, learner, camera)
        page.context.clear_cookies()
        sign_in(page, "admin@demo.example")
        for path in MANAGING:
            page.goto(path.format(learner=learner))
            camera.visit(page)
        for path in IN_WELSH:
            page.goto(f"/language/cy?next={path}")
            camera.take(page, f"cy{path.replace('/', '-')}")
        browser.close()
    print(f"{len(camera.taken)} pages, {len(list(OUT.glob('*.png')))} pictures in {OUT}")


def demonstration(folder: str) -> tuple[Site, int]:
    """The demonstration with its history, served on loopback, and the id of its learner."""
    app = create_app(make_config(f"sqlite:///{folder}/course.db"))
    app.config["LOG_REQUESTS"] = False
    schema_upgrade.upgrade(app.extensions["course"].engine)
    kept = hash_password(PASSWORD)
    with app.app_context(), unit_of_work() as session:
        library, zone = app.extensions["course"].library, app.extensions["course"].config.time_zone
        archive(session, library, NOW - HISTORY_LENGTH)
        create_demo(session, NOW, NOW - HISTORY_LENGTH)
        set_passwords(session, password_hashes(session), kept, NOW)
        write_history(session, library, zone, civil_date(NOW, zone))
        add_present_state(session, NOW, civil_date(NOW, zone))
        learner = person_by_email(session, "learner@demo.example")
        if learner is None:
            raise LookupError("the demonstration has no learner")
        learner_id = learner.id
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    threading.Thread(target=server.run, daemon=True).start()
    return Site(app, f"http://127.0.0.1:{server.effective_port}"), learner_id


def walk(site: Site, page: Page, learner: int, camera: Camera) -> None:
    """The whole course, and what a learner reads after it."""
    sign_in(page, "learner@demo.example")
    Walker(site, page, learner, visit=camera.visit).whole_course()
    page.goto("/certificate")
    page.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}-\w{4}$")).click()
    camera.take(page, "certificate-one")
    for path in (
        "/",
        "/record",
        "/me",
        "/sources",
        "/privacy",
        "/accessibility",
        "/module/secret-contact",
        "/further-learning",
        "/first-hour",
        "/module/responding/discussion",
    ):
        page.goto(path)
        camera.take(page, f"after{path.replace('/', '-')}")


if __name__ == "__main__":
    main()
