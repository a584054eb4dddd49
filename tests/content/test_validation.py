"""Validation of the content, on a small valid course with one mistake at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.content.library import ContentError, load_library
from course.content.loader import read_content
from course.content.schema import SETTINGS
from course.content.validation import validate_content
from tests.support.courses import real_course

SAMPLE = Path(__file__).resolve().parents[1] / "sample_modules"
QUESTIONS = "kites/questions.yaml"
PAGE = "kites/pages/the-line.md"
SCENARIO = "kites/scenarios/a-windy-day.yaml"
ENDINGS = "kites/scenarios/a-calm-day.yaml"
TIMELINE = "kites/timelines/a-month-of-kites.yaml"
MODULE = "kites/module.yaml"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A copy of the sample course that a test may spoil."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "modules"))


def spoil(modules: Path, file: str, old: str, new: str) -> None:
    path = modules / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} does not stand in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_sample_course_is_sound(modules: Path) -> None:
    assert validate_content(read_content(modules)) == []


MISTAKES = [
    # file, old text, new text, the line named, part of the message
    (QUESTIONS, "stem: A gust", "stemm: A gust", 1, "'stem' is missing"),
    (QUESTIONS, "stem: A gust", "stemm: A gust", 3, "unknown key 'stemm'"),
    (QUESTIONS, ", reason: It leaves.", "", 6, "every option needs its reason as feedback"),
    (QUESTIONS, "points: [hold-the-line]", "points: []", 2, "name at least one learning point"),
    (QUESTIONS, "  points: [hold-the-line]\n", "", 1, "'points' is missing"),
    (QUESTIONS, "points: [hold-the-line]", "points: [no-such-point]", 2, "unknown learning point 'no-such-point'"),
    (QUESTIONS, "{text: Let go, r", "{text: Let go, correct: true, r", 4, "exactly one option is correct"),
    (QUESTIONS, "id: near-trees", "id: gust", 8, "the id 'gust' is taken already"),
    (QUESTIONS, "group: Fine, reason: Open.", "group: Perhaps, reason: Open.", 30, "the group 'Perhaps' is not one of"),
    (QUESTIONS, "text: Let go", "text: Hold on", 5, "this option stands here twice"),
    (QUESTIONS, "A gust comes.", "Is it sexting?", 3, "the words 'sexting' are to be avoided"),
    (QUESTIONS, "A gust comes.", "Whom do you tell?", 3, "the words 'Whom' are to be avoided"),
    (QUESTIONS, "stem: Sort these.", "stem: [", 0, "this is not valid YAML"),
    ("sources.yaml", "2026-11-22", "2026-02-30", 7, "'2026-02-30' is not a number or date that exists"),
    ("sources.yaml", "2026-11-22", "1" * 5000, 7, "1' is not a number or date that exists"),
    ("sources.yaml", "  checked: 2026-11-22", "  ? [a]\n  : b", 7, "a list or a group of lines cannot be a key"),
    (PAGE, "source=kite-society", "source=nobody", 11, "unknown source 'nobody'"),
    (PAGE, "source=kite-society", "source=rumour", 11, "is open: nobody could confirm it"),
    (PAGE, "::: since source=kite-society", "::: since", 11, "needs 'source='"),
    (PAGE, "page:kites/the-line", "page:kites/the-string", 5, "the link 'page:kites/the-string' leads to nothing"),
    (PAGE, "page:kites/the-line", "the-line.html", 5, "leads to nothing"),
    (PAGE, "::: key", "::: kee", 23, "unknown block 'kee'"),
    (PAGE, "file=kite", "file=dragon", 19, "there is no drawing diagrams/dragon.svg"),
    (PAGE, "Hold on.\n:::", "Hold on.", 26, "is not closed"),
    (PAGE, "teaches: [hold-the-line, mind-the-trees]", "teaches: [hold-the-line]", 3, "'mind-the-trees' is not taught"),
    ("kites/diagrams/kite.svg", "<path", "<script/><path", 19, "the element <script> is not allowed"),
    ("sources.yaml", "  checked: 2026-11-22\n  says: Lines", "  says: Lines", 1, "every update needs the date"),
    ("help.yaml", "source: kite-society}\nterms", "source: nobody}\nterms", 6, "unknown source 'nobody'"),
    (SCENARIO, "to: s4}", "to: s99}", 26, "the scene 's99' does not exist"),
    (SCENARIO, "to: tree}", "to: s4}", 0, "the scene 'tree' cannot be reached"),
    (SCENARIO, ", try_again: 1", "", 9, "lies on a loop"),
    (SCENARIO, ", debrief: Go earlier.", "", 0, "the ending 'dark' has no debrief"),
    (SCENARIO, "reason: Slow., ", "", 0, "every option needs its reason as feedback"),
    (SCENARIO, "quality: fair, consequence: Nice.", "quality: best, consequence: Nice.", 0, "one choice of 's1' is best"),
    (SCENARIO, "effects: {height: 1}", "effects: {depth: 1}", 0, "the gauge 'depth' does not exist"),
    (SCENARIO, "    critical: true\n", "", 0, "a critical decision has a dangerous choice, and no other has one"),
    (SCENARIO, "start: s1", "start: s0", 7, "the scene 's0' does not exist"),
    (SCENARIO, "    points: [hold-the-line]\n", "", 9, "the decision 's1' names no learning point"),
    (SCENARIO, "fair, consequence: Nice.", "fair, acts: [views-image], consequence: Nice.", 14, "is always dangerous, never fair"),
    (SCENARIO, "fair, consequence: Nice.", "fair, acts: [looks], consequence: Nice.", 14, "Input should be 'views-image'"),
    (SCENARIO, "text: Look, ", "text: Look through her phone, ", 14, "'Look through her phone' sounds like an act"),
    (SCENARIO, "text: Look, ", "text: Look through her phone, acts: [], ", 14, "'acts: []' needs 'no_act'"),
    (SCENARIO, "text: Look, ", "text: Look, no_act: The phone is a toy, ", 14, "'no_act' is the reason"),
    (TIMELINE, "missed: true", "mist: true", 6, "unknown key"),
    (MODULE, "[a-windy-day, a-calm-day]", "[a-windy-day]", 4, "the scenario 'a-calm-day' is not among the steps"),
    (MODULE, "[a-windy-day, a-calm-day]", "[a-windy-day, the-line]", 7, "only scenarios stand in 'one-of'"),
    (MODULE, "[a-windy-day, a-calm-day]", "[a-windy-day, a-calm-day, a-storm]", 7, "the step 'a-storm' is no page"),
    (SCENARIO, "near: [early-years]", "near: [clubs]", 7, "no scenario here is from the work of the pathway 'early-years'"),
    (PAGE, "for=clubs", "for=school", 2, "the page has no 'setting' block for 'clubs'"),
    (PAGE, "for=scotland", "for=wales", 2, "the page has no 'nation' block for 'scotland'"),
    (PAGE, "for=clubs", "for=choirs", 31, "there is no setting 'choirs'"),
    ("kites/pages/for-leaders.md", "teaches: [hold-the-line]", "teaches: [hold-it]", 3, "unknown learning point 'hold-it'"),
    (PAGE, "page:kites/the-line", "page:kites/for-leaders", 5, "not everybody can open the page"),
    ("kites/discussion.yaml", "scenario: a-windy-day", "scenario: a-storm", 1, "the scenario 'a-storm' does not exist"),
    ("course.yaml", "notice:", "own_setting_modules: 2\nnotice:", 5, "finds its own work in"),
    ("course.yaml", "notice:", "questions_per_point: 9\nnotice:", 0, "'mind-the-trees' has 3 questions; it needs 9"),
    ("course.yaml", "notice:", "sentence_words: [1, 2]\nnotice:", 0, "keep between 1 and 2"),
    ("course.yaml", "notice:", "sentence_words: [17, 18]\nnotice:", 0, "keep between 17 and 18"),
    ("course.yaml", "notice:", "forms_per_point: 5\nnotice:", 0, "needs 5 forms of question"),
    (MODULE, "points: [hold-the-line, mind-the-trees]", "points: [hold-the-line]", 0, "'mind-the-trees' belongs to no module"),
    (QUESTIONS, "text: Hold on, correct", "text: You may hold on, correct", 4, "only the right option has a word of caution"),
    (QUESTIONS, "text: Hold on, correct", "text: Mind the gust, correct", 4, "only the right option repeats words of the stem"),
    (QUESTIONS, "What do you do?", "Which is not wise?", 4, "the stem asks for what is not so"),
    (TIMELINE, "date: 3 May", "date: 1 May", 7, "is not before the one above it"),
    (TIMELINE, "date: 3 May", "date: a week later", 7, "a date begins with a day and a month"),
    (TIMELINE, "date: 3 May", "date: 31 June", 7, "a date begins with a day and a month"),
    (TIMELINE, "risk: 4, ", "", 8, "risk' is missing"),
    (TIMELINE, "risk: 4", "risk: 6", 8, "risk': Input should be less than or equal to 5"),
    (TIMELINE, "missed: true, reason: Too", "missed: true, acted: true, reason: Too", 8, "somebody acted, or the chance"),
    (MODULE, "  - the-line", "  - the-rope", 5, "the step 'the-rope' is no page, scenario or timeline"),
    (MODULE, "points: [hold-the-line, ", "points: [hold-it, hold-the-line, ", 3, "unknown learning point 'hold-it'"),
    (ENDINGS, "done: [s2/drop]", "done: [s9/drop]", 63, "the scene 's9' does not exist"),
    (ENDINGS, "done: [s2/drop]", "done: [s2/run]", 63, "the scene 's2' has no choice 'run'"),
    (ENDINGS, "done: [s2/drop]", "done: [drop]", 63, "'drop' is no decision: write scene/choice"),
    (ENDINGS, "not_done: [s3/back]", "not_done: [s3/front]", 57, "the scene 's3' has no choice 'front'"),
    (ENDINGS, "when: {done: [s2/drop]}", "when: {}", 63, "'when' names at least one condition"),
    (ENDINGS, "gauges: {height: 3}", "gauges: {depth: 3}", 53, "the gauge 'depth' does not exist"),
    (ENDINGS, "gauges: {height: 3}", "gauges: {height: 6}", 53, "less than or equal to 5"),
    (ENDINGS, "no_dangerous: true", "no_dangerous: false", 53, "no_dangerous"),
    (ENDINGS, "        when: {done: [s2/drop]}\n", "", 61, "'dropped' needs 'when'"),
    (ENDINGS, "title: Home early", "title: Home early\n        when: {done: [s2/drop]}", 71, "it has no 'when'"),
    (ENDINGS, "id: low", "id: steady", 68, "the ending 'steady' stands here twice"),
    (ENDINGS, "id: low", "id: home", 68, "the ending 'home' has the id of its scene"),
    (ENDINGS, "id: low", f"id: {'l' * 58}", 68, "is longer than 60 characters"),
    (ENDINGS, "id: looked", "id: straight", 60, "the passage 'straight' stands in 'steady' twice"),
    (ENDINGS, "debrief: Well held.", "debrief: Well held.\n        why: It flew.", 59, "'steady' is good: 'why' says"),
    (ENDINGS, "time: 6pm", "time: 6pm\n    title: Home", 50, "'home' has 'endings': its 'title'"),
    (ENDINGS, "text: You looked as well.", "text: It is sexting.", 51, "the words 'sexting' are to be avoided"),
    (ENDINGS, "recommended: 60", "recommended: 100, gauges_below: {height: 1}", 8, "the mixed one, 'home/low', needs 'why'"),
    (ENDINGS, "end: good\n", "end: poor\n", 8, "does not reach a good ending, but 'home/steady'"),
    ("help.yaml", "Do not run after it.", "Do not run after a child porn kite.", 4, "'child porn' are to be avoided"),
    ("help.yaml", "text: Ring somebody.", "text: Ask whom to ring.", 2, "the words 'whom' are to be avoided"),
    ("kites/discussion.yaml", "ask: Who else flies?", "ask: Whom do you ask?", 5, "'Whom' are to be avoided"),
    (MODULE, "summary: Fly one safely.", "summary: Fly in e-safety.", 2, "the words 'e-safety' are to be avoided"),
    (PAGE, "title: The line", "title: Sexting", 2, "the words 'Sexting' are to be avoided"),
    (SCENARIO, "intro: You have a kite.", "intro: Whom do you meet?", 4, "the words 'Whom' are to be avoided"),
    (SCENARIO, "label: Height", "label: Sexting", 6, "the words 'Sexting' are to be avoided"),
    (SCENARIO, "text: Wind 1.", "text: Wind 1.\n    ask: Whom do you tell?", 9, "the words 'Whom' are to be avoided"),
    (TIMELINE, "intro: A made-up month.", "intro: A month of sexting.", 3, "the words 'sexting' are to be avoided"),
    ("learning-points.yaml", "title: Hold the line", "title: Sexting", 4, "the words 'Sexting' are to be avoided"),
    (SCENARIO, "end: good, title: Home, text: You are home.", "end: good, title: Home", 0, "the ending 'home' has no text"),
    (SCENARIO, "debrief: Well held.", "debrief: Well held., why: It flew.", 0, "'home' is good: 'why' says"),
    (SCENARIO, "    text: Wind 2.\n", "", 0, "the scene 's2' has no text"),
    ("course.yaml", "modules: [kites]", "modules: [kites, boats]", 1, "cannot be read"),
    ("course.yaml", "modules: [kites]", "modules: [kites, kites]", 4, "the module 'kites' stands here twice"),
    ("course.yaml", 'edition: "1"', "edition: 1.5", 2, "'edition': a text is expected here: put a number into quotation marks"),
    ("course.yaml", 'edition: "1"', "edition: The second one of spring", 2, "'edition': String should have at most 20 characters"),
    ("course.yaml", "A sample course", "A course " * 30, 1, "'title': String should have at most 200 characters"),
    ("course.yaml", "modules: [kites]", "modules: kites", 4, "'modules': a list is expected here, such as [one, another]"),
    (MODULE, "  - the-line\n", "  - the-line\n  - the-line\n", 6, "the step 'the-line' stands here twice"),
    (MODULE, "one-of: [a-windy-day, ", "one-of: [a-windy-day, a-windy-day, ", 7, "the step 'a-windy-day' stands here twice"),
    (MODULE, "steps:\n", "steps: 5\nothers:\n", 4, "'steps': a list is expected here"),
    (QUESTIONS, "points: [hold-the-line]", "points: &same [*same]", 2, "what stands here contains itself"),
    (PAGE, "id=own-kite", f"id={'k' * 61}", 15, "the id of a block 'reflect' has at most 60 characters"),
]  # fmt: skip


SOME = "residential, social-work, early-years, leaders"
INTRO = "  intro: |\n    At 3pm a gust came. Ana let go and called out.\n\n    You held on.\n"
MISTAKES_IN_PARTS_AND_PATHWAYS = [
    (QUESTIONS, "form: sort", "form: all", 28, "only a question of the forms sort, first-words, record has groups"),
    (QUESTIONS, "[Fine, Not fine]", "[Fine]", 28, "a question of the form 'sort' has 2 to 3 groups; here 1 are"),
    (QUESTIONS, "[How you begin, What you ask]", "[How you begin]", 37, "'first-words' has 2 to 4 groups; here 1 are"),
    (QUESTIONS, "[How you begin, What you ask]", "[A, B, C, D, E]", 37, "'first-words' has 2 to 4 groups; here 5 are"),
    (QUESTIONS, "[When, What she", "[When, What, Who, How, What she", 53, "'record' has 2 to 5 groups; here 6 are"),
    (QUESTIONS, "[When, What she", "[When, When, What she", 53, "the group 'When' stands here twice"),
    (QUESTIONS, "[When, What she", "[Where, When, What she", 54, "the part 'Where' has two or three options; here 0 are"),
    (QUESTIONS, "{group: When, text", "{group: Why, text", 56, "the group 'Why' is not one of When, What she said"),
    (QUESTIONS, "{group: When, text", "{text", 56, "the group 'None' is not one of When, What she said"),
    (QUESTIONS, "{group: When, t", "{group: When, correct: true, t", 54, "in the part 'When' some options are correct"),
    (QUESTIONS, "{group: When, correct: true, t", "{group: When, t", 54, "in the part 'When' some options are correct"),
    (QUESTIONS, ", does: Too wide", "", 56, "'does' is missing: each option of the form 'record' says"),
    (QUESTIONS, "text: Let go, ", "text: Let go, does: Lets go, ", 6, "only an option of the forms first-words, record has"),
    (QUESTIONS, INTRO, "", 44, "'intro' is missing"),
    (QUESTIONS, "At 3pm a gust came.", "Was it sexting?", 48, "the words 'sexting' are to be avoided"),
    (QUESTIONS, "does: Too wide", "does: sexting", 56, "the words 'sexting' are to be avoided"),
    (QUESTIONS, "settings: [school, clubs]", "settings: [school, choirs]", 47, "Input should be 'school'"),
    (QUESTIONS, "settings: [school, clubs]", "settings: [school, school]", 47, "a pathway stands here twice"),
    ("course.yaml", "notice", "questions_per_critical_point: 3\nnotice", 0, f"has 2 questions on the pathways {SOME}; it needs 3"),
    ("course.yaml", "notice", "questions_per_critical_point: 9\nnotice", 0, f"{SOME} and 3 questions on the pathways school"),
    ("course.yaml", "notice", "forms_per_point: 3\nnotice", 0, f"'hold-the-line' needs 3 forms of question on the pathways {SOME}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "message"),
    MISTAKES + MISTAKES_IN_PARTS_AND_PATHWAYS,
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_named_with_its_file_and_line(
    modules: Path, file: str, old: str, new: str, line: int, message: str
) -> None:
    spoil(modules, file, old, new)
    found = [problem for problem in validate_content(read_content(modules)) if message in problem.message]
    assert found, f"not found; there is only {validate_content(read_content(modules))}"
    assert all(problem.file.startswith("modules/") for problem in found)
    if line:
        assert line in [problem.line for problem in found], found


@pytest.mark.parametrize(
    "name", ["questions/more.yml", "pages/the-hook.markdown", "timelines/a-year.yml", "module.yml"]
)
def test_a_file_with_another_ending_is_named_and_not_passed_over(modules: Path, name: str) -> None:
    path = modules / "kites" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("- id: gust\n", encoding="utf-8")
    (found,) = validate_content(read_content(modules))
    assert found.file == f"modules/kites/{name}"
    assert f"is not read: its name has to end with '{'.md' if 'pages' in name else '.yaml'}'" in found.message


def test_a_drawing_that_is_no_text_is_named(modules: Path) -> None:
    (modules / "kites" / "diagrams" / "kite.svg").write_bytes(b"\xff\xd8\xff")
    (found,) = validate_content(read_content(modules))
    assert (found.file, found.line) == (f"modules/{PAGE}", 19)
    assert "diagrams/kite.svg is not valid SVG" in found.message


def test_a_page_and_a_timeline_of_one_name_are_told_apart(modules: Path) -> None:
    (modules / "kites" / "timelines" / "a-month-of-kites.yaml").rename(
        modules / "kites" / "timelines" / "the-line.yaml"
    )
    spoil(modules, MODULE, "  - a-month-of-kites\n", "")
    messages = [problem.message for problem in validate_content(read_content(modules))]
    assert "the id 'the-line' is that of a page and of a timeline: give one of them another" in messages


def test_a_file_of_an_editor_that_marks_its_encoding_is_read(modules: Path) -> None:
    for file in (PAGE, QUESTIONS):
        (modules / file).write_bytes(b"\xef\xbb\xbf" + (modules / file).read_bytes())
    assert validate_content(read_content(modules)) == []


def test_all_mistakes_are_listed_at_once(modules: Path) -> None:
    spoil(modules, QUESTIONS, ", reason: It leaves.", "")
    spoil(modules, PAGE, "source=kite-society", "source=nobody")
    spoil(modules, SCENARIO, ", debrief: Go earlier.", "")
    with pytest.raises(ContentError) as error:
        load_library(modules)
    assert {Path(p.file).name for p in error.value.problems} >= {"questions.yaml", "the-line.md", "a-windy-day.yaml"}


def test_a_scene_that_only_leads_back_cannot_reach_an_end(modules: Path) -> None:
    trap = """  - id: trap
    text: Round and round.
    points: [hold-the-line]
    choices:
      - {id: round, text: Round, quality: best, consequence: Round., reason: Round., to: trap, try_again: 1}
      - {id: on, text: On, quality: fair, consequence: Round., reason: Round., to: trap, try_again: 2}
