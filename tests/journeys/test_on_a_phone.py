"""Lists on a phone: nothing of a row is left out, and a long page is folded by topic."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.conftest import make_app
from tests.content.test_validation import SAMPLE
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.test_learner import TOO_WIDE
from tests.support.serving import served

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, archived_file: Path, browser: Browser) -> Iterator[Page]:
    """A phone with the sample course, signed in as an administrator."""
    file = shutil.copy(archived_file, tmp_path_factory.mktemp("phone") / "course.db")
    app = make_app(f"sqlite:///{file}", CONTENT=str(SAMPLE))
    with served(app) as address:
        site = Site(app, address)
        site.person("phone@example.org", "administrator")
        context = browser.new_context(base_url=site.address, viewport=PHONE, reduced_motion="reduce")
        opened = context.new_page()
        sign_in(opened, "phone@example.org")
        yield opened
        context.close()


def test_a_row_of_people_shows_every_column_with_its_name(page: Page) -> None:
    page.goto("/people")
    row = page.get_by_role("row").filter(has_text="phone@example.org")
    assert row.get_by_role("rowheader").count() == 1
    assert "phone@example.org" not in row.get_by_role("rowheader").inner_text(), "the name is the heading of the row"
    cells = row.get_by_role("rowheader").or_(row.get_by_role("cell"))
    assert cells.count() == 7
    assert all(cell.is_visible() for cell in cells.all())
    shown = row.locator("[data-label]").evaluate_all("cells => cells.map(c => getComputedStyle(c, '::before').content)")
    assert [words.split(":")[0].strip('"') for words in shown] == ["E-mail", "Team", "Role", "Pathway", "Sign-in"]
    assert row.get_by_role("link", name="Reminders").is_visible()
    assert page.locator(".choose").is_visible()
    # The headings are out of sight, so nothing in them takes the focus.
    assert page.locator("thead :is(a, button, input)").filter(visible=True).count() == 0
    page.set_viewport_size({"width": 1280, "height": 900})
    every, one = page.get_by_role("checkbox", name="All rows"), row.get_by_role("checkbox")
    every.check()
    assert one.is_checked()
    every.uncheck()
    assert not one.is_checked()
    page.set_viewport_size(PHONE)
    page.emulate_media(media="print")
    assert page.locator(".pick").filter(visible=True).count() == 0, "boxes to tick are no use on paper"
    assert page.get_by_role("search").filter(visible=True).count() == 0, "nor are fields"
    page.goto("/people?role=administrator")
    assert page.locator(".on-paper").inner_text() == "Role: Administrator"
    page.emulate_media(media="screen")
    assert not page.locator(".on-paper").is_visible()
    page.emulate_media(forced_colors="active")
    opens = page.locator(".me > summary")
    assert opens.evaluate("one => getComputedStyle(one).borderTopWidth") == "2px", "its ground is not drawn"
    page.emulate_media(forced_colors="none")
    page.emulate_media(media="screen")
    assert not page.evaluate(TOO_WIDE)
    assert faults(page) == []


@pytest.mark.parametrize("address", ["/today", "/report", "/concern"])
def test_links_in_lists_are_large_enough_to_be_pressed(page: Page, address: str) -> None:
    page.goto(address)
    heights = page.locator("main :is(li, .row) > a:visible").evaluate_all(
        "all => all.filter(one => getComputedStyle(one).display !== 'inline').map(one => one.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 24, "WCAG 2.5.8"


@pytest.mark.parametrize("width", [320, 360, 390, 412, 430, 480, 560])
def test_the_name_of_the_organisation_is_read_whole_at_the_top(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/record")
    name = page.locator(".org span")
    clipped = """one => { one.textContent = "Riverside Children’s Trust";
        return one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1; }"""
    assert not name.evaluate(clipped)
    assert page.locator(".bar").evaluate("one => one.offsetHeight") <= 125, (
        "half of the window at 400 % is left to the page"
    )
    assert not page.evaluate(TOO_WIDE)
    page.set_viewport_size(PHONE)


def test_a_long_name_of_a_team_does_not_lie_over_what_stands_beside_it(page: Page) -> None:
    page.goto("/people/teams/add")
    page.get_by_label("Name of the team").fill("Ysgol Gynradd Hillside and Rosemount Primary School")
    page.get_by_role("button", name="Add").click()
    page.goto("/teams")
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.get_by_role("rowheader", name="Ysgol Gynradd Hillside").count() == 1
    cells = page.get_by_role("rowheader").or_(page.get_by_role("cell"))
    assert cells.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length") == 0
    page.set_viewport_size(PHONE)


def test_the_sources_are_folded_by_topic_and_an_address_opens_the_one_it_leads_to(page: Page) -> None:
    page.goto("/sources")
    assert page.locator("details.topic").count() >= 3
    assert page.locator("details.topic[open]").count() == 0
    names = page.locator("tr[id]").evaluate_all("rows => rows.map(row => row.id)")
    assert any(name.startswith("source-") for name in names)
    assert any(not name.startswith("source-") for name in names)
    for name in names:
        row = page.locator(f"tr[id='{name}']")
        page.goto("/sources")
        assert not row.is_visible()
        page.goto(f"/sources#{name}")
        assert row.is_visible(), name
        assert row.evaluate("row => row.getBoundingClientRect().top < innerHeight"), name
    page.goto("/sources")
    page.emulate_media(media="print")
    assert all(page.locator(f"tr[id='{name}']").is_visible() for name in names)
    page.emulate_media(media="screen")
    page.locator("details.topic").evaluate_all("folds => folds.forEach(fold => fold.open = true)")
    assert not page.evaluate(TOO_WIDE)
    assert faults(page) == []
