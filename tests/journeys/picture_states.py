"""My training, refreshers, updates, five questions, sentences and stories for two, in each state, for `make screenshots`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from course.clock import now
from course.content.actions import archive
from course.content.library import Library
from course.content.schema import Module
from course.context import make_context
from course.learning.actions import record_page_read
from course.learning.queries import progress_facts
from course.learning.rules.progress import progress
from course.mail.jobs import render_waiting_mail
from course.mail.models import OutboxMail
from course.milestones import actions as milestones
from course.milestones.jobs import mail_intentions
from course.people.models import Person
from course.people.queries import person_by_email
from course.recertification.models import RenewalPause
from course.refreshers import actions
from course.refreshers.queries import newest_refresher
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, sign_in
from tests.journeys.test_learner import fill_any
from tests.learning.finishing import answer_but_last, decide_but_last
from tests.makers import make_person
from tests.milestones.makers import Doing, make_module_done
from tests.refreshers.makers import LONG_AGO, complete, make_completed
from tests.refreshers.refresher_steps import with_changed_page
from tests.refreshers.test_last_step import answer_until_used_up
from tests.support.days import this_day

Take = Callable[[Page, str], None]
MODULE, STORY = "secret-contact", "/module/secret-contact/second-phone"
CRITICAL = "police-when-immediate-risk"


def take_states(site: Site, browser: Browser, take: Take) -> None:
    """Call `take` with a window on each page and the name of its picture."""
    # Without a service worker, which would ask for the pages that are only shown here.
    context = browser.new_context(base_url=site.address, reduced_motion="reduce", service_workers="block")
    page = context.new_page()
    for states in (_homes, _final, _refreshers, _update, _five, _intention):
        context.clear_cookies()
        states(site, page, take)
    context.close()
    _pair(site, browser, take)


def _whole_course_done(session: Session, library: Library, email: str, ago: timedelta) -> Person:
    person = make_person(session, email=email, at=now() - ago)
    for module in library.modules.values():
        make_module_done(session, library, person.id, module, now() - ago)
    complete(session, library, person, now() - ago)
    session.commit()
    return person


def _ticked_off(session: Session, library: Library, person_id: int, module: Module) -> set[str]:
    """The pages that the check of a module has ticked off."""
    found = progress(library, progress_facts(session, person_id))
    return {
        step.id for one in found.modules if one.module.id == module.id for step in one.steps if step.state == "skipped"
    }


def enter(page: Page, email: str) -> None:
    """Sign in as somebody else."""
    page.context.clear_cookies()
    sign_in(page, email)


def _homes(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    with site.app.app_context(), unit_of_work() as session:
        late = make_person(session, email="home-overdue@example.org", at=now() - timedelta(days=60))
        make_module_done(session, library, late.id, library.modules[MODULE], now())
        away = make_person(session, email="home-paused@example.org", at=now() - timedelta(days=20))
        today = this_day()
        session.add(
            RenewalPause(person_id=away.id, recorded=today, since=today - timedelta(days=9), until=None,
                         re_enter_days=14, reason="away", made_by=None, made_at=now())
        )  # fmt: skip
        make_person(session, email="home-story@example.org")
        make_person(session, email="home-check@example.org")
        for name, ago in (("done", timedelta(days=1)), ("due", LONG_AGO), ("late", timedelta(days=380))):
            _whole_course_done(session, library, f"home-{name}@example.org", ago)
    for name in ("overdue", "paused", "done", "due", "late"):
        enter(page, f"home-{name}@example.org")
        take(page, f"state-home-{name}")
    enter(page, "home-story@example.org")
    page.goto(STORY)
    page.locator("main form .button.turn").click()
    page.locator("button.choice").first.click()
    page.locator("h1[data-focus]").first.wait_for()
    page.goto("/")
    take(page, "state-home-story")
    enter(page, "home-check@example.org")
    page.goto("/module/responding/check")
    page.locator("main form .button").first.click()
    page.wait_for_url(re.compile(r"/attempt/\d+/1$"))
    page.goto("/")
    take(page, "state-home-check")
    page.goto("/module/responding")
    take(page, "state-module-begun")


def _final(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    with site.app.app_context(), unit_of_work() as session:
        person = make_person(session, email="final@example.org")
        for number, module in enumerate(library.modules.values()):
            if number == 0:
                # The check of the first module is passed before its pages are read, which ticks some of them off.
                make_module_done(session, library, person.id, module, now(), Doing(read=False))
                ticked = _ticked_off(session, library, person.id, module)
                for step in module.steps:
                    if step.kind == "page" and step.id not in ticked:
                        record_page_read(make_context(session, person.id, now()), module, module.pages[step.id])
            else:
                make_module_done(session, library, person.id, module, now())
    enter(page, "final@example.org")
    take(page, "state-home-final")
    for path, name in (("/module/what-reviews-tell-us/done", "tested-out"), ("/assessment", "assessment")):
        page.goto(path)
        take(page, f"state-{name}")


def _refreshers(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    with site.app.app_context(), unit_of_work() as session:
        for name in ("begun", "again"):
            person = _whole_course_done(session, library, f"refresher-{name}@example.org", LONG_AGO)
            begun = actions.begin_refresher(make_context(session, person.id, now()), library, None)
            if name == "again":
                answer_until_used_up(session, library, person, begun.attempt_id, (CRITICAL,))
    enter(page, "refresher-begun@example.org")
    take(page, "state-home-refresher")
    for path, name in (("/refresher", "begun"), ("/refresher/story", "story")):
        page.goto(path)
        take(page, f"state-refresher-{name}")
    enter(page, "refresher-again@example.org")
    page.goto(f"/attempt/{begun.attempt_id}")
    take(page, "state-refresher-used-up")
    page.goto("/refresher")
    take(page, "state-refresher-again")
    page.goto(f"/refresher/refresher/again/{CRITICAL}")
    take(page, "state-refresher-page")
    with site.app.app_context(), unit_of_work() as session:
        person = make_completed(session, library, email="refreshed@example.org")
        begun = actions.begin_refresher(make_context(session, person.id, now()), library, None)
        run = actions.begin_scenario_run(make_context(session, person.id, now()), library, begun)
        decision = decide_but_last(session, library, person.id, run, now())
        answer = answer_but_last(session, library, person.id, begun.attempt_id, now())
    enter(page, "refreshed@example.org")
    for path, form in (decision, answer):
        _send(page, path, form)
    take(page, "state-refreshed")


def _send(page: Page, path: str, form: dict[str, list[str]]) -> None:
    """Send this form, and open the page to which it leads."""
    page.goto(path)
    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    body = urlencode({**form, "csrf_token": token}, doseq=True)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": page.url}
    page.goto(page.context.request.post(path, data=body, headers=headers).url)


def _update(site: Site, page: Page, take: Take) -> None:
    original = site.app.extensions["course"]
    changed = with_changed_page(original.library, 28)
    with site.app.app_context(), unit_of_work() as session:
        make_completed(session, original.library.for_("school", "england"), timedelta(days=90), email="up@example.org")
        site.app.extensions["course"] = replace(original, library=changed)
        archive(session, changed, now())
    enter(page, "up@example.org")
    take(page, "state-home-update")
    page.goto("/refresher/update")
    take(page, "state-update")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="I have read what changed").wait_for()
    take(page, "state-update-page")
    with site.app.app_context(), unit_of_work() as session:
        library = changed.for_("school", "england")
        person = person_by_email(session, "up@example.org")
        assert person is not None
        newest = newest_refresher(session, person.id, actions.UPDATE)
        assert newest is not None
        actions.record_changed_page_read(make_context(session, person.id, now()), library, newest, newest.parts[0])
        path, form = answer_but_last(session, library, person.id, newest.attempt_id, now())
    _send(page, path, form)
    take(page, "state-updated")
    site.app.extensions["course"] = original


def _five(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    with site.app.app_context(), unit_of_work() as session:
        make_completed(session, library, timedelta(days=40), email="five@example.org")
    enter(page, "five@example.org")
    page.goto("/what-i-know")
    page.get_by_role("button", name="Five questions now").click()
    page.locator("#question").wait_for()
    take(page, "state-five-question")
    for _ in range(5):
        fill_any(page)
        page.locator("#sureness-sure").click()
        page.locator(".verdict h1").wait_for()
        take(page, "state-five-verdict")
        page.locator(".onward .button").last.click()
        page.locator("#question, .outcome").first.wait_for()
    take(page, "state-five-end")


def _intention(site: Site, page: Page, take: Take) -> None:
    library = site.app.extensions["course"].library.for_("school", "england")
    text = "When a child shows me a picture, I will put my own phone away and listen."
    with site.app.app_context(), unit_of_work() as session:
        person = make_person(session, email="when@example.org")
        make_module_done(session, library, person.id, library.modules[MODULE], now(), Doing(missed=2))
        milestones.save_intention(make_context(session, person.id, now() - timedelta(days=14)), MODULE, text)
    with site.app.app_context():
        mail_intentions(now())
        render_waiting_mail()
    with site.app.app_context(), unit_of_work() as session:
        mail = session.query(OutboxMail).filter(OutboxMail.key.startswith("intention:")).one()
        found = re.search(r"(/when-then/[^\s?]+)", mail.text or "")
    assert found
    page.goto(found[1])
    take(page, "state-when-then")
    page.locator("main form button").first.click()
    page.get_by_role("status").wait_for()
    take(page, "state-when-then-answered")
    enter(page, "when@example.org")
    for path, name in ((f"/module/{MODULE}/done", "module-end-sentence"), ("/what-i-know", "sentences")):
        page.goto(path)
        take(page, f"state-{name}")
    page.goto("/record")
    take(page, "state-record")


def _pair(site: Site, browser: Browser, take: Take) -> None:
    pages = []
    for name in ("Sam Okafor", "Robin Hale"):
        email = f"pair-{name.split()[0].lower()}@example.org"
        with site.app.app_context(), unit_of_work() as session:
            make_person(session, name, email)
        page = browser.new_context(base_url=site.address, reduced_motion="reduce").new_page()
        sign_in(page, email)
        pages.append(page)
    one, other = pages
    one.goto(STORY)
    one.get_by_role("button", name="Get a code").click()
    one.locator(".pair-code").wait_for()
    take(one, "state-pair-code")
    code = re.sub(r"\D", "", one.locator(".pair-code").inner_text())[:6]
    other.goto("/pair")
    other.get_by_label("Your colleague’s code").fill("12 34")
    other.get_by_role("button", name="Join").click()
    other.locator("#mistakes").wait_for()
    take(other, "state-pair-join-mistake")
    other.get_by_label("Your colleague’s code").fill(code)
    other.get_by_role("button", name="Join").click()
    other.locator("button.choice").first.wait_for()
    take(other, "state-pair-choose")
    other.locator("button.choice").first.click()
    other.locator("button.choice").first.wait_for(state="detached")
    take(other, "state-pair-wait")
    one.goto(other.url)
    one.locator("button.choice").nth(1).click()
    one.locator("h1", has_text="You differ").wait_for()
    take(one, "state-pair-differ")
    one.locator("button.choice").first.click()
    take(one, "state-pair-pressed")
    other.goto(one.url)
    other.locator("button.choice").first.click()
    other.locator(".said > .chose").wait_for()
    take(other, "state-pair-decided")
    one.goto(other.url)
    one.get_by_role("button", name="Go on alone").click()
    other.locator("h1", has_text="alone").wait_for()
    take(other, "state-pair-apart")
    other.get_by_role("link", name=re.compile("^Where you and")).click()
    other.locator("h1", has_text="differed").wait_for()
    take(other, "state-pair-differences")
    for page in pages:
        page.context.close()
