"""A story in a browser: after each decision its consequence and the scene are on the first screen, and the way back works."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.debrief_lengths import debrief_lengths, write_runs
from tests.journeys.page_lengths import MOST_PIXELS

STORY = "/module/secret-contact/second-phone"
SIZES = ((390, 844), (1366, 768))
PHONE_SCREENS = 3
# The lowest edge of what was led to and of the scene, and the highest edge of the choices, on the page as it opens.
EDGES = """() => {
    const bottom = name => Math.max(...[...document.querySelectorAll(name)].map(e => e.getBoundingClientRect().bottom));
    return {
        scrolled: scrollY,
        consequence: bottom(".said > .came"),
        scene: bottom(".said > .so-now"),
        choices: document.querySelector(".choice").getBoundingClientRect().top,
        last: bottom(".choice"),
    };
}"""
GRADES = ("dangerous", "poor", "fair", "best")


def begin(page: Page) -> None:
    """Open the story; its first scene comes without leaving the page."""
    page.get_by_role("button", name="Begin the story").click()
    page.locator("button.choice").first.wait_for()


def choose(site: Site, page: Page, grades: tuple[str, ...]) -> None:
    """Press the first choice of the first of these grades that the scene offers."""
    module = site.app.extensions["course"].library.modules["secret-contact"]
    scenes = module.scenarios["second-phone"].scenes
    grade = {choice.id: choice.quality for scene in scenes for choice in scene.choices}
    offered = page.locator("button.choice").evaluate_all("all => all.map(button => button.value)")
    wanted = next(value for name in grades for value in offered if grade[value] == name)
    with page.expect_navigation():
        page.locator(f'button.choice[value="{wanted}"]').click()


def debrief_screens(page: Page) -> float:
    page.set_viewport_size({"width": 390, "height": 844})
    return float(page.evaluate("document.querySelector('main').offsetHeight")) / 844


def test_after_every_decision_what_it_led_to_and_the_scene_are_on_the_first_screen(site: Site, page: Page) -> None:
    site.person("beats@example.org")
    sign_in(page, "beats@example.org")
    page.goto(STORY)
    begin(page)
    seen = 0
    while page.locator(".said").count() and "debrief" not in page.url:
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if (width, height) != SIZES[0]:
                page.reload()  # on the first size the beat is looked at as it came, in place
            if page.locator(".came").count():
                edges = page.evaluate(EDGES)
                assert edges["scrolled"] == 0
                assert max(edges["consequence"], edges["scene"]) <= height, (page.url, width, edges)
                assert edges["choices"] < height, (page.url, width, edges)
                seen += 1
        page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
        choose(site, page, GRADES)
    assert seen >= 6
    assert page.locator("main").get_by_text("How it ended").is_visible()
    assert not page.locator("button.choice").count()
    page.locator("main a.turn").click()
    page.locator("button.choice").first.wait_for()
    while page.locator("button.choice").count():
        assert "Recommended" not in page.locator("main").inner_text()
        choose(site, page, ("best",))
    assert debrief_screens(page) <= PHONE_SCREENS
    page.locator("details").first.evaluate(
        "() => document.querySelectorAll('details').forEach(e => { e.open = true; })"
    )
    assert not faults(page)


def test_the_recommended_road_fits_on_three_screens_of_a_phone(site: Site, page: Page) -> None:
    site.person("road@example.org")
    sign_in(page, "road@example.org")
    page.goto(STORY)
    begin(page)
    while page.locator("button.choice").count():
        choose(site, page, ("best",))
    assert "Story complete" in page.locator(".strip").inner_text()
    assert debrief_screens(page) <= PHONE_SCREENS


def test_the_debrief_of_every_story_fits_on_three_screens_of_a_phone_and_names_each_turn(
    site: Site, page: Page
) -> None:
    person = site.person("roads@example.org")
    with site.app.app_context(), unit_of_work() as session:
        runs = write_runs(session, site.app.extensions["course"].library, person)
    sign_in(page, "roads@example.org")
    roads = [run for run in runs if run[1] != "best"]
    assert len(roads) == 66
    found = list(debrief_lengths(page, roads))
    assert [one for one in found if one.pixels > MOST_PIXELS] == []
    assert [one for one in found if one.road == "worst" and not one.turns] == []


@pytest.mark.parametrize("keyboard", [False, True])
def test_a_slip_is_taken_back_by_mouse_and_by_keyboard(site: Site, page: Page, keyboard: bool) -> None:
    email = f"slip-{keyboard}@example.org".lower()
    site.person(email)
    sign_in(page, email)
    page.goto(STORY)
    begin(page)
    choose(site, page, ("poor",))
    back = page.get_by_role("button", name="Undo")
    if keyboard:
        page.locator("button.choice").last.focus()
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    else:
        back.click()
    page.get_by_text("Undone. You can choose again.").wait_for()
    assert not back.count()
    page.get_by_role("heading", level=1, name="The second phone").wait_for()


def test_consequence_scene_and_choices_are_read_in_this_order(site: Site, page: Page) -> None:
    site.person("order@example.org")
    sign_in(page, "order@example.org")
    page.goto("/module/staff-online/the-message-at-midnight")
    begin(page)
    page.locator("button.choice").first.click()
    page.locator(".came").first.wait_for()
    read = page.locator("main").aria_snapshot()
    order = [r"paragraph: .*You chose:", r"heading .*\[level=1\]", r'group "Messages: Your own account"', r'list "What changed"',
             r'heading "What do you do now\?" \[level=2\]', r'group "What do you do now\?"', r'button "Undo"']  # fmt: skip
    places = [found.start() if (found := re.search(one, read)) else -1 for one in order]
    assert -1 not in places, read
    assert places == sorted(places), read
