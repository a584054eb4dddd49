"""How long each lesson page is on a phone: `python -m tests.journeys.page_lengths [module[/page] …]`.

For each page the pixels from the top of <main> to the bottom of its "Next" at 390×844, before anything is opened, and the words
that it shows then. `--pictures FOLDER` also takes a picture of each page at 390 and at 1280 px, in light and dark.
The content is that of `modules/`, or of the folder in the variable CONTENT.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from course.content.library import ContentError, Library, load_library
from course.content.page_checks import page_words
from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app, migrate
from tests.journeys.conftest import sign_in
from tests.makers import make_person
from tests.support.chromium import LAUNCH_ARGS, find_or_install
from tests.support.serving import served

PHONE = (390, 844)
SCREENS = 3
MOST_PIXELS = SCREENS * PHONE[1]
_HEIGHT = """() => {
  const main = document.querySelector("main"), next = document.querySelector("button[name=then]");
  return Math.round(next.getBoundingClientRect().bottom - main.getBoundingClientRect().top);
}"""


@dataclass(frozen=True)
class PageLength:
    """A page as module/page, its pixels on a phone and its words before anything is opened."""

    ref: str
    pixels: int
    words: int


def page_lengths(page: Page, library: Library, wanted: tuple[str, ...] = ()) -> Iterator[PageLength]:
    """The length of each page of the library, or of those that `wanted` names by module or module/page, for the reader who is
    signed in."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for module in library.modules.values():
        for one in module.pages.values():
            ref = f"{module.id}/{one.id}"
            if wanted and not {module.id, ref} & set(wanted):
                continue
            page.goto(f"/module/{ref}")
            page.evaluate("() => document.fonts.ready")
            yield PageLength(ref, int(page.evaluate(_HEIGHT)), page_words(one))


def _take_pictures(page: Page, folder: Path, ref: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in (PHONE, (1280, 900)):
            page.set_viewport_size({"width": width, "height": height})
            name = f"{ref.replace('/', '-')}-{width}-{scheme}.png"
            page.screenshot(path=str(folder / name), full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})


def main(arguments: list[str]) -> int:
    """Print the lengths; the exit status is 1 if a page is too long or the content has mistakes."""
    folder = Path(arguments.pop(arguments.index("--pictures") + 1)) if "--pictures" in arguments else None
    wanted = tuple(argument for argument in arguments if argument != "--pictures")
    settings: dict[str, Any] = {"CONTENT": os.environ["CONTENT"]} if "CONTENT" in os.environ else {}
    try:
        load_library(Path(settings.get("CONTENT", "modules")))
    except ContentError as error:
        print(error.message, file=sys.stderr)
        return 1
    too_long = 0
    with tempfile.TemporaryDirectory() as temporary:
        url = f"sqlite:///{temporary}/course.db"
        migrate(url, with_content=False)
        app = make_app(url, **settings)
        with app.app_context(), unit_of_work() as session:
            make_person(session, email="reader@example.org")
        library = app.extensions["course"].library.for_("school", "england")
        with sync_playwright() as driver, served(app) as address:
            browser = driver.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)
            page = browser.new_page(base_url=address)
            sign_in(page, "reader@example.org")
            for length in page_lengths(page, library, wanted):
                mark = " too long" if length.pixels > MOST_PIXELS else ""
                too_long += bool(mark)
                print(f"{length.ref:<56}{length.pixels:>6} px{length.words:>5} words{mark}", flush=True)
                if folder:
                    _take_pictures(page, folder, length.ref)
            browser.close()
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
