"""The end of a module, the certificate and what learners know about themselves, in a browser on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, ViewportSize

from course.clock import now
from course.learning.models import Reflection
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, faults, sign_in
from tests.makers import make_person
from tests.milestones.makers import Doing, make_module_done
from tests.refreshers.makers import make_completed

PHONE: ViewportSize = {"width": 390, "height": 844}
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.mark.parametrize("javascript", [True, False])
def test_one_press_leads_from_the_end_of_a_module_into_the_next(site: Site, browser: Browser, javascript: bool) -> None:
    email = f"ended-{javascript}@example.org".lower()
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        person, module = make_person(session, email=email), library.modules["secret-contact"]
        make_module_done(session, library, person.id, module, now(), Doing(missed=1))
        note = {"ref": f"{module.id}/talking-it-through", "block": "b", "text": "Ask on Mondays.", "saved_at": now()}
        session.add(Reflection(person_id=person.id, **note))
    context = browser.new_context(base_url=site.address, java_script_enabled=javascript, viewport=PHONE)
    page = context.new_page()
    sign_in(page, email)
    page.goto("/module/secret-contact/done")
    found = faults(page) if javascript else []
    for name in ("How sure, and how right", "Your own words", "When it comes up"):
        assert page.get_by_role("heading", level=2, name=name).is_visible()
    # The way on is on the first screens, before what is there to be read.
    button, table = page.get_by_role("link", name="Begin module 5"), page.get_by_role("table")
    assert button.bounding_box()["y"] < table.bounding_box()["y"]  # type: ignore[index]
    page.get_by_label("One sentence for yourself").fill("When Noah talks of family, I will listen.")
    page.get_by_role("button", name="Save my sentence").click()
    assert page.get_by_role("status").inner_text().startswith("Saved.")
    assert page.get_by_label("One sentence for yourself").input_value() == "When Noah talks of family, I will listen."
    page.get_by_role("link", name="Begin module 5").click()
    assert page.url.endswith(f"/module/images-and-networks/{library.modules['images-and-networks'].steps[0].id}")
    context.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_certificate_lights_quietly_or_not_at_all(site: Site, browser: Browser, motion: str) -> None:
    email = f"passed-{motion}@example.org"
    with site.app.app_context(), unit_of_work() as session:
        library = site.app.extensions["course"].library.for_("school", "england")
        make_completed(session, library, timedelta(days=1), email=email)
    context = browser.new_context(base_url=site.address, viewport=PHONE, reduced_motion=motion)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, email)
    found = []
    for path, heading in (("/certificate/passed", "You have passed, Sam"), ("/what-i-know", "What I know")):
        page.goto(path)
        assert page.get_by_role("heading", level=1).inner_text() == heading
        if motion == "reduce":
            found += faults(page)
            assert not page.evaluate(TOO_WIDE)
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    page.goto("/certificate/passed")
    lights = page.get_by_role("list", name="Modules").get_by_role("listitem")
    assert lights.count() == len(library.modules)
    animation = lights.first.evaluate("one => getComputedStyle(one).animationName")
    assert animation == ("none" if motion == "reduce" else "lit")
    context.close()
    assert not found, "\n".join(found)
