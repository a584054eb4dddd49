"""One page of each kind that a learner sees, reached as a learner reaches it, for the pictures of `make screenshots`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page

from course.clock import now
from course.learning.rules.grading import option_order
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, sign_in
from tests.journeys.test_questions import SEED, begin_asked
from tests.journeys.test_story import GRADES, begin, choose
from tests.makers import make_person
from tests.milestones.makers import Doing, make_module_done
from tests.refreshers.makers import LONG_AGO, make_completed

Take = Callable[[Page, str], None]
LESSON = "/module/secret-contact/a-phone-changes-everything"
STORY = "/module/secret-contact/second-phone"


def take_kinds(site: Site, browser: Browser, take: Take) -> None:
    """Call `take` with a window on each kind of page and the name of the kind."""
    context = browser.new_context(base_url=site.address, reduced_motion="reduce")
    page = context.new_page()
    for kinds in (_reading, _story, _questions, _milestones):
        context.clear_cookies()
        kinds(site, page, take)
    context.close()


def _as_somebody(site: Site, page: Page, email: str) -> None:
    page.context.clear_cookies()
    site.person(email)
    sign_in(page, email)


def _reading(site: Site, page: Page, take: Take) -> None:
    _as_somebody(site, page, "pictures-new@example.org")
    take(page, "kind-first-visit")
    for path, name in (("/module/staff-online", "module"), (LESSON, "lesson"), ("/pair", "pair")):
        page.goto(path)
        take(page, f"kind-{name}")
    page.goto(LESSON)
    page.locator("button[name=answer]").first.click()
    page.locator(".ask-you.answered").wait_for()
    take(page, "kind-lesson-answered")


def _story(site: Site, page: Page, take: Take) -> None:
    _as_somebody(site, page, "pictures-story@example.org")
    page.goto(STORY)
    take(page, "kind-story-start")
    begin(page)
    take(page, "kind-story-scene")
    while page.locator("button.choice").count():
        choose(site, page, GRADES)
        take(page, "kind-story-beat" if page.locator("button.choice").count() else "kind-story-ending")
    page.locator("main a.turn").click()
    page.locator("button.choice").first.wait_for()
    take(page, "kind-story-repair")
    while page.locator("button.choice").count():
        choose(site, page, ("best",))
    take(page, "kind-story-debrief")


def _questions(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library
    for correct in (True, False):
        email = f"pictures-{'right' if correct else 'wrong'}@example.org"
        addresses = begin_asked(site, email)
        page.context.clear_cookies()
        sign_in(page, email)
        page.goto(addresses["one"])
        take(page, "kind-question")
        page.locator("#sureness-sure").click()
        page.locator("#mistakes").wait_for()
        take(page, "kind-question-mistake")
        question = next(one for one in library.questions.values() if one.form == "one")
        order = option_order(question, SEED, int(addresses["one"].rsplit("/", 1)[1]))
        place = next(n for n, index in enumerate(order, 1) if question.options[index].correct is correct)
        page.locator(f"#answer-{place}").check()
        page.locator("#sureness-sure").click()
        page.locator(".verdict h1").wait_for()
        take(page, f"kind-verdict-{'right' if correct else 'wrong'}")
    page.goto(addresses["order"])
    page.locator(".ordering .handle").nth(2).focus()
    page.keyboard.press("ArrowUp")
    take(page, "kind-ordering-moved")
    page.goto(addresses["timeline"])
    take(page, "kind-timeline")
    page.locator("#answer-2").check()
    page.locator("#send").click()
    page.locator("h1[data-focus]").wait_for()
    take(page, "kind-timeline-answered")


def _milestones(site: Site, page: Page, take: Take) -> None:
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        person = make_person(session, email="pictures-mid@example.org")
        make_module_done(session, library, person.id, library.modules["secret-contact"], now(), Doing(missed=1))
        make_completed(session, library, timedelta(days=1), email="pictures-passed@example.org")
        make_completed(session, library, LONG_AGO, email="pictures-again@example.org")
    sign_in(page, "pictures-mid@example.org")
    take(page, "kind-mid-course")
    page.goto("/module/secret-contact/done")
    take(page, "kind-module-end")
    page.goto("/")
    page.get_by_role("button", name="Night shift").click()
    page.get_by_text("The next five minutes:").wait_for()
    take(page, "kind-night-shift")
    for email, paths in (
        ("pictures-passed@example.org", ("/certificate/passed", "/what-i-know", "/certificate")),
        ("pictures-again@example.org", ("/refresher",)),
    ):
        page.context.clear_cookies()
        sign_in(page, email)
        for path in paths:
            page.goto(path)
            take(page, f"kind{path.replace('/', '-')}")
