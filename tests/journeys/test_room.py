"""A room on one device: a manager opens it, two people answer one after the other, and nothing of the first is left for the
second."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from course.clock import now
from course.dates import civil_date
from course.people.models import Person
from course.supervised_sessions.models import SupervisedAnswer, SupervisedAttendee, SupervisedSitting
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, faults, sign_in
from tests.makers import make_person, make_team

# What a browser keeps: caches of the service worker, both storages, databases, cookies that scripts can read.
LEFT = """async () => {
    const pages = {};
    for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const one of await cache.keys()) {
            const path = new URL(one.url).pathname;
            if (!path.startsWith("/static/")) pages[path] = await (await cache.match(one)).text();
        }
    }
    const databases = (await indexedDB.databases()).map((one) => one.name);
    return { pages, databases, local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie };
}"""
# What anyone may read, and what no page of a person is made of.
PUBLIC = {"/concern", "/first-hour", "/offline"}


def hall(site: Site) -> None:
    with site.app.app_context(), unit_of_work() as session:
        team = make_team(session, "Night shift")
        make_person(session, "Mara Keel", "mara@room.example.org", "manager", team)
        for name in ("Ana First", "Ben Second"):
            make_person(session, name, f"{name[:3].lower()}@room.example.org", team=team, password=None)


def planned(page: Page) -> dict[str, str]:
    """Plan a session for both, for today; the codes by name."""
    page.goto("/supervised/new")
    page.get_by_label("What it is about").select_option("module:responding")
    page.get_by_label("Place").fill("Staff room")
    page.get_by_label("Day", exact=True).fill(civil_date(now(), "Europe/London").isoformat())
    for name in ("Ana First", "Ben Second"):
        page.get_by_label(re.compile(name)).check()
    page.get_by_role("button", name="Plan the session").click()
    address = page.url
    page.get_by_role("button", name="Make codes and print the sheet").click()
    page.locator(".strips .code").first.wait_for()
    strips = page.locator(".strips li")
    codes = {strip.inner_text()[:3]: strip.locator(".code").inner_text() for strip in strips.all()}
    page.goto(address)
    return codes


def sit_down(page: Page, code: str) -> None:
    page.get_by_label("Your code").fill(code)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/room/part")


def answer_one(page: Page) -> str:
    """Begin the check and answer its first question; the address of that question."""
    page.goto("/module/responding/check")
    page.locator("main form button").last.click()
    page.wait_for_url("**/attempt/**")
    question = page.url
    # Lines to be put in order are an answer as they stand; of everything else the first, in each group.
    names = page.locator("main input[type=radio], main input[type=checkbox]").evaluate_all(
        "all => [...new Set(all.map((one) => one.name))]"
    )
    for name in names:
        page.locator(f"main input[name='{name}']").first.check()
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/attempt/" in answer.url):
        page.locator("main form button").last.click()
    page.wait_for_load_state("networkidle")
    return question


def evidence(site: Site) -> dict[str, set[int]]:
    """In which supervised sessions the answers of each person were given, by name."""
    with site.app.app_context(), unit_of_work() as session:
        rows = session.execute(
            select(Person.name, SupervisedAttendee.session_id)
            .join(SupervisedAttendee, SupervisedAttendee.person_id == Person.id)
            .join(SupervisedSitting, SupervisedSitting.attendee_id == SupervisedAttendee.id)
            .join(SupervisedAnswer, SupervisedAnswer.sitting_id == SupervisedSitting.id)
        ).all()
    found: dict[str, set[int]] = {}
    for name, number in rows:
        found.setdefault(name, set()).add(number)
    return found


def test_nothing_of_the_first_person_is_left_on_the_device_for_the_second(site: Site, browser: Browser) -> None:
    hall(site)
    with browser.new_context(
        base_url=site.address, viewport={"width": 820, "height": 1180}, reduced_motion="reduce"
    ) as device:
        page = device.new_page()
        sign_in(page, "mara@room.example.org")
        codes = planned(page)
        session_number = int(page.url.rpartition("/")[2])
        assert faults(page) == []
        page.get_by_role("button", name="Open the room on this device").click()
        page.wait_for_url("**/room")
        page.goto("/people")
        assert page.url.endswith("/room"), "the manager is signed out of this device"
        sit_down(page, codes["Ana"])
        assert "Ana First" in page.locator("body").inner_text()
        question = answer_one(page)
        cookies = {one["name"]: one["value"] for one in device.cookies()}
        page.goto("/room/part")
        page.get_by_role("button", name=re.compile("sign out", re.I)).first.click()
        page.wait_for_url("**/room")
        assert all(one["value"] != cookies.get(one["name"]) for one in device.cookies() if one["name"] == "course")
        for _step in range(3):
            page.go_back()
            page.wait_for_load_state()
            assert "Ana" not in page.locator("body").inner_text()
            assert page.url.endswith("/room"), page.url
        page.goto("/room")
        left = page.evaluate(LEFT)
        assert set(left["pages"]) <= PUBLIC, left["pages"].keys() - PUBLIC
        assert "Ana" not in str(left)
        page.goto(question)
        assert page.url.endswith("/room")
        sit_down(page, codes["Ben"])
        # A copy of the first person's cookie, in a browser of its own, opens nothing.
        with browser.new_context(base_url=site.address, reduced_motion="reduce") as elsewhere:
            elsewhere.add_cookies([{"name": "course", "value": cookies["course"], "url": site.address}])
            copy = elsewhere.new_page()
            copy.goto(question)
            assert copy.url.endswith("/room")
            assert "Ana" not in copy.content()
        page.goto(question)
        assert page.url.endswith("/room/part"), "the question of the first person leads back"
        assert "Ana" not in page.content()
        answer_one(page)
        assert evidence(site) == {"Ana First": {session_number}, "Ben Second": {session_number}}
        device.set_offline(True)
        page.goto("about:blank")
        page.goto(question)
        assert "Offline" in page.locator("h1").inner_text()
        assert not {"Ana", "Ben"} & set(page.locator("body").inner_text().split())
