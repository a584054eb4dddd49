"""Somebody who takes a SCORM package in a browser, by mouse or by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from playwright.sync_api import Browser, Frame, Locator, Page, expect

from course.scorm.rules.manifest import Version
from tests.journeys.conftest import faults
from tests.journeys.walker import tab_to
from tests.scorm.conftest import Package

MODULE = "new-partners"
FILL = """(fields) => {
    for (const [name, value] of fields) {
        const input = document.querySelector(`[name='${name}'][value='${value}']`);
        if (input) input.checked = true; else document.getElementById(name).value = value;
    }
}"""
# The end of the course: everything is done, and of the final assessment all but the last two questions are answered rightly, the
# first of these on a safety-critical point. One note is written.
NEAR_THE_END = """async () => {
    const load = (name) => import(new URL(`js/${name}.js`, location));
    const [{ FINAL, fullest, pack }, { finalModule }, { draw }] = await Promise.all(["state", "final", "rules"].map(load));
    const get = async (name) => (await fetch(name)).json();
    const course = await get("course.json"), module = finalModule(course);
    const data = await Promise.all(course.modules.map((one) => get(`modules/${one.id}.json`)));
    const questions = Object.assign({}, ...data.map((one) => one.questions));
    const right = ({ form, options, groups }) => {
        const all = options.map((_, index) => index), good = all.filter((index) => options[index].c);
        if (form === "order") return all;
        if (form === "sort") return options.map((one) => one.g);
        if (form === "one") return good.slice(0, 1);
        return form === "all" ? good : groups.map((_, part) => good.find((index) => options[index].g === part));
    };
    const state = { ...fullest(course), right: new Set(), checks: {}, asked: {}, notes: {} };
    for (const one of course.modules) for (const point of one.points) state.right.add(`${one.id}/${point}`);
    state.tries = Object.fromEntries(course.modules.map((one) => [one.id, 1]));
    const items = draw(course.final, module.questions, { asked: () => 0, final: true });
    const [critical] = items.splice(items.findIndex((one) => course.critical.includes(one.point)), 1);
    items.splice(items.length - 1, 0, critical);
    state.checks[FINAL] = items.map((one, place) => (place < items.length - 2
        ? { ...one, given: right(questions[one.question]), sure: "sure" } : { ...one, given: null, sure: null }));
    const pages = course.modules.flatMap((one) => one.steps.map((step) => ({ ref: `${one.id}/${step.id}`, notes: step.notes })));
    const { ref, notes } = pages.find((one) => one.notes);
    state.notes[`${ref}/${notes[0]}`] = "Ask about “nights”!";
    return [pack(course, state), ref, notes[0]];
}"""
NAMES: dict[Version, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "1.2": ("lesson_location", lambda cmi: cmi["core"]["lesson_status"]),
    "2004": ("location", lambda cmi: f"{cmi['completion_status']} {cmi['success_status']}"),
}
STATUS: dict[Version, dict[str, str]] = {
    "1.2": {"begun": "incomplete", "failed": "failed", "passed": "passed"},
    "2004": {"begun": "incomplete unknown", "failed": "completed failed", "passed": "completed passed"},
}


class Learner:
    """Somebody who takes the module in one version."""

    def __init__(
        self, browser: Browser, address: str, version: Version, package: Package, module: str = MODULE, place: str = ""
    ) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1100, "height": 900})
        self.page.set_default_timeout(8000)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("request", lambda one: None if one.url.startswith(address) else self.foreign.append(one.url))
        self.address, self.version = f"{address}/{place or version}.html", version
        self.data = package.json(f"modules/{module}.json")
        self.steps = package.json("course.json")["modules"][0]["steps"]

    def open(self, kept: dict[str, Any] | None = None) -> None:
        """Begin a session, with what the platform kept of the last one."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}#{json.dumps([self.version, kept])}")
        self.sco.locator("h1").first.wait_for()

    @property
    def sco(self) -> Frame:
        handle = self.page.locator("#sco").element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def leave(self) -> dict[str, Any]:
        """Close the package as a platform does, and say what it was told."""
        self.sco.goto("about:blank")
        return self.told

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("told()")
        return found

    @property
    def status(self) -> str:
        return str(NAMES[self.version][1](self.told))

    @property
    def score(self) -> tuple[str, str, str]:
        score = self.told["core"]["score"] if self.version == "1.2" else self.told["score"]
        return score["min"], score["max"], score["raw"]

    def go(self, step: str) -> None:
        self.sco.evaluate(f"location.hash = '#/{MODULE}/{step}'")
        self.sco.locator(".strip, .bar").first.wait_for()

    def press(self, which: str) -> None:
        self.sco.locator(which).first.click()

    def read(self, step: str) -> None:
        self.go(step)
        self.sco.locator("[data-page-question] button[name=answer]").first.click()
        expect(self.sco.locator(".ask-you.answered")).to_be_focused()
        self.press("[data-done]")

    def mark(self, step: str) -> None:
        self.go(step)
        self.press("#send")
        expect(self.sco.locator(".wrong-answer")).to_be_focused()
        self.press("label[for=answer-1]")
        self.press("#send")
        self.sco.locator(".moment .told").first.wait_for()

    def decide(self, step: str, most: int = 60, taken: int = 0) -> None:
        """Take recommended decisions of the story that is open, after those that were `taken`: at most so many in all."""
        story = self.data["stories"][step]
        scene = story["scenes"][story["start"]]
        for number in range(most):
            place = next(n for n, one in enumerate(scene["choices"]) if one["quality"] == "best")
            if number >= taken:
                self.press(f"#decide button[value='{place}']")
            scene = story["scenes"][scene["choices"][place]["to"]]
            if "endings" in scene:
                break

    def check(self, right: bool, most: int = 60) -> None:
        """Answer the questions of the check that is open, at most so many."""
        self.press("[data-go=begin]")
        for _ in range(most):
            question = self.answer(self.data["questions"].values(), right)
            expect(self.sco.locator(".verdict h1")).to_be_focused()
            assert (self.sco.locator(".verdict h1").inner_text() == "Right") == right, question["id"]
            words = self.sco.locator("[data-go=next]").inner_text()
            self.press("[data-go=next]")
            if words == "See how it went":
                break

    def answer(self, questions: Iterable[dict[str, Any]], right: bool) -> dict[str, Any]:
        """Answer the question that is asked, which is one of these."""
        asked = self.sco.locator("#question .stem").first.inner_html()
        question = next(one for one in questions if one["stem"] == asked)
        self.sco.evaluate(FILL, fields(question, right))
        self.press("#sureness-fairly")
        return question


