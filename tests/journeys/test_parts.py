"""An answer that is put together from parts, in a browser: it is shown as it grows, and reads at every width."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from course.content.actions import archive
from course.content.library import load_library
from course.learning import queries
from course.web.unit_of_work import unit_of_work
from tests.conftest import NOW, make_app
from tests.journeys.conftest import Site, faults, sign_in
from tests.journeys.test_learner import TOO_WIDE, WIDTHS
from tests.journeys.walker import Walker
from tests.support.serving import served

SAMPLE = Path(__file__).resolve().parents[1] / "sample_modules"


@pytest.fixture
def sample_site(tmp_path: Path, archived_file: Path) -> Iterator[Site]:
    """The sample course, served on loopback."""
    app = make_app(f"sqlite:///{shutil.copy(archived_file, tmp_path / 'course.db')}")
    library = load_library(SAMPLE)
    app.extensions["course"] = replace(app.extensions["course"], library=library)
    with app.app_context(), unit_of_work() as session:
        archive(session, library, NOW)
    with served(app) as address:
        yield Site(app, address)


def _question_address(site: Site, page: Page, person: int, question_id: str) -> str:
    """Begin the check and return the address of one of its questions."""
    page.goto("/module/kites/check")
    with page.expect_navigation():
        page.locator("main .button.turn").last.click()
    attempt_id = int(page.url.split("/attempt/")[1].split("/")[0])
    with site.app.app_context(), unit_of_work() as session:
        attempt = queries.attempt(session, person, attempt_id)
    assert attempt is not None
    return next(f"/attempt/{attempt_id}/{one.position}" for one in attempt.items if one.question_id == question_id)


def _inspect(page: Page) -> None:
    assert faults(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not page.evaluate(TOO_WIDE), f"{page.url} is wider than {width} px"


@pytest.mark.parametrize(
    ("question_id", "heading", "lines", "said"),
    [
        ("first-words-to-ana", "You say:", ("“Thank you for telling me.”", "“Was it the oak?”"),
         "Thank you for telling me. Was it the oak?"),
        ("the-note-on-the-gust", "Your note so far:", ("3pm", "“It is off!”", "I did the right thing."),
         "When 3pm What she said “It is off!” What you did I did the right thing."),
    ],
)  # fmt: skip
def test_what_is_chosen_is_put_together_as_it_is_chosen(
    sample_site: Site, browser: Browser, question_id: str, heading: str, lines: tuple[str, ...], said: str
) -> None:
    person = sample_site.person("parts@example.org")
    context = browser.new_context(base_url=sample_site.address)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    # A page change that is drawn without a transition is no error of a script (see conftest).
    page.on("pageerror", lambda error: problems.append(str(error)) if "ViewTransition" not in str(error) else None)
    sign_in(page, "parts@example.org")
    address = _question_address(sample_site, page, person, question_id)
    page.goto(address)
    shown = page.locator("[data-assembled]")
    assert heading in shown.inner_text()
    walker = Walker(sample_site, page, person, keyboard=True)
    for line in lines:
        assert line.strip("“”") not in shown.inner_text()
        walker.press(page.get_by_role("radio", name=line))
        assert line.strip("“”") in shown.inner_text()
    assert " ".join(shown.inner_text().split()) == f"{heading} {said}"
    _inspect(page)
    walker.follow(page.locator("#sureness-fairly"))
    assert page.get_by_role("heading", level=1, name="Partly right").is_visible()
    _inspect(page)
    assert problems == []
    context.close()
