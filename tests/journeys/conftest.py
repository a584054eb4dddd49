"""A real server and a real browser for the journeys."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from course.web.unit_of_work import unit_of_work
from tests.conftest import make_app
from tests.makers import PASSWORD, make_person
from tests.support.chromium import LAUNCH_ARGS, find_or_install
from tests.support.serving import served

Scheme = Literal["light", "dark"]
# In the second scheme nothing differs but colours.
SCHEMES: tuple[tuple[Scheme, dict[str, list[str]]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
)
AXE = files("axe_playwright_python") / "axe.min.js"
# The looks of all elements of a page, as numbers: of an element and of all around it the name, the classes, the computed
# styles that make up its colours or tell a link from its text, and whether axe would look at it at all (with text, shown, not
# switched off).
LOOKS = """() => {
    const styles = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "textShadow", "filter",
        "mixBlendMode", "position", "zIndex", "clip", "clipPath", "overflow", "webkitTextStroke", "textIndent", "fontWeight",
        "fontStyle", "fontFamily", "textDecoration", "borderTop", "borderBottom", "outline"];
    const numbers = new Map(), hashed = new Map();
    // Many elements say the same of themselves, and going through their letters takes longest.
    const hash = (text) => {
        if (hashed.has(text)) return hashed.get(text);
        let high = 7, low = 11;
        for (let at = 0; at < text.length; at++) {
            high = Math.imul(high ^ text.charCodeAt(at), 2654435761);
            low = Math.imul(low ^ text.charCodeAt(at), 1597334677);
        }
        hashed.set(text, (high >>> 0) * 2097152 + (low >>> 11));
        return hashed.get(text);
    };
    // Whether a link stands in a line of text, from which it then has to differ.
    const inText = (link) => {
        let block = link.parentElement;
        while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
        return block.textContent.trim() !== link.textContent.trim();
    };
    const own = (element) => {
        const style = getComputedStyle(element);
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        const box = element.getBoundingClientRect();
        const pseudo = ["::before", "::after"].map((which) => getComputedStyle(element, which))
            .map((one) => one.content === "none" ? "" : one.backgroundColor + one.backgroundImage + one.position);
        return [element.localName, element.className.baseVal ?? element.className, text,
            Boolean(element.value || element.placeholder), element.checkVisibility({ visibilityProperty: true }),
            box.width > 0 && box.height > 0, element.matches(":disabled"), Boolean(element.control?.disabled),
            element.getAttribute("aria-disabled"), element.getAttribute("role"), element.localName === "a" && inText(element),
            ...styles.map((name) => style[name]), ...pseudo].join();
    };
    for (const element of document.querySelectorAll("*"))
        numbers.set(element, hash(`${numbers.get(element.parentElement)} ${hash(own(element))}`));
    window.looks = numbers;
    return [...new Set(numbers.values())];
}"""
# Runs axe, colours on one element of each new look; gives what it found, and the looks of which it is sure.
AXE_ON_NEW = """async ([looks, options]) => {
    const wanted = new Set(looks), marked = new Map();
    for (const [element, look] of window.looks)
        if (wanted.delete(look)) {
            element.setAttribute("data-new-look", "");
            marked.set(element, look);
        }
    axe.configure({ rules: [
        { id: "color-contrast", selector: "[data-new-look]" },
        { id: "link-in-text-block", selector: "a[href][data-new-look]" },
    ] });
    const { violations, incomplete } = await axe.run(document, { elementRef: true, ...options });
    for (const element of marked.keys()) element.removeAttribute("data-new-look");
    const unsure = [...violations, ...incomplete].filter((one) => ["color-contrast", "link-in-text-block"].includes(one.id));
    for (const { element } of unsure.flatMap((one) => one.nodes)) marked.delete(element);
    return [violations.map(({ id, help, nodes }) => ({ id, help, targets: nodes.slice(0, 3).map((node) => node.target[0]) })),
        [...marked.values()]];
}"""
READABLE: set[int] = set()


@dataclass
class Site:
    """The course, served on loopback."""

    app: Flask
    address: str

    def person(self, email: str, role: str = "learner") -> int:
        """A person who can sign in with the tests' password; returns their id."""
        with self.app.app_context(), unit_of_work() as session:
            return make_person(session, email=email, role=role).id


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, archived_file: Path) -> Iterator[Site]:
    file = shutil.copy(archived_file, tmp_path_factory.mktemp("site") / "course.db")
    app = make_app(f"sqlite:///{file}")
    with served(app, threads=8) as address:
        yield Site(app, address)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of a test process: a second one could not be started beside it."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=find_or_install(), args=LAUNCH_ARGS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    # As for somebody who wants no motion: drawing one page fading into the next takes a third of a walk's time. With motion a
    # module is walked by mouse, and answers are sent twice, in test_learner.py.
    context = browser.new_context(
        base_url=site.address, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A window in which any error of a script or of the security policy fails the test."""
    page = context.new_page()
    page.on("pageerror", lambda error: fail_on_script_error(page, str(error)))
    page.on("console", lambda message: _complain(page, message.type, message.text))
    return page


def fail_on_script_error(page: Page, error: str) -> None:
    """For a page's "pageerror"."""
    # Chromium reports a page change that it draws without a transition as an error of the page, of which no script is part.
    if "ViewTransition" not in error:
        pytest.fail(f"script error on {page.url}: {error}")


def _complain(page: Page, kind: str, text: str) -> None:
    # A form sent back with mistakes is a 422, which Chromium writes to its console as an error too.
    if kind == "error" and not re.search(r"status of 4\d\d", text):
        pytest.fail(f"{page.url}: {text}")


def sign_in(page: Page, email: str) -> None:
    """Through the form, as a person would."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name=re.compile("Welcome|needs? you")).wait_for()


def faults(page: Page) -> list[str]:
    """What axe finds wrong, in light and in dark, by WCAG 2.2 AA and best practice.

    Every rule looks at the whole page each time, but for the two about colours, which take most of the time: what looks the
    same in every part that they depend on, and was found to be readable in this process, they are not asked about again.
    """
    found = []
    still = page.evaluate("() => matchMedia('(prefers-reduced-motion: reduce)').matches")
    for scheme, rules in SCHEMES:
        # Without motion, so that no colour is halfway between the schemes.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        new = sorted(set(page.evaluate(LOOKS)) - READABLE)
        if rules and not new:
            continue  # nothing else differs in that scheme
        if not page.evaluate("() => Boolean(window.axe)"):
            # Through the debugger, so that the page's security policy stays as strict as it is.
            page.evaluate(AXE.read_text(encoding="utf-8"))
        # Style sheets are not read once more: only a rule that is off needs them.
        options = {"resultTypes": ["violations", "incomplete"], "preload": {"assets": ["media"]}, **rules}
        violations, readable = page.evaluate(AXE_ON_NEW, [new, options])
        READABLE.update(readable)
        for violation in violations:
            targets = "; ".join(str(target) for target in violation["targets"])
            found.append(f"{scheme} {page.url}: {violation['id']}: {violation['help']} ({targets})")
    page.emulate_media(color_scheme="null", reduced_motion="reduce" if still else "null")
    return found