def asked_in(data: dict[str, Any], stem: Locator) -> dict[str, Any]:
    """The question of a module whose stem is shown."""
    shown = stem.first.inner_html()
    return next(one for one in data["questions"].values() if one["stem"] == shown)


def fields(question: dict[str, Any], right: bool) -> list[list[str]]:
    """The fields of a question's form for an answer that is right, or wrong."""
    order, options, form = question["order"], question["options"], question["form"]
    place = {index: str(number) for number, index in enumerate(order, 1)}
    if form == "sort":
        count = len(question["groups"])
        return [[f"group-{place[n]}", str((one["g"] + (not right)) % count + 1)] for n, one in enumerate(options)]
    if form == "order":
        return [[f"place-{place[n]}", str(n + 1 if right else len(options) - n)] for n in range(len(options))]
    if form in ("first-words", "record"):
        chosen = [
            next(n for n, one in enumerate(options) if one["g"] == part and one["c"] == right)
            for part in range(len(question["groups"]))
        ]
        return [[f"part-{part}", place[n]] for part, n in enumerate(chosen, 1)]
    wanted = [n for n, one in enumerate(options) if one["c"] == right]
    return [["answer", place[n]] for n in (wanted[:1] if form == "one" else wanted)]


class Keys:
    """Somebody with a keyboard and a window of 320 pixels, which the platform opened for the package. Each page that they
    come to is looked at: axe, in light and dark, and its width."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        page.set_viewport_size({"width": 320, "height": 640})
        page.on("pageerror", lambda error: self.found.append(str(error)))

    def look(self, heading: str | None = None) -> None:
        """Look at the page that is shown; `heading` is what its focus is on."""
        if heading is not None:
            expect(self.page.locator(heading)).to_be_focused()
        self.found += faults(self.page)
        if self.page.evaluate("() => document.documentElement.scrollWidth") > 320:
            self.found.append(f"{self.page.url}: wider than 320 pixels")

    def press(self, which: str | Locator, key: str = "Enter") -> None:
        tab_to(self.page, (self.page.locator(which) if isinstance(which, str) else which).first)
        self.page.keyboard.press(key)

    def enter(self, name: str, value: str) -> None:
        """Fill a field of a question in."""
        box = self.page.locator(f"#question input[name='{name}'][value='{value}']")
        if box.count():
            self.press(box, "Space")
        else:
            tab_to(self.page, self.page.locator(f"#question #{name}"))
            self.page.keyboard.type(value)

    def pass_orders(self, data: dict[str, Any], stem: Locator) -> dict[str, Any]:
        """Go on until a question is asked that can be sent without an answer: an order is one as it stands. Gives it."""
        while (question := asked_in(data, stem))["form"] == "order":
            self.press("#sureness-fairly")
            self.look(".verdict h1")
            self.press("[data-go=next]")
            expect(stem).to_be_focused()
        return question

    def end_the_story(self) -> None:
        """Decide until the story has ended, and not always well."""
        for _ in range(60):
            self.press("#choice-2" if self.page.locator("#choice-2").count() else "#choice-1")
            if self.page.locator("#decide").count() == 0:
                return
        raise AssertionError("the story does not end")

    def go(self, step: str) -> None:
        """From any page to a step, by the list of all modules."""
        self.press(".bar a.org")
        expect(self.page.locator("[data-resume]")).to_be_visible()
        self.press(f"[data-step='{MODULE}/{step}'] a")
