"""A package played in a learning platform that others wrote (scorm-again): begun, left, resumed, failed and passed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from course.scorm.rules.manifest import VERSIONS, Version
from tests.conftest import make_app
from tests.journeys.conftest import faults
from tests.journeys.walker import tab_to
from tests.scorm.conftest import Package, packed
from tests.support.serving import served
from tests.support.verifiers import install_packages

MODULE = "new-partners"
NPM = Path(__file__).parents[1] / "scorm" / "npm"
KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css", "json": "application/json",
         "svg": "image/svg+xml", "woff2": "font/woff2"}  # fmt: skip
# The platform: its object in the window around the package, with what it kept of the last session.
PLATFORM = """<!doctype html><title>A learning platform</title><script src="scorm-again.js"></script>
<script src="platform.js"></script><iframe id="sco" src="2/index.html" width="1000" height="800"></iframe>"""
PLATFORM_SCRIPT = """const [version, kept] = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '["1.2", null]');
const settings = { autocommit: false, logLevel: 5 };
const api = version === "1.2" ? new Scorm12API(settings) : new Scorm2004API(settings);
if (kept) api.loadFromJSON(kept, "");
if (version === "1.2") window.API = api; else window.API_1484_11 = api;
window.told = () => JSON.parse(JSON.stringify(api.cmi));"""
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


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[Version, Package]:
    app = make_app(f"sqlite:///{tmp_path_factory.mktemp('scorm') / 'none.db'}")
    library = app.extensions["course"].library.for_("school", "england")
    return {version: packed(app, library, version, MODULE) for version in VERSIONS}


@pytest.fixture(scope="module")
def whole_course(tmp_path_factory: pytest.TempPathFactory) -> Package:
    app = make_app(f"sqlite:///{tmp_path_factory.mktemp('scorm') / 'none.db'}")
    return packed(app, app.extensions["course"].library.for_("school", "england"), "1.2")


@pytest.fixture(scope="module")
def platform(packages: dict[Version, Package], whole_course: Package) -> Iterator[str]:
    """The address of a site with the platform, below 1.2/ and 2004/ the packages, and below course/ the whole course."""
    script = install_packages(NPM) / "node_modules/scorm-again/dist/scorm-again.min.js"
    files = {f"/{version}/{name}": data for version, one in packages.items() for name, data in one.files.items()}
    files |= {f"/course/{name}": data for name, data in whole_course.files.items()}
    files |= {"/course.html": PLATFORM.replace("2/index", "course/index").encode()}
    files |= {f"/{v}.html": PLATFORM.replace("2/index", f"{v}/index").encode() for v in VERSIONS}
    files |= {f"/{v}-window.html": PLATFORM.partition("<iframe")[0].encode() for v in VERSIONS}
    files |= {"/scorm-again.js": script.read_bytes(), "/platform.js": PLATFORM_SCRIPT.encode()}

    def site(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        data = files.get(environ["PATH_INFO"])
        kind = KINDS.get(environ["PATH_INFO"].rpartition(".")[2], "text/plain")
        start("200 OK" if data is not None else "404 Not Found", [("Content-Type", kind)])
        return [data or b""]

    with served(site) as address:
        yield address


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


@pytest.mark.parametrize("version", VERSIONS)
def test_a_module_is_begun_left_resumed_failed_and_passed(
    browser: Browser, platform: str, packages: dict[Version, Package], version: Version
) -> None:
    learner = Learner(browser, platform, version, packages[version])
    pages = [step["id"] for step in learner.steps if step["kind"] == "page"]
    story, timeline = (next(s["id"] for s in learner.steps if s["kind"] == kind) for kind in ("scenario", "timeline"))
    learner.open()
    for step in pages:
        learner.read(step)
    learner.mark(timeline)
    learner.go("check")
    learner.check(right=False, most=1)
    learner.go(story)
    learner.press("[data-go=tell]")
    learner.decide(story, most=1)
    learner.press(".take-back button")
    expect(learner.sco.locator("#notice")).to_have_text("Undone. You can choose again.")
    learner.decide(story, most=1)
    assert learner.status == STATUS[version]["begun"]
    kept = learner.leave()
    assert 0 < len(kept["suspend_data"]) <= 4096
    session = kept["core"] if version == "1.2" else kept
    place = session[NAMES[version][0]]
    assert place == f"{MODULE}/{story}"
    assert session["session_time"] not in ("", "0000:00:00", "PT0H0M0S")
    assert session["exit"] == "suspend"

    # What the platform kept is all that the next session has.
    cmi: dict[str, Any] = {"suspend_data": kept["suspend_data"]}
    if version == "1.2":
        cmi["core"] = {"lesson_location": place, "lesson_status": session["lesson_status"], "entry": "resume"}
    else:
        cmi |= {"location": place, "entry": "resume", "completion_status": session["completion_status"]}
    learner.open({"cmi": cmi})
    expect(learner.sco.locator("[data-resume] a")).to_have_attribute("href", f"#/{MODULE}/{story}")
    assert learner.sco.locator("li[data-step].done").count() == len(pages) + 1
    learner.press("[data-resume] a")
    learner.press("[data-go=tell]")
    expect(learner.sco.locator(".strip span")).to_contain_text("Decision 2 of")
    learner.decide(story, taken=1)
    expect(learner.sco.locator("h2", has_text="recommended")).to_be_visible()
    assert learner.status == STATUS[version]["begun"]
    learner.go("check")
    learner.check(right=False)
    assert learner.status == STATUS[version]["failed"]
    assert learner.score == ("0", "100", "0")

    learner.press("[data-go=again]")
    learner.check(right=True)
    expect(learner.sco.locator("h1")).to_have_text("Every point is right")
    assert learner.status == STATUS[version]["passed"]
    assert learner.score == ("0", "100", "100")
    if version == "2004":
        assert (float(learner.told["score"]["scaled"]), float(learner.told["progress_measure"])) == (1, 1)
    learner.press("a.worried")
    expect(learner.sco.locator("a[href='tel:999']")).to_be_visible()
    learner.leave()
    assert learner.status == STATUS[version]["passed"]
    assert learner.errors == learner.foreign == []
    learner.page.close()


def test_the_final_assessment_decides_over_the_whole_course_and_a_note_is_kept(
    browser: Browser, platform: str, whole_course: Package
) -> None:
    modules = whole_course.json("course.json")["modules"]
    data = [whole_course.json(f"modules/{one['id']}.json")["questions"] for one in modules]
    questions = [question for found in data for question in found.values()]
    learner = Learner(browser, platform, "1.2", whole_course, place="course")
    learner.open()
    packed_state, page, note = learner.sco.evaluate(NEAR_THE_END)
    learner.leave()

    learner.open({"cmi": {"suspend_data": packed_state, "core": {"lesson_status": "incomplete", "entry": "resume"}}})
    learner.press("[data-step='-final/assessment'] a")
    expect(learner.sco.locator("[data-go=begin]")).to_have_text("Carry on at question 49")
    assert (learner.status, learner.score[2]) == ("incomplete", "")
    learner.press("[data-go=begin]")
    learner.answer(questions, right=False)
    # The reasons come at the end: the next question follows at once.
    expect(learner.sco.locator(".strip span")).to_have_text("Question 50 of 50")
    learner.answer(questions, right=True)
    expect(learner.sco.locator("h1")).to_have_text("Not passed yet")
    assert (learner.status, learner.score) == ("failed", ("0", "100", "98"))
    answers = learner.sco.locator(".answers > details")
    assert (answers.count(), answers.filter(has_text="Asked again").count()) == (50, 2)

    learner.press("[data-go=again]")
    expect(learner.sco.locator(".lede")).to_contain_text("asks only about the 1 point still open")
    learner.press("[data-go=begin]")
    for _ in range(2):
        learner.answer(questions, right=True)
    expect(learner.sco.locator("h1")).to_have_text("You have passed")
    assert (learner.status, learner.score) == ("passed", ("0", "100", "100"))

    learner.sco.evaluate(f"location.hash = '#/{page}'")
    field = learner.sco.locator(f"#note-{note}")
    expect(field).to_have_value("Ask about “nights”!")
    field.fill("x" * 4096)
    expect(learner.sco.locator(".reflect [role=status]")).to_contain_text("too long to be kept")
    field.fill("Sam’s mum")
    # Left before the pause after which a note is kept by itself.
    kept = learner.leave()
    assert kept["suspend_data"].endswith("Sam~6c9.s mum" + "!" * (kept["suspend_data"].count("!") - 11))
    assert learner.status == "passed"
    assert learner.errors == learner.foreign == []
    learner.page.close()


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

    def go(self, step: str) -> None:
        """From any page to a step, by the list of all modules."""
        self.press(".bar a.org")
        expect(self.page.locator("[data-resume]")).to_be_visible()
        self.press(f"[data-step='{MODULE}/{step}'] a")


def test_a_page_a_question_a_story_and_a_timeline_by_keyboard_alone_in_a_narrow_window_and_all_are_accessible(
    browser: Browser, platform: str, packages: dict[Version, Package]
) -> None:
    course = packages["2004"].json("course.json")["modules"][0]
    data = packages["2004"].json(f"modules/{MODULE}.json")
    first = {kind: next(s["id"] for s in course["steps"] if s["kind"] == kind) for kind in ("scenario", "timeline")}
    lms = browser.new_page()
    lms.goto(f'{platform}/2004-window.html#["2004", null]')
    with lms.expect_popup() as opened:
        lms.evaluate("() => { open('2004/index.html', '', 'popup'); }")
    keys = Keys(opened.value)
    page = keys.page
    page.locator("[data-resume] a").wait_for()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.look()
    keys.press("[data-resume] a")
    keys.look("h1")
    keys.press("[data-page-question] button[name=answer]")
    keys.look(".ask-you.answered")
    keys.press("[data-done]")
    expect(page.locator(".rail li.done, .outline li.done").first).to_be_attached()

    keys.go("check")
    keys.press("[data-go=begin]")
    asked = page.locator("#question .stem")
    expect(asked).to_be_focused()
    keys.press("#sureness-fairly")
    keys.look(".wrong-answer")
    question = next(one for one in data["questions"].values() if one["stem"] == asked.first.inner_html())
    for name, value in fields(question, True):
        keys.enter(name, value)
    keys.press("#sureness-fairly")
    keys.look(".verdict h1")
    assert page.locator(".verdict h1").inner_text() == "Right"

    keys.go(first["scenario"])
    keys.look("h1")
    keys.press("[data-go=tell]")
    keys.look("h1")
    keys.press("#choice-1")
    keys.look()
    keys.press(".take-back button")
    expect(page.locator("#notice")).to_have_text("Undone. You can choose again.")
    for _ in range(60):
        keys.press("#choice-2" if page.locator("#choice-2").count() else "#choice-1")
        if page.locator("#decide").count() == 0:
            break
    keys.look("h1")

    keys.go(first["timeline"])
    keys.press("#answer-1", "Space")
    keys.look()
    keys.press("#send")
    keys.look()
    keys.press("a.worried")
    keys.look("h1")
    assert keys.found == []
    told = lms.evaluate("told()")
    assert (told["location"], told["completion_status"]) == (f"{MODULE}/{first['timeline']}", "incomplete")
    lms.context.close()
