"""What one module costs on a phone: presses, page loads, screens of text, bytes, and how soon the page answers.

The processor is slowed down to a quarter, as a cheap phone has it. The figures are printed: pytest -s -k budget.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Browser, CDPSession, Page

import course
from course.content.schema import Question
from course.learning.rules.drawing import QuestionHistory, draw_for_check
from course.web.static_files import STYLE_PARTS, joined_style_sheet
from tests.journeys.conftest import Site, sign_in
from tests.journeys.walker import Walker
from tests.walking import right_form

WIDTH, HEIGHT = 390, 844
SLOWER = 4
MAX_LOADS = 15
# A module is what lies between "Start" and its end: the press that begins the next one belongs to that one. Presses depend on
# the questions that are drawn (a line is sorted by one press each), so those of the check are replaced by their median.
MAX_TAPS, MAX_SCREENS = 45, 45
DRAWS = 400
MAX_FIRST_VIEW = 40 * 1024  # bytes as sent, without fonts
MAX_SHIFT = 0.05
# Kept over page loads in the window's own storage: the largest paint, the shifts, and the slowest answers to a press.
OBSERVE = """
if (self === top) {
    const kept = () => JSON.parse(sessionStorage.getItem("measured") ?? '{"lcp": [], "cls": [], "inp": {}}');
    const keep = (change) => { const all = kept(); change(all); sessionStorage.setItem("measured", JSON.stringify(all)); };
    const page = Math.random();
    keep((all) => { all.lcp.push(0); all.cls.push([location.pathname, 0]); });
    const see = (type, change, more = {}) => new PerformanceObserver((list) => keep((all) => list.getEntries().forEach(
        (entry) => change(all, entry)))).observe({ type, buffered: true, ...more });
    see("largest-contentful-paint", (all, entry) => { all.lcp[all.lcp.length - 1] = entry.startTime; });
    see("layout-shift", (all, entry) => {
        if (entry.hadRecentInput) return;
        const shifts = all.cls[all.cls.length - 1];
        shifts[1] += entry.value;
        const moved = entry.sources.map((source) => `${source.node?.nodeName} ${source.node?.className}`);
        shifts.push({ on: location.pathname, after: Math.round(entry.startTime), by: entry.value, moved });
    });
    see("event", (all, entry) => {
        if (!entry.interactionId) return;
        const id = `${page} ${entry.interactionId}`;
        all.inp[id] = Math.max(all.inp[id] ?? 0, entry.duration);
    }, { durationThreshold: 16 });
}
"""


# Where what is to be read ends, in pixels from the top of the page: with the choices, with the button to go on (which
# sticks to the screen, so that the end of its part counts), or with the text. The foot of every page is not read again.
TEXT_ENDS = """() => {
    const main = document.getElementById("main");
    const seen = (which) => [...main.querySelectorAll(which)].filter((one) => one.checkVisibility()).at(-1);
    const end = seen("#decide, #question") ?? seen(".onward")?.parentElement ?? seen(".carry, .button.turn") ?? main;
    return end.getBoundingClientRect().bottom + scrollY;
}"""


class CountingWalker(Walker):
    """Counts what it presses, and measures each page that it comes to."""

    def __init__(self, site: Site, page: Page, person: int) -> None:
        super().__init__(site, page, person, visit=self.measure)
        self.taps, self.loads, self.screens, self.pages, self.check_taps = 0, 0, 0.0, 0, 0
        page.on("request", self._count_load)

    def _count_load(self, request: object) -> None:
        if request.is_navigation_request() and not request.redirected_from:  # type: ignore[attr-defined]
            self.loads += 1

    def press(self, target: object) -> None:
        self.taps += 1
        super().press(target)  # type: ignore[arg-type]

    def answer(self, attempt_id: int, position: int) -> None:
        before, is_check = self.taps, self.page.locator("#question[data-timeline]").count() == 0
        super().answer(attempt_id, position)
        self.check_taps += (self.taps - before) * is_check

    def to_the_end_of_the_module(self) -> None:
        self._until(r"/done(\?|$)", 150)

    def usual_check_taps(self) -> float:
        """The median of the presses that answer the check of the first module, over many draws of its questions."""
        module = next(iter(self.library.modules.values()))
        history = QuestionHistory({})
        drawn = [
            draw_for_check(self.library, module, module.points, history, reserve=True, seed=seed)
            for seed in range(DRAWS)
        ]
        return median(sum(_presses(self.library.answerable[one.question_id]) for one in draw) for draw in drawn)

    def put_in_order(self, form: dict[str, list[str]]) -> None:
        """A line is dragged to its place by one press, however many presses its arrows would take."""
        before = self.taps
        super().put_in_order(form)
        self.taps = min(self.taps, before + len(form) - 1)

    def measure(self, page: Page) -> None:
        self.pages += 1
        screens = page.evaluate(TEXT_ENDS) / HEIGHT
        self.screens += screens
        print(f"{self.taps:>4} presses before {page.url.split('/', 3)[3]:<60}{screens:>5.1f} screens")


def _presses(question: Question) -> int:
    """The presses that answer a question rightly, the one that says how sure somebody is among them."""
    form = right_form(question, tuple(range(len(question.options))))
    return len(form) if question.form == "order" else sum(len(values) for values in form.values()) + 1


def first_view(browser: Browser, site: Site, email: str) -> tuple[int, int, int]:
    """Bytes without fonts, bytes of fonts, and requests of "My training" in a browser that has seen nothing before."""
    known = browser.new_context(base_url=site.address)
    page = known.new_page()
    sign_in(page, email)
    state = known.storage_state()
    known.close()
    fresh = browser.new_context(base_url=site.address, storage_state=state, service_workers="block")
    page = fresh.new_page()
    cdp = fresh.new_cdp_session(page)
    sizes, fonts = _count_bytes(cdp)
    page.goto("/", wait_until="networkidle")
    fresh.close()
    return (
        sum(sizes.values()) - sum(sizes.get(one, 0) for one in fonts),
        sum(sizes.get(one, 0) for one in fonts),
        len(sizes),
    )


def _count_bytes(cdp: CDPSession) -> tuple[dict[str, int], set[str]]:
    sizes: dict[str, int] = {}
    fonts: set[str] = set()

    def responded(event: dict[str, object]) -> None:
        if event["type"] == "Font":
            fonts.add(str(event["requestId"]))

    cdp.on("Network.responseReceived", responded)
    cdp.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])}))
    cdp.send("Network.enable")
    return sizes, fonts


@pytest.mark.timeout(400)
@pytest.mark.long(30)
def test_a_module_without_a_mistake_stays_within_its_budget_on_a_phone(site: Site, browser: Browser) -> None:
    person = site.person("budget@example.org")
    size, font_size, requests = first_view(browser, site, "budget@example.org")
    context = browser.new_context(
        base_url=site.address, viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_in(page, "budget@example.org")
    page.add_init_script(OBSERVE)
    cdp = context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    walker = CountingWalker(site, page, person)
    walker.to_the_end_of_the_module()
    taps = walker.taps - walker.check_taps + walker.usual_check_taps()
    print(f"{walker.taps} presses, {walker.check_taps} of them in the check.")
    measured = json.loads(page.evaluate("sessionStorage.getItem('measured')"))
    answers = sorted(measured["inp"].values())
    shift = max(measured["cls"], key=lambda page: page[1])
    slowest = answers[round(0.98 * (len(answers) - 1))] if answers else 0
    context.close()
    rows = (
        ("presses", taps, MAX_TAPS),
        ("page loads", walker.loads, MAX_LOADS),
        ("screens of 844 px", round(walker.screens, 1), MAX_SCREENS),
        ("pages shown", walker.pages, ""),
        ("first view without fonts, bytes", size, MAX_FIRST_VIEW),
        ("fonts, bytes", font_size, ""),
        ("requests of the first view", requests, ""),
        ("largest paint, ms (worst)", round(max(measured["lcp"])), ""),
        ("layout shift (worst page load)", round(shift[1], 3), MAX_SHIFT),
        ("answer to a press, ms (98 of 100)", slowest, ""),
    )
    print("\n" + "\n".join(f"{name:<36}{value!s:>10}{limit!s:>10}" for name, value, limit in rows))
    print(f"The page load that moved most began at {shift[0]}: {shift[2:]}")
    over = [
        f"{name}: {value}, at most {limit}"
        for name, value, limit in rows
        if limit != "" and float(value) > float(limit)
    ]
    assert not over, "; ".join(over)


RULES = """(text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return [...sheet.cssRules].map((rule) => rule.cssText);
}"""


def test_the_style_sheet_that_is_served_says_what_its_parts_say(browser: Browser) -> None:
    folder = Path(course.__file__).parent / "static"
    parts = "\n".join(part.read_text(encoding="utf-8") for part in sorted(folder.glob(STYLE_PARTS)))
    page = browser.new_page()
    written, served = (page.evaluate(RULES, text) for text in (parts, joined_style_sheet(folder)))
    page.close()
    assert len(written) > 20
    # A value with a variable in it is kept as it was written, and so are the spaces in it.
    assert [re.sub(r",\s+", ",", rule) for rule in served] == [re.sub(r",\s+", ",", rule) for rule in written]
