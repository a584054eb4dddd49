"""How long each debrief is on a phone: `python -m tests.journeys.debrief_lengths [--pictures FOLDER] [story …]`.

For each story the pixels of <main> at 390×844 on the worst, the poor, the fair and the best road, repaired where it has to be.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy.orm import Session

from course.content.library import Library
from course.learning.models import Decision, RunOutcome, ScenarioRun
from course.learning.queries import enrolment_id
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app, migrate
from tests.journeys.conftest import sign_in
from tests.journeys.page_lengths import MOST_PIXELS, PHONE
from tests.learning.roads import ROADS, road_decisions
from tests.makers import make_person
from tests.support.chromium import LAUNCH_ARGS, find_or_install
from tests.support.serving import served


@dataclass(frozen=True)
class DebriefLength:
    """The length of a debrief in pixels and how many turns it names, for a story (module/story) and a road."""

    ref: str
    road: str
    run: int
    pixels: int
    turns: int


def write_runs(
    session: Session, library: Library, person: int, stories: tuple[str, ...] = ()
) -> list[tuple[str, str, int]]:
    """Write a finished run for each story and road. Returns module/story, road and id of each."""
    at, written = datetime(2026, 11, 29, 9, tzinfo=UTC), []
    enrolment = enrolment_id(session, person)
    for module in library.modules.values():
        for scenario in module.scenarios.values():
            for number, (road, grades) in enumerate(ROADS.items(), 1):
                if stories and scenario.id not in stories:
                    continue
                ref = f"{module.id}/{scenario.id}"
                run = ScenarioRun(
                    enrolment_id=enrolment, ref=ref, version=scenario.version, number=number, opened_at=at
                )
                session.add(run)
                session.flush()
                for step, (scene, choice) in enumerate(road_decisions(scenario, grades), 1):
                    session.add(Decision(run_id=run.id, step=step, scene_id=scene, choice_id=choice, decided_at=at))
                session.add(RunOutcome(run_id=run.id, ending="end", outcome="mixed", finished_at=at))
                written.append((ref, road, run.id))
    return written


def debrief_lengths(page: Page, runs: list[tuple[str, str, int]]) -> Iterator[DebriefLength]:
    """The length of the debrief of each of these runs, for the reader who is signed in."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for ref, road, run in runs:
        page.goto(f"/run/{run}/debrief")
        page.evaluate("() => document.fonts.ready")
        pixels = page.evaluate("Math.round(document.querySelector('main').getBoundingClientRect().height)")
        turns = page.locator(".way > li").filter(has_text="Turn at decision").count()
        yield DebriefLength(ref, road, run, int(pixels), turns)


def main(arguments: list[str]) -> int:
    """Print the lengths; the exit status is 1 if a debrief is too long."""
    folder = Path(arguments.pop(arguments.index("--pictures") + 1)) if "--pictures" in arguments else None
    stories = tuple(argument for argument in arguments if argument != "--pictures")
    too_long = 0
    with tempfile.TemporaryDirectory() as temporary:
        url = f"sqlite:///{temporary}/course.db"
        migrate(url, with_content=False)
        app = make_app(url)
        with app.app_context(), unit_of_work() as session:
            person = make_person(session, email="reader@example.org")
            runs = write_runs(session, app.extensions["course"].library, person.id, stories)
        with sync_playwright() as driver, served(app) as address:
            browser = driver.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)
            page = browser.new_page(base_url=address)
            sign_in(page, "reader@example.org")
            for one in debrief_lengths(page, runs):
                mark = " too long" if one.pixels > MOST_PIXELS else ""
                too_long += bool(mark)
                print(f"{one.ref:<50}{one.road:<7}{one.pixels:>6} px{mark}", flush=True)
                if folder:
                    for scheme in ("light", "dark"):
                        page.emulate_media(color_scheme=scheme)
                        for width, height in ((1280, 900), PHONE):
                            page.set_viewport_size({"width": width, "height": height})
                            name = f"{one.ref.rpartition('/')[2]}-{one.road}-{width}-{scheme}.png"
                            page.screenshot(path=str(folder / name), full_page=True)
                    page.emulate_media(color_scheme="light")
            browser.close()
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
