"""Without a network: answers wait on the device, are sent once and by their own person only; pages can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from sqlalchemy import func, select

from course.context import make_context
from course.learning.models import Answer, AttemptItem
from course.organisation.actions import confirm_contact
from course.people.actions import join_team
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.test_learner import NOTED, fill_any
from tests.makers import make_team
from tests.support.chromium import LAUNCH_ARGS, find_or_install
from tests.support.pseudo_language import offered

KEPT = "Sent when you are back online."
# The service worker runs, and its public pages are kept. The next page that is opened is in its charge.
READY = """async () => { await navigator.serviceWorker.ready;
    while (!(await caches.match('/offline'))) await new Promise(r => setTimeout(r, 50)); }"""
# Note what shows that an answer is on its way, right after the press.
PENDING = """() => document.addEventListener("submit", ({ target, submitter }) => setTimeout(() => {
    sessionStorage.pending = `${target.getAttribute("aria-busy")} ${[...submitter.classList].find(name => name === "is-sending")}`;
}), { capture: true, once: true })"""
WAITING = "(async () => (await courseStore.waiting()).length)()"
PAGE_CACHES = "(async () => (await caches.keys()).filter(name => name.startsWith('pages-')))()"


@pytest.fixture
def device(context: BrowserContext) -> Iterator[Page]:
    """A window in which an error of a script fails the test, and the network may be away."""
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    yield page
    assert not [error for error in errors if "ViewTransition" not in error]


def _until(page: Page, condition: str) -> None:
    """Wait until an expression, which may await, is true in the page."""
    page.evaluate(
        f"""async () => {{ for (let tries = 0; tries < 200; tries++) {{
            if (await (async () => {condition})().catch(() => false)) return;
            await new Promise(resolve => setTimeout(resolve, 50));
        }} throw new Error("in vain"); }}"""
    )


def _answers(site: Site, attempt: int) -> int:
    with site.app.app_context(), unit_of_work() as session:
        return session.scalar(
            select(func.count()).select_from(Answer).join(AttemptItem).where(AttemptItem.attempt_id == attempt)
        ) or 0  # fmt: skip


def _open_check(page: Page) -> int:
    """Begin a check; returns the id of the attempt."""
    page.goto("/module/responding/check")
    page.locator("main form .button").first.click()
    page.wait_for_url(re.compile(r"/attempt/\d+/1$"))
    page.evaluate(READY)
    page.reload()
    return int(page.url.split("/")[-2])


def _answer_offline(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    fill_any(page)
    page.locator("#question button:not([type=button])").last.click()
    expect(page.get_by_text(KEPT)).to_be_visible()


def test_an_answer_given_offline_survives_closing_the_browser_and_is_recorded_once(
    site: Site, playwright: Playwright, tmp_path: Path
) -> None:
    site.person("train@example.org")
    folder = tmp_path / "profile"

    def begin() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            folder, executable_path=find_or_install(), args=LAUNCH_ARGS, base_url=site.address
        )

    context = begin()
    page = context.new_page()
    sign_in(page, "train@example.org")
    attempt = _open_check(page)
    address = page.url
    _answer_offline(page, context)
    assert page.evaluate("document.activeElement.className") == "waiting"
    assert _answers(site, attempt) == 0
    context.close()

    context = begin()
    first, second = context.new_page(), context.new_page()
    for window in (first, second):  # both send as soon as they are loaded
        window.goto(address, wait_until="commit")
    expect(first.locator(".verdict")).to_be_visible()
    second.reload()
    expect(second.locator(".verdict")).to_be_visible()
    assert _answers(site, attempt) == 1
    assert first.evaluate(WAITING) == 0
    context.close()


def test_an_answer_is_sent_when_the_network_is_back_and_its_verdict_is_shown(
    site: Site, device: Page, context: BrowserContext
) -> None:
    page = device
    site.person("tunnel@example.org")
    sign_in(page, "tunnel@example.org")
    attempt = _open_check(page)
    _answer_offline(page, context)
    assert [fault for fault in faults(page) if "(progress)" not in fault] == []
    context.set_offline(False)
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="has been sent")).to_be_visible()
    assert _answers(site, attempt) == 1


def test_an_answer_that_waits_is_named_by_its_question_and_its_reasons_are_one_press_away(
    site: Site, device: Page, context: BrowserContext
) -> None:
    page = device
    site.person("lift@example.org")
    sign_in(page, "lift@example.org")
    attempt = _open_check(page)
    page.evaluate("document.querySelector('#question fieldset').remove()")  # nothing is chosen, whatever its form
    page.locator("#sureness-sure").click()
    expect(page.locator("#mistakes")).to_be_visible()
    _answer_offline(page, context)
    assert not re.search("There is a problem|press it again", page.locator("main").inner_text())
    assert (page.title().startswith("Question 1 of "), page.locator("[aria-invalid]").count()) == (True, 0)
    page.goto("/")
    waiting = page.get_by_role("link", name=re.compile(r"^Question 1 of \d+$"))
    expect(waiting).to_be_visible()
    context.set_offline(False)
    sent = page.get_by_role("status").filter(has_text="has been sent")
    expect(waiting).to_have_count(1)  # in what is said, and not in the list any more
    sent.get_by_role("link", name=re.compile(r"^Question 1 of \d+$")).click()
    expect(page.locator(".verdict")).to_be_visible()
    assert _answers(site, attempt) == 1
    page.goto(f"/attempt/{attempt}")
    _answer_offline(page, context)
    page.goto("/")
    expect(page.get_by_role("link", name=re.compile(r"^Question 2 of \d+$"))).to_be_visible()


def test_nothing_of_one_person_is_shown_to_or_sent_by_the_next_at_the_same_browser(
    site: Site, device: Page, context: BrowserContext
) -> None:
    site.person("first@example.org")
    site.person("second@example.org")
    page = device
    sign_in(page, "first@example.org")
    attempt = _open_check(page)
    page.goto("/module/responding")
    page.get_by_role("button", name="It is mine").click()
    _until(page, "await caches.match('/module/responding/check')")
    page.goto(f"/attempt/{attempt}/1")
    _answer_offline(page, context)
    # The session ends by itself, and somebody else signs in.
    context.clear_cookies()
    context.set_offline(False)
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail")).to_be_visible()
    _until(page, f"(await {PAGE_CACHES}).length === 0")
    sign_in(page, "second@example.org")
    page.goto("/record")
    _until(page, "await courseStore.fact('owner') === document.querySelector('meta[name=owner]').content")
    assert page.evaluate(WAITING) == 1, "it stays until its owner signs in"
    assert _answers(site, attempt) == 0
    context.set_offline(True)
    page.goto("/module/responding/check")
    expect(page.get_by_role("heading", level=1, name="Offline")).to_be_visible()
    assert "check" not in page.locator("[data-device]").inner_text().lower()
    context.set_offline(False)
    page.goto("/me")
    stale = context.new_page()
    stale.goto("/me")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    sign_in(page, "first@example.org")
    _until(page, f"await {WAITING} === 0")
    assert _answers(site, attempt) == 1
    page.goto(f"/attempt/{attempt}/2")
    _answer_offline(page, context)
    # In the window of the second person, which was left open.
    stale.get_by_role("button", name="Sign out", exact=True).click()
    _until(page, "await courseStore.fact('owner') === undefined")
    assert page.evaluate(WAITING) == 1, "it stays until its owner signs in"


def test_sign_out_says_what_was_not_sent_and_keeps_nothing(site: Site, browser: Browser) -> None:
    # Without its service worker, which would send the answer as soon as it could.
    context = browser.new_context(base_url=site.address, service_workers="block", reduced_motion="reduce")
    page = context.new_page()
    site.person("leaving@example.org")
    sign_in(page, "leaving@example.org")
    page.goto("/module/responding/check")
    page.locator("main form .button").first.click()
    page.wait_for_url(re.compile(r"/attempt/\d+/1$"))
    address, attempt = page.url, int(page.url.split("/")[-2])
    page.goto("/module/responding")
    page.get_by_role("button", name="It is mine").click()
    _until(page, f"(await {PAGE_CACHES}).length === 1")
    page.goto(address)
    page.route("**/offline/who", lambda route: route.abort())  # the network comes and goes
    _answer_offline(page, context)
    context.set_offline(False)
    page.goto("/me")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("You have 1 answer on this device that was not sent")
    page.get_by_role("button", name="Sign out and delete").click()
    expect(page.get_by_label("E-mail")).to_be_visible()
    _until(page, f"(await {PAGE_CACHES}).length === 0 && await {WAITING} === 0")
    assert page.evaluate("async () => courseStore.fact('mine')") is None
    assert _answers(site, attempt) == 0
    context.close()


def test_the_module_under_way_and_the_help_page_can_be_read_offline(
    site: Site, device: Page, context: BrowserContext
) -> None:
    site.person("reading@example.org")
    page = device
    sign_in(page, "reading@example.org")
    page.evaluate(READY)
    module = next(iter(site.app.extensions["course"].library.modules.values()))
    page.goto(f"/module/{module.id}")
    expect(page.get_by_role("button", name="It is mine")).to_be_visible()
    assert [fault for fault in faults(page) if "(progress)" not in fault] == []
    page.get_by_role("button", name="It is mine").click()
    last = f"/module/{module.id}/check"
    _until(page, f"await caches.match('{last}')")
    context.set_offline(True)
    lesson = next(step for step in module.steps if step.kind == "page")
    page.goto(f"/module/{module.id}/{lesson.id}")
    expect(page.get_by_text("You are offline. This page was kept on")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(lesson.title)
    page.goto("/concern")
    expect(page.get_by_text("999").first).to_be_visible()
    assert [fault for fault in faults(page) if "(progress)" not in fault] == []
    page.goto("/people/add")
    expect(page.get_by_role("heading", level=1, name="Offline")).to_be_visible()
    expect(page.get_by_role("heading", name="Kept for reading offline")).to_be_visible()
    assert [fault for fault in faults(page) if "(progress)" not in fault] == []


def test_what_is_kept_is_of_one_language_and_the_help_page_is_there_in_each(
    site: Site, device: Page, context: BrowserContext
) -> None:
    site.person("both@example.org")
    page = device
    with offered() as language:
        sign_in(page, "both@example.org")
        page.evaluate(READY)
        module = next(iter(site.app.extensions["course"].library.modules.values()))
        page.goto(f"/module/{module.id}")
        page.get_by_role("button", name="It is mine").click()
        _until(page, f"await caches.match('/module/{module.id}/check')")
        page.locator(f".languages [hreflang={language}]").click()
        expect(page).to_have_url(re.compile(f"/module/{module.id}$"))
        # Every kept page is fetched again, and none of them is in the language of before.
        kept = f"""(async () => {{ const cache = await caches.open((await caches.keys()).find(name => name.startsWith('pages-')));
            const all = await Promise.all((await cache.keys()).map(async key => (await cache.match(key)).text()));
            return all.length > 2 && all.every(text => text.includes('<html lang="{language}"')); }})()"""
        _until(page, kept)
        context.set_offline(True)
        page.goto("/concern")
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.locator(".languages [hreflang=en]").click()
        expect(page.locator("html")).to_have_attribute("lang", "en-GB")
        expect(page.get_by_text("You are offline.")).to_be_visible()
        expect(page.get_by_text("999").first).to_be_visible()


def test_the_help_page_works_offline_for_a_visitor_who_never_signed_in(device: Page, context: BrowserContext) -> None:
    page = device
    page.goto("/sign-in")
    page.evaluate(READY)
    context.set_offline(True)
    for path in ("/concern", "/first-hour"):
        page.goto(path)
        expect(page.get_by_text("You are offline.")).to_be_visible()
        expect(page.get_by_text("999").first).to_be_visible()


def test_offline_each_person_of_a_shared_device_finds_the_numbers_of_their_own_site(
    site: Site, device: Page, context: BrowserContext
) -> None:
    with site.app.app_context(), unit_of_work() as session:
        teams = [make_team(session, name).id for name in ("Oakfield", "Bryn House")]
        for number, team in enumerate(teams):
            confirm_contact(
                make_context(session, None, NOW), "lead", f"Lead {number}", f"01632 96011{number}", "", team
            )
    people = [site.person(f"site{number}@example.org") for number in range(2)]
    with site.app.app_context(), unit_of_work() as session:
        for person, team in zip(people, teams, strict=True):
            join_team(make_context(session, None, NOW), person, team, True)
    page = device
    for number, team in enumerate(teams):
        sign_in(page, f"site{number}@example.org")
        page.evaluate(READY)
        page.reload()
        _until(page, f"await caches.match('/first-hour?site={team}')")
        context.set_offline(True)
        for path in ("/concern", "/first-hour"):
            page.goto(path)
            expect(page.get_by_text("You are offline.")).to_be_visible()
            expect(page.get_by_text(f"Lead {number}")).to_be_visible()
            expect(page.get_by_text(f"Lead {1 - number}")).to_have_count(0)
        context.set_offline(False)
        page.goto("/me")
        page.evaluate("courseStore.forget()")
        context.set_offline(True)
        page.goto("/concern")
        expect(page.get_by_text("Where do you work?")).to_be_visible()
        expect(page.get_by_text(f"Lead {number}")).to_have_count(0)
        context.set_offline(False)
        context.clear_cookies()
    # The server is that of other tests, too.
    with site.app.app_context(), unit_of_work() as session:
        for team in teams:
            confirm_contact(make_context(session, None, NOW), "lead", "", "", "", team)


def test_a_note_written_offline_waits_with_the_device_and_stands_once(
    site: Site, device: Page, context: BrowserContext
) -> None:
    site.person("writing@example.org")
    page = device
    sign_in(page, "writing@example.org")
    page.goto(NOTED)
    folded = page.get_by_text("Write a note for yourself")
    if folded.count():
        folded.click()
    context.set_offline(True)
    for text in ("Ask.", "Ask about Sunday."):
        page.get_by_role("textbox").first.fill(text)
        page.get_by_role("textbox").first.blur()
        expect(page.get_by_text("Your note is kept on this device.")).to_be_visible()
    context.set_offline(False)
    _until(page, f"await {WAITING} === 0")
    expect(page.get_by_text("Your note is kept.")).to_be_visible()
    page.get_by_role("textbox").first.fill("Ask about Sunday, and listen.")
    page.get_by_role("textbox").first.blur()
    expect(page.get_by_text("Your note is kept.")).to_be_visible()
    page.reload()
    expect(page.locator("textarea").first).to_have_value("Ask about Sunday, and listen.")


def test_an_answer_after_the_session_has_ended_waits_for_its_owner_to_sign_in(
    site: Site, device: Page, context: BrowserContext
) -> None:
    site.person("over@example.org")
    page = device
    sign_in(page, "over@example.org")
    attempt = _open_check(page)
    fill_any(page)
    context.clear_cookies()
    page.locator("#question button:not([type=button])").last.click()
    expect(page.locator("input[name=sealed_form]")).to_be_attached()
    assert _answers(site, attempt) == 0


def test_a_double_tap_sends_once_and_the_back_button_works(site: Site, device: Page) -> None:
    site.person("tapping@example.org")
    page = device
    sign_in(page, "tapping@example.org")
    attempt = _open_check(page)
    loads: list[str] = []
    page.on("request", lambda request: loads.append(f"{request.method} {request.resource_type}"))
    fill_any(page)
    page.evaluate(PENDING)
    page.locator("#question button:not([type=button])").last.dblclick()
    page.locator(".verdict").wait_for()
    assert page.evaluate("sessionStorage.pending") == "true is-sending", "at once"
    assert loads.count("POST fetch") == 1
    assert page.url.endswith(f"/attempt/{attempt}/1")
    following = page.get_by_role("link", name="Next question")
    if following.count():
        following.click()
    else:  # after a right answer the next question is below the verdict
        fill_any(page)
        page.locator("#question button:not([type=button])").last.click()
    page.wait_for_url(re.compile(rf"/attempt/{attempt}/2$"))
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert "GET document" not in loads, "without leaving the page"
    page.go_back()
    page.locator(".verdict").wait_for()
    assert page.url.endswith(f"/attempt/{attempt}/1")
