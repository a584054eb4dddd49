"""A manager of fourteen sites finds the one that needs them, from the page after signing in: the clicks are counted and printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select, update

from course.clock import now
from course.organisation.models import Organisation
from course.people.models import Team
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.journeys.conftest import Site, faults, sign_in
from tests.makers import make_person, make_team
from tests.refreshers.makers import complete
from tests.support.serving import served

SITES = (
    "Alder",
    "Beech",
    "Cedar",
    "Damson",
    "Elder",
    "Fir",
    "Gorse",
    "Hazel",
    "Ivy",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
)
WORST, SECOND = "Juniper", "Beech"
PAST = now() - timedelta(days=400)


@pytest.fixture
def trust(tmp_path: Path, archived_file: Path) -> Iterator[Site]:
    """A trust of fourteen schools with three people each: in one nobody holds a certificate, in another one only some do."""
    app = make_app(f"sqlite:///{shutil.copy(archived_file, tmp_path / 'course.db')}")
    library = app.extensions["course"].library.for_("school", "england")
    with app.app_context(), unit_of_work() as session:
        top = make_team(session, "Trust")
        make_person(session, "Priya Nair", "priya@example.org", "manager", top, at=PAST)
        session.execute(update(Organisation).values(set_up_at=PAST))
        for name in SITES:
            site = make_team(session, name, top)
            for number in range(3):
                email = f"{name}{number}@example.org".lower()
                person = make_person(session, f"{name} {number}", email, team=site, password=None, at=PAST)
                if name != WORST and (name, number) != (SECOND, 0):
                    complete(session, library, person, now() - timedelta(days=40))
    with served(app, threads=4) as address:
        yield Site(app, address)


class Clicks:
    """Clicks that are counted, with what was clicked."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def on(self, place: Locator) -> None:
        self.words.append(place.inner_text())
        place.click()


def labels(page: Page) -> list[str]:
    return page.locator(".by-team tbody th").all_inner_texts()


def test_the_worst_of_fourteen_teams_is_found_in_two_clicks(browser: Browser, trust: Site) -> None:
    with browser.new_context(
        base_url=trust.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    ) as context:
        page, clicks = context.new_page(), Clicks()
        sign_in(page, "priya@example.org")
        clicks.on(page.get_by_role("navigation").get_by_role("link", name="Report", exact=True).first)
        page.locator(".by-team").wait_for()
        assert len(labels(page)) == len(SITES) + 2
        assert labels(page)[:2] == [WORST, SECOND]
        assert labels(page)[-2:] == ["Directly in Trust", "All together"], "the manager belongs to no site"
        for width in (1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            table = page.locator(".by-team").bounding_box()
            assert table is not None
            assert table["width"] > 0.9 * width
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert faults(page) == []
        clicks.on(page.locator(".by-team tbody th a").first)
        page.get_by_role("heading", level=1, name="0 of 3 people hold a valid certificate").wait_for()
        print(f"\n{len(clicks.words)} clicks to the worst of {len(SITES)} teams: {', '.join(clicks.words)}")
        assert (len(clicks.words), clicks.words[-1]) == (2, WORST)
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto("/report/teams")
        assert page.evaluate("() => document.documentElement.scrollWidth") == 320
        assert faults(page) == []


def test_no_column_of_a_list_is_cut_on_paper(browser: Browser, trust: Site) -> None:
    long = "Bartholomew Featherstonehaugh"
    with trust.app.app_context(), unit_of_work() as session:
        team = session.execute(select(Team).where(Team.name == WORST)).scalar_one()
        make_person(session, long, f"{long.replace(' ', '.').lower()}@example.org", team=team, password=None, at=PAST)
    # As wide as a sheet of A4 between its margins, at the size in which it is printed.
    with browser.new_context(base_url=trust.address, viewport={"width": 720, "height": 1000}) as context:
        page = context.new_page()
        sign_in(page, "priya@example.org")
        page.emulate_media(media="print", reduced_motion="reduce")
        for address in ("/report", "/people"):
            page.goto(address)
            table = page.locator(".scroll > table").last
            assert table.locator("tbody tr").count() > len(SITES)
            assert table.evaluate("one => one.getBoundingClientRect().right <= innerWidth"), address
