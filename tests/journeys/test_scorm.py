"""A package played in a learning platform that others wrote (scorm-again): begun, left, resumed, failed and passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from course.scorm.rules.manifest import VERSIONS, Version
from tests.conftest import make_app
from tests.journeys.scorm_learner import MODULE, NAMES, NEAR_THE_END, STATUS, Keys, Learner, fields
from tests.scorm.conftest import Package, packed
from tests.support.serving import served
from tests.support.verifiers import install_packages

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
    question = keys.pass_orders(data, asked)
    keys.press("#sureness-fairly")
    keys.look(".wrong-answer")
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
    keys.end_the_story()
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
