"""Figures on lesson pages: read strictly, shown as lists and tables of text, translated as a whole, and not counted as text."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import html5lib
import pytest
from flask import Flask

from course.content.figures import FIGURE_ATTRIBUTES, build_figure
from course.content.library import Library, load_library
from course.content.loader import read_content
from course.content.quality import page_reading_ease
from course.content.quality_report import quality_report
from course.content.rendering import text_language
from course.content.schema import Block, Page
from course.content.translation_files import skeleton
from course.content.translation_report import translation_statuses
from course.content.validation import validate_content
from course.content.yaml_source import RawBlock
from tests.content.test_validation import SAMPLE, spoil
from tests.support.pseudo_course import pseudo
from tests.support.pseudo_language import BEGIN

PAGE = "kites/pages/five-figures.md"
WELSH = "kites/pages/five-figures.cy.md"
TITLES = {"left": "“Ellie”", "right": "Sam", "title": "T", "start": "Jo sends it"}


def built(kind: str, *rows: str, language: str = "en", **attributes: str) -> str:
    """The HTML of a figure that has no mistake."""
    mistakes: list[str] = []
    given = {name: TITLES[name] for name in FIGURE_ATTRIBUTES[kind]} | attributes

    def report(message: str, line: int = 0) -> None:
        mistakes.append(f"{line}: {message}")

    figure = build_figure(RawBlock(kind, given, "\n".join(rows), 1), report, language)
    assert mistakes == []
    assert figure is not None
    return figure.html


def tree(html: str) -> str:
    """The HTML as a browser reads it: the same, unless a tag or a text was not written as it should be."""
    found = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return "".join(found.itertext())


def figures(library: Library) -> dict[str, Block]:
    return {block.kind: block for block in page_of(library).blocks if block.kind in FIGURE_ATTRIBUTES}


def page_of(library: Library) -> Page:
    return library.modules["kites"].pages["five-figures"]


CHAT, ROUTE, COMPARE, HOURS, SPREAD = 8, 16, 23, 29, 36  # the lines that open the figures
MISTAKES = [
    # old text, new text, the line named, part of the message
    (' right="Sam, 14"', "", CHAT, "a block 'chat' needs 'right='"),
    (' right="Sam, 14"', ' right=""', CHAT, "a block 'chat' needs 'right='"),
    (' title="How a report travels"', "", ROUTE, "a block 'route' needs 'title='"),
    (' start="Jo sends it to one person"', "", SPREAD, "a block 'spread' needs 'start='"),
    (' title="How a report travels"', ' title="How" left="A"', ROUTE, "a block 'route' knows no 'left='"),
    ("- right: yeah", "- middle: yeah", CHAT + 2, "there is no side 'middle'; known are left, right, note"),
    ("- right: yeah", "- yeah", CHAT + 2, "a message begins with left:, right: or note:"),
    ("- 7.02pm · left: hey", "- 7.02pm · hey", CHAT + 1, "a message begins with left:, right: or note:"),
    ("- right: yeah", "- right:", CHAT + 2, "this line of the figure says nothing"),
    ("- right: yeah", "right: yeah", CHAT + 2, "each line of this figure begins with '- '"),
    ("- right: yeah", "- right: yeah\n  and more", CHAT + 3, "begins with '- ', and is not broken; here it is 'and more'"),
    ("- right: yeah", "- right: yeah\n", CHAT + 3, "an empty line stands in the figure"),
    ("- right: yeah", "- right: yeah\n" * 9 + "- left: no", CHAT, "a block 'chat' has 2 to 12 messages; here are 14"),
    ("- right: yeah", "- right: see [it](page:kites/the-line)", CHAT + 2, "a figure has no links"),
    ("2. ? **Danger", "3. ? **Danger", ROUTE + 2, "steps are numbered 1, 2, 3 and so on; this is step 2, not 3"),
    ("2. ? **Danger", "- **Danger", ROUTE + 2, "each step begins with its number"),
    ("4. ! **Not** the parents, the site or the account first.", "4. !", ROUTE + 4, "says nothing"),
    ("| “And then?” | “Why did", "| “And then?” | x | “Why did", COMPARE + 2, "each row has two cells, as in '| left | right |'"),
    ("| “And then?” |", "“And then?” |", COMPARE + 2, "each row begins and ends with '|'"),
    ("| “And then?” |", "|---|---|\n| “And then?” |", COMPARE + 2, "a comparison has no line under its head"),
    ("| | “Are you sure that it was *him*?” |", "| | |", COMPARE + 3, "says nothing"),
    ("- 7.30pm · They", "- They", HOURS + 2, "each line begins with its time and ' · '"),
    ("- 8pm · ! She sends a picture and asks for one.", "- 8pm · !", HOURS + 3, "says nothing"),
    ("- They forward it to a group of 40\n- A site abroad has it by the evening\n", "", SPREAD, "has 2 to 5 rings; here are 1"),
    ("- They forward it", "- Is it sexting?\n- They forward it", 0, "the words 'sexting' are to be avoided"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_in_a_figure_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    root = copy_of_sample(tmp_path)
    spoil(root, PAGE, old, new)
    problems = validate_content(read_content(root))
    found = [problem for problem in problems if message in problem.message]
    assert found, problems
    assert {problem.file for problem in found} == {f"modules/{PAGE}"}
    assert not line or [problem.line for problem in found] == [line]


def copy_of_sample(tmp_path: Path) -> Path:
    root = tmp_path / "modules"
    for path in SAMPLE.rglob("*.*"):
        copy = root / path.relative_to(SAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return root


def test_a_chat_names_the_speaker_of_every_message_and_shows_the_name_where_the_speaker_changes() -> None:
    html = built(
        "chat",
        "- 7.02pm · left: hey",
        "- left: you there?",
        "- right: yes",
        "- 8pm · note: He **waits**.",
        "- right: x",
    )
    assert re.findall(r'<li class="([\w-]+)"', html) == ["left", "left", "right", "note-line", "right"]
    assert re.findall(r"<b>([^<]*)</b>", html) == ["“Ellie”", "Sam", "Sam"]
    assert html.count("“Ellie”") == 2
    assert '<span class="when">7.02pm</span>' in html
    assert tree(html).startswith("“Ellie”, 7.02pm: hey“Ellie”: you there?Sam: yes8pm He waits.")


def test_a_text_may_look_like_a_time_and_a_side() -> None:
    assert "7 · note: this" in tree(built("chat", "- left: 7 · note: this", "- note: Later."))


def test_the_steps_of_a_route_are_numbered_without_its_branches() -> None:
    html = built("route", "1. A child tells you.", "2. ? Danger now.", "3. The lead.", "4. ! Care.", "5. The police.")
    assert re.findall(r'aria-hidden="true">(.)<', html) == ["1", "?", "2", "!", "3"]


def test_a_route_says_its_branches_and_warnings_in_words() -> None:
    html = built(
        "route",
        "1. **A child tells** Listen.",
        "2. ? **Danger now** Ring.",
        "3. ! **Not** the site.",
        "4. ? Late: wait.",
    )
    assert re.findall(r"<li(?: class=\"(\w+)\")?>", html) == ["", "branch", "care", "branch"]
    assert re.findall(r'aria-hidden="true">(.)<', html) == ["1", "?", "!", "?"]
    assert '<strong class="lead">A child tells</strong> Listen.' in html
    assert '<strong class="lead">Danger now</strong> <span class="word">If so</span> Ring.' in html
    assert '<span class="word">Take care</span> <strong>Not</strong> the site.' in html
    assert '<span class="word">If so</span> Late: wait.' in html


def test_a_comparison_is_a_table_that_stays_one_where_it_is_laid_out_as_blocks() -> None:
    html = built("compare", "| a | b |", "| | c |", left="Ask", right="Do *not*")
    assert re.findall(r'<th scope="col" role="columnheader">(.*?)</th>', html) == ["Ask", "Do <em>not</em>"]
    assert re.findall(r'<td role="cell">(.*?)</td>', html) == ["a", "b", "", "c"]
    assert html.count('role="row"') == 3


def test_the_turn_of_an_evening_is_said_in_words() -> None:
    html = built("hours", "- 7pm · Hello.", "- 8pm · ! A picture.")
    assert tree(html) == "7pm Hello.8pm Here it turns A picture."
    assert html.count('class="turn"') == 1


def test_the_words_of_the_course_say_that_they_are_english_where_it_has_no_others() -> None:
    html = built("hours", "- 7f · Helo.", "- 8f · ! Llun.", language="ga")
    assert '<span class="word" lang="en">Here it turns</span>' in html


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_rings_are_drawn_for_a_phone_and_told_as_a_list(count: int) -> None:
    html = built("spread", *(f"- Ring {number}" for number in range(1, count + 1)))
    drawing, _, words = html.partition("</svg>")
    assert 'viewBox="0 0 320 320" aria-hidden="true"' in drawing
    assert re.findall(r">(\d)</text>", drawing) == [str(number) for number in range(1, count + 1)]
    assert drawing.count('class="ring"') == count
    coordinates = [int(value) for value in re.findall(r'c[xy]="(\d+)"', drawing)]
    assert min(coordinates) >= 15
    assert max(coordinates) <= 305
    assert tree(words) == "Jo sends it" + "".join(f"{number}Ring {number}" for number in range(1, count + 1))


EVIL = "<i>x</i> & `y` <script>"
EVIL_LINES = {
    "chat": f"- {EVIL} · left: {EVIL}\n- right: **m**",
    "route": f"1. **{EVIL}** {EVIL}\n2. ! **m**",
    "compare": f"| {EVIL} | **m** |",
    "hours": f"- {EVIL} · {EVIL}\n- 8 · **m**",
    "spread": f"- {EVIL}\n- **m**",
}


@pytest.mark.parametrize("kind", list(FIGURE_ATTRIBUTES))
def test_nothing_but_emphasis_is_markup_in_a_figure(kind: str) -> None:
    html = built(kind, EVIL_LINES[kind], **dict.fromkeys(FIGURE_ATTRIBUTES[kind], EVIL))
    tags = {element.tag for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter()}
    assert not {"i", "script", "img", "code", "a"} & tags
    assert EVIL in tree(html)
    assert ">m</strong>" in html


def test_the_words_of_figures_are_neither_minutes_nor_sentences() -> None:
    page = page_of(load_library(SAMPLE))
    assert {block.kind for block in page.blocks} == {"text", *FIGURE_ATTRIBUTES}
    assert page.words == 7
    assert page_reading_ease(page).words == 7


def test_the_report_counts_the_pages_with_a_figure() -> None:
    rows = quality_report(load_library(SAMPLE)).splitlines()
    place = rows.index("Pages with a figure: 2 of 3")
    assert rows[place + 1] == "  without: kites/for-leaders"


def test_a_figure_is_translated_with_the_words_of_the_course_in_it(modules: Path) -> None:
    library = load_library(modules)
    translated = figures(library.in_language("cy"))
    assert {text_language(block.html) for block in translated.values()} == {"cy"}
    assert translated["spread"].title == pseudo("How a picture travels")
    assert pseudo("Jo sends it to one person") in translated["spread"].html
    assert re.findall(r'<li class="([\w-]+)"', translated["chat"].html) == [
        "left",
        "right",
        "right",
        "note-line",
        "left",
    ]
    assert pseudo("Sam, 14") in translated["chat"].html
    assert f'<span class="word">{BEGIN}' in translated["hours"].html
    assert '<span class="word">Here it turns</span>' in figures(library)["hours"].html
    assert page_of(library.in_language("cy")).version == page_of(library).version


@pytest.mark.parametrize("begun", ['right=""', ""])
def test_a_figure_in_which_a_text_is_missing_is_shown_in_english_as_a_whole(modules: Path, begun: str) -> None:
    spoil(modules, WELSH, f'right="{pseudo("Sam, 14")}"', begun)
    assert validate_content(read_content(modules)) == []
    translated = figures(load_library(modules).in_language("cy"))
    assert text_language(translated["chat"].html) == "en"
    assert "Sam, 14" in translated["chat"].html
    assert text_language(translated["route"].html) == "cy"
    [status] = translation_statuses(read_content(modules).translations)
    assert status.per_cent < 100


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f"- right: {pseudo('yeah')}\n", "", "the figure has other lines than its original"),
        (f"- right: {pseudo('yeah')}", f"- left: {pseudo('yeah')}", "the figure has other lines than its original"),
        ("· ! ", "· ", "the figure has other lines than its original"),
        (f"- right: {pseudo('yeah')}", f"- up: {pseudo('yeah')}", "there is no side 'up'"),
    ],
)
def test_a_translated_figure_of_another_shape_is_a_mistake(modules: Path, old: str, new: str, message: str) -> None:
    spoil(modules, WELSH, old, new)
    [problem] = validate_content(read_content(modules))
    assert message in problem.message
    assert problem.file == f"modules/{WELSH}"


def test_a_new_translation_of_a_figure_has_places_for_its_texts(modules: Path) -> None:
    (modules / WELSH).unlink()
    text = skeleton(read_content(modules).translations, modules / PAGE)
    begun = '::: chat title="" left="" right=""\n<!-- title: One evening, 7pm to 9pm\nleft: “Ellie, 14”\nright: Sam, 14\n- 7.02pm'
    assert begun in text
    assert '::: spread title="" start=""\n<!-- title: How a picture travels\nstart: Jo sends it' in text
    # Filled in below the English comment, with another comment between two lines.
    filled = text.replace('title="" start=""', 'title="T" start="S"').replace(
        "by the evening -->", "by the evening -->\n- Un\n<!-- the second -->\n- Deux\n- Trois"
    )
    (modules / WELSH).write_text(filled, encoding="utf-8")
    assert validate_content(read_content(modules)) == []
    translated = figures(load_library(modules).in_language("cy"))
    assert "Deux" in translated["spread"].html
    assert text_language(translated["hours"].html) == "en"


WIDE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 90"><text x="1" y="9">A</text></svg>'
SMALL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 90" font-size="18"><g font-size="12"><text>A</text></g></svg>'
FIT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 90"><text font-size="15">A<tspan>B</tspan></text></svg>'


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (WIDE, "diagrams/kite.svg: the drawing is 640 wide; a phone shows at most 360"),
        (SMALL, "diagrams/kite.svg: a text is 12 high; on a phone it needs 15"),
        (FIT, None),
    ],
)
def test_a_drawing_that_a_phone_cannot_show_is_refused_where_the_course_wants_that(
    tmp_path: Path, drawing: str, message: str | None
) -> None:
    root = copy_of_sample(tmp_path)
    (root / "kites/diagrams/kite.svg").write_text(drawing, encoding="utf-8")
    assert validate_content(read_content(root)) == []
    spoil(root, "course.yaml", "notice:", "phone_drawings: true\nnotice:")
    problems = validate_content(read_content(root))
    assert [problem.message for problem in problems] == ([message] if message else [])
    assert all(problem.file.endswith("the-line.md") for problem in problems)


def shown(app: Flask, block: Block) -> str:
    show = app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    with app.test_request_context():
        return str(show(block, {}, None, None))


@pytest.mark.parametrize(
    ("days", "status", "summary"),
    [
        ([22], "confirmed", "1 source, checked 22 November 2026"),
        ([22, 22], "confirmed", "2 sources, checked 22 November 2026"),
        ([28, 22], "confirmed", "2 sources, checked 22 November 2026 or later"),
        ([28, 22], "known", "2 sources"),
        ([22], "known", "1 source"),
    ],
)
def test_sources_fold_away_behind_their_number_and_the_day_of_their_check(
    app: Flask, days: list[int], status: str, summary: str
) -> None:
    library = load_library(SAMPLE)
    source = library.sources["kite-society"]
    cited = tuple(source.model_copy(update={"checked": date(2026, 11, day), "status": status}) for day in days)
    since = next(b for b in library.modules["kites"].pages["the-line"].blocks if b.kind == "since")
    html = shown(app, since.model_copy(update={"cited": cited}))
    before, _, folded = html.partition("<details")
    assert "Lines are stronger." in before
    assert f"<summary>{summary}</summary>" in folded
    assert folded.count("<li>") == len(days)
    assert source.title in folded


def test_the_words_of_a_drawing_fold_away(app: Flask) -> None:
    page = load_library(SAMPLE).modules["kites"].pages["the-line"]
    html = shown(app, next(block for block in page.blocks if block.kind == "diagram"))
    assert re.search(r"</svg><details[^>]*><summary>The same in words</summary>.*A kite on a line\.", html)


def test_a_page_shows_the_title_of_a_figure_as_its_caption(app: Flask) -> None:
    html = shown(app, figures(load_library(SAMPLE))["hours"])
    assert html.strip().startswith('<figure class="fig fig-hours"><figcaption>An evening, hour by hour</figcaption><ol')
