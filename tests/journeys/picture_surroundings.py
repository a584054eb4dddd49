"""What a learner sees around the course for the pictures of `make screenshots`: records, accounts, errors, mails, pages
without a network or a database, and what comes out of a printer. The people are those of picture_states."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

from course.auth.actions import create_link
from course.clock import now
from course.context import make_context
from course.events import publish
from course.join_requests.actions import make_link
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.people.events import InvitationRequested
from course.people.queries import person_by_email
from course.refreshers import actions
from course.web.errors import ERROR_TEXTS, error_page
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, sign_in
from tests.journeys.picture_states import MODULE, Take, enter
from tests.journeys.test_learner import fill_any
from tests.journeys.test_offline import READY
from tests.makers import make_team
from tests.support.days import this_day


def take_surroundings(site: Site, browser: Browser, take: Take) -> None:
    """Call `take` with a window on each page and the name of its picture."""
    # Without a service worker, which would ask for the pages that are only shown here.
    context = browser.new_context(base_url=site.address, reduced_motion="reduce", service_workers="block")
    page = context.new_page()
    for states in (_records, _accounts, _errors, _mails):
        context.clear_cookies()
        states(site, page, take)
    context.close()
    _offline(site, browser, take)
    _without_database(site, browser, take)


def _records(site: Site, page: Page, take: Take) -> None:
    assert site.app
    enter(page, "home-done@example.org")
    page.goto("/certificate")
    page.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}-\w{4}$")).click()
    take(page, "state-certificate")
    number = page.url.rsplit("/", 1)[1]
    for path, name in (
        (f"/verify/{number}", "verify"),
        ("/verify?number=AAAA-BBBB-CCCC", "verify-unknown"),
        ("/verify", "verify-empty"),
        ("/first-hour", "first-hour"),
        ("/record", "record-done"),
        ("/renewal/mine", "renewal"),
        ("/calendar", "calendar"),
        ("/reminders", "reminders"),
        ("/me/data", "data"),
        ("/me/seen", "seen"),
        ("/me", "me"),
        ("/issuer", "issuer"),
    ):
        page.goto(path)
        take(page, f"state-{name}")
    page.goto("/certificate")
    kept = page.get_by_role("link", name="My certificates, to keep").get_attribute("href") or ""
    page.goto(kept[kept.index("/kept/") :])
    take(page, "state-certificates-kept")


def _accounts(site: Site, page: Page, take: Take) -> None:
    person = site.person("account@example.org")
    with site.app.app_context(), unit_of_work() as session:
        team = make_team(session, "Night staff")
        link = make_link(make_context(session, None, now()), team.id, ["example.org"], this_day() + timedelta(days=9))
        invited, forgotten = (create_link(session, person, purpose, now()) for purpose in ("invitation", "forgotten"))
    page.goto(f"/join/{link}")
    take(page, "state-join")
    page.locator("main [name=name]").fill("Robin Example")
    page.locator("main [name=email]").fill("robin@example.com")
    page.get_by_role("button", name="Ask to join").click()
    page.locator("#mistakes").wait_for()
    take(page, "state-join-mistakes")
    page.locator("main [name=email]").fill("robin@example.org")
    page.get_by_role("button", name="Ask to join").click()
    page.locator("h1", has_text="Thank you").wait_for()
    take(page, "state-join-asked")
    for token, name in ((invited, "invited"), (forgotten, "forgotten-link"), ("used", "link-gone")):
        page.goto(f"/link/{token}")
        take(page, f"state-{name}")
    page.goto("/forgotten")
    page.locator("main [name=email]").fill("account@example.org")
    page.get_by_role("button", name="Send the link").click()
    page.locator("h1").wait_for()
    take(page, "state-forgotten-sent")
    for tries in range(12):
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill("account@example.org")
        page.get_by_label("Password").fill("wrong wrong wrong")
        page.get_by_role("button", name="Sign in").click()
        page.locator("#mistakes, h1:has-text('Too many tries')").first.wait_for()
        if tries == 0:
            take(page, "state-sign-in-mistake")
        if page.locator("h1").inner_text() == "Too many tries":
            take(page, "state-too-many-tries")
            break


def _errors(site: Site, page: Page, take: Take) -> None:
    for status in (403, 404, 405, 413, 422, 429, 500, 503):
        with site.app.test_request_context("/"):
            title, text = ERROR_TEXTS.get(status, ERROR_TEXTS[400])
            html = error_page(status, str(title), str(text)).get_data(as_text=True)
        _show(page, html)
        take(page, f"state-error-{status}")
    enter(page, "home-done@example.org")
    page.goto("/me")
    # A form whose session has ended keeps what was entered.
    page.locator("main [name=current]").fill("something")
    page.locator("main [name=password]").fill("something else")
    page.context.clear_cookies()
    page.get_by_role("button", name="Change my password").click()
    page.locator("h1").wait_for()
    take(page, "state-signed-out")


def _show(page: Page, html: str) -> None:
    """Open a page of this text, at an address of the site, so that its style sheets are found."""
    page.unroute_all()

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route("**/picture", answer)
    page.goto("/picture")


def _mails(site: Site, page: Page, take: Take) -> None:
    with site.app.app_context(), unit_of_work() as session:
        person = person_by_email(session, "account@example.org")
        assert person is not None
        publish(session, InvitationRequested(person.id, "Alex Morgan", now()))
        done = person_by_email(session, "five@example.org")
        for one in actions.boosters_due(session, site.app.extensions["course"].library, "Europe/London", this_day()):
            if done is not None and one.email == done.email:
                actions.queue_booster(session, site.app.extensions["course"].library, one, "Europe/London", now())
    with site.app.app_context():
        render_waiting_mail(60)
    with site.app.app_context(), unit_of_work() as session:
        mails = {re.split("[:-]", mail.key)[0]: mail.html for mail in session.query(OutboxMail) if mail.html}
    for kind, html in mails.items():
        _show(page, html or "")
        take(page, f"state-mail-{kind}")


def _offline(site: Site, browser: Browser, take: Take) -> None:
    site.person("offline@example.org")
    context = browser.new_context(base_url=site.address, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, "offline@example.org")
    page.goto("/module/responding/check")
    page.locator("main form .button").first.click()
    page.wait_for_url(re.compile(r"/attempt/\d+/1$"))
    page.evaluate(READY)
    page.reload()
    context.set_offline(True)
    fill_any(page)
    page.locator("#question button:not([type=button])").last.click()
    page.get_by_text("Sent when you are back online.").wait_for()
    take(page, "state-answer-waits")
    page.goto("/concern")
    take(page, "state-concern-offline")
    page.goto("/module/staff-online")
    take(page, "state-not-kept")
    page.goto("/offline")
    take(page, "state-offline")
    context.set_offline(False)
    page.goto("/module/responding")
    page.get_by_text("has been sent").wait_for()
    take(page, "state-answer-sent")
    context.close()


def _without_database(site: Site, browser: Browser, take: Take) -> None:
    """The database is held by another process: only "Worried about a child?" answers."""
    engine = site.app.extensions["course"].engine
    engine.dispose()
    page = browser.new_context(base_url=site.address, reduced_motion="reduce").new_page()
    with closing(sqlite3.connect(str(engine.url.database))) as other:
        other.execute("pragma locking_mode=exclusive")
        other.execute("begin exclusive")
        for path in ("/concern", "/first-hour"):
            page.goto(path)
            take(page, f"state-no-database{path.replace('/', '-')}")
    page.context.close()


def take_papers(site: Site, browser: Browser, out: Path) -> None:
    """What comes out of a printer, one picture for each sheet of paper: pages, and the certificate."""
    context = browser.new_context(base_url=site.address)
    page = context.new_page()
    sign_in(page, "home-done@example.org")
    for path in ("/first-hour", "/concern", "/certificate/passed", f"/module/{MODULE}/a-phone-changes-everything",
                 f"/module/{MODULE}/discussion"):  # fmt: skip
        page.goto(path)
        _sheets(page.pdf(format="A4"), out / f"paper{path.replace('/', '-')}")
    page.goto("/certificate")
    number = page.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}-\w{4}$")).inner_text()
    _sheets(context.request.get(f"/certificate/{number}.pdf").body(), out / "paper-certificate")
    context.clear_cookies()
    sign_in(page, "home-story@example.org")
    page.locator("main .button.turn").click()
    page.locator("button.choice").first.wait_for()
    _sheets(page.pdf(format="A4"), out / "paper-story")
    context.close()


def _sheets(pdf: bytes, name: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        subprocess.run(["pdftoppm", "-r", "70", "-png", file.name, str(name)], check=True)