"""
    spoil(modules, SCENARIO, "  - {id: home, end", trap + "  - {id: home, end")
    spoil(modules, SCENARIO, "reason: Trees., to: tree}", "reason: Trees., to: trap}")
    messages = [problem.message for problem in validate_content(read_content(modules))]
    assert "the scene 'trap' cannot reach an end" in messages


def test_the_real_content_is_sound_and_covers_every_point_that_its_modules_name() -> None:
    library = real_course()
    assert len(library.points) == 43
    for module in library.modules.values():
        for point in module.points:
            questions = [q for q in module.questions if point in q.points]
            assert len(questions) >= (6 if library.points[point].safety_critical else 4), point
            forms = {q.form for q in questions} | {"timeline" for t in module.timelines.values() if point in t.points}
            assert len(forms) >= 3, point
        for pathway in SETTINGS:
            seen = library.for_(pathway, "england").modules[module.id]
            assert 4 <= len(seen.pages) <= (8 if pathway == "leaders" else 6), module.id
        assert module.timelines
        assert all(6 <= len(s.recommended) - 1 <= 12 for s in module.scenarios.values())


def test_a_module_that_takes_longer_than_the_course_allows_is_named_with_its_minutes(modules: Path) -> None:
    minutes = max(load_library(modules).for_(name, "wales").module_minutes("kites") for name in SETTINGS)
    spoil(modules, "course.yaml", "notice:", f"module_minutes: {int(minutes) + 1}\nnotice:")
    load_library(modules)
    spoil(modules, "course.yaml", f"module_minutes: {int(minutes) + 1}", "module_minutes: 1")
    with pytest.raises(ContentError) as raised:
        load_library(modules)
    (problem,) = raised.value.problems
    assert problem.file.endswith("kites/module.yaml")
    assert f"takes {minutes:.1f} minutes" in problem.message
