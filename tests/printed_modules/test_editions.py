"""The printed edition of every module on every pathway: all that the pages say is in it, and no answer comes before its time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from io import BytesIO
from itertools import cycle
from typing import Any

import pytest
from pypdf import PdfReader

from course.content.library import Library
from course.content.rendering import BlockHtml
from course.content.schema import NATIONS, SETTINGS, Module, Nation, Setting
from course.content.schema import Block as ContentBlock
from course.printed_modules.pdf import PrintedModule, document_facts, typeset_facts
from course.printed_modules.rules.edition import (
    ANSWERS_KEY,
    AttendanceSheet,
    EditionOptions,
    PrintedContact,
    PrintedPlace,
    edition_blocks,
    numbered_questions,
)
from course.printed_modules.rules.figure_part import figure_blocks
from course.printed_modules.rules.nodes import Block, Blocks, html_blocks, inline, plain_text
from course.printed_modules.rules.page_part import FIGURES, HELP_KEY
from tests.certificates.sheets import pdf_text
from tests.printed_modules.paper_reader import links
from tests.support.courses import real_course

SHEET = AttendanceSheet(7, date(2026, 12, 1), "Dining hall", ("Sam Okafor", "Kim Else"))
PLACES = (
    PrintedPlace("", (PrintedContact("Safeguarding lead", "Ann Lee", "020 7946 0000"), PrintedContact("Deputy"))),
)
# Each module on each pathway; the nations take turns, so that each nation meets each pathway and each module.
NATION = cycle(NATIONS)
VARIANTS: list[tuple[str, Setting, Nation]] = [
    (module, pathway, next(NATION)) for pathway in SETTINGS for module in [*real_course().modules, None] if module
]
_WORD = re.compile(r"\w+(?:[’']\w+)*")


def edition(course: Library, module: Module, *, with_bank: bool = True) -> Blocks:
    options = EditionOptions("Elm House", date(2026, 11, 29), PLACES, SHEET, with_bank=with_bank)
    return edition_blocks(course, module, options)


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def stripped(html: str) -> str:
    """The words of HTML without its tags. The marks of figures are left out, as on paper: they are hidden on the screen, too."""
    without = re.sub(r'<span class="mark"[^>]*>[^<]*</span>|<svg.*?</svg>', " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", without))


def keys(blocks: Blocks) -> Iterator[str]:
    for block in blocks:
        if block.get("id"):
            yield block["id"]


@pytest.mark.parametrize(("module_id", "pathway", "nation"), VARIANTS)
def test_an_edition_has_all_that_its_pages_say_and_tells_no_answer_before_the_answers(
    module_id: str, pathway: Setting, nation: Nation
) -> None:
    course = real_course().for_(pathway, nation)
    module = course.modules[module_id]
    blocks = edition(course, module)
    known = list(keys(blocks))
    assert len(known) == len(set(known))
    assert set(links(blocks)) <= set(known)
    first = next(place for place, block in enumerate(blocks) if block.get("id") == ANSWERS_KEY)
    before, after = blocks[:first], blocks[first:]
    assert blocks[first - 1]["t"] == "break"
    read, told = plain_text(before), plain_text(after)
    printed = set(words(read))
    for page in module.pages.values():
        for block in page.blocks:
            assert set(words(stripped(block.html.html))) <= printed, (page.id, block.kind)
            for answer in block.judge.answers if block.judge else ():
                assert answer.label in read
                assert _plain(answer.reply.html) not in read
                assert _plain(answer.reply.html) in told
    for one in numbered_questions(module, with_bank=True):
        for option in one.question.options:
            assert _plain(option.text.html) in read
            assert _plain(option.reason.html) not in read, one.question.id
            assert _plain(option.reason.html) in told, one.question.id
    assert [block["id"] for block in after if block["t"] == "h" and block["level"] == 2] == [
        ANSWERS_KEY,
        HELP_KEY,
        "attendance",
    ]


def _plain(html: str) -> str:
    return plain_text(list(html_blocks(html))).strip()


def test_the_right_answer_is_not_always_in_the_same_place() -> None:
    places = set()
    for module in real_course().modules.values():
        for one in numbered_questions(module, with_bank=False):
            if one.question.form == "one":
                shown = next(_ticked(edition(real_course(), module), one.key))
                right = next(_plain(option.text.html) for option in one.question.options if option.correct)
                places.add(shown.index(right))
        if len(places) > 1:
            break
    assert len(places) > 1


def _ticked(blocks: Blocks, key: str) -> Iterator[list[str]]:
    at = next(place for place, block in enumerate(blocks) if block.get("id") == key)
    for block in blocks[at:]:
        if block["t"] == "ticks":
            yield [plain_text(item).strip() for item in block["items"]]


def test_without_the_bank_no_question_of_a_check_is_printed() -> None:
    for module in real_course().for_("school", "england").modules.values():
        printed = {one.question.id for one in numbered_questions(module, with_bank=False)}
        assert printed
        assert printed.isdisjoint(question.id for question in module.questions)


HTML: list[tuple[str, Blocks]] = [
    ("<p>One <strong>two</strong>  three.</p>", [{"t": "p", "kind": "", "c": ["One ", {"b": True, "c": ["two"]}, " three."]}]),
    ("Just text &amp; more", [{"t": "p", "kind": "", "c": ["Just text & more"]}]),
    ('<p><a href="/module/a/b">A page</a></p>', [{"t": "p", "kind": "", "c": ["A page"]}]),
    ('<p><a href="https://example.org">x</a></p>', [{"t": "p", "kind": "", "c": [{"href": "https://example.org", "c": ["x"]}]}]),
    ('<p><a href="javascript:alert(1)">x</a></p>', [{"t": "p", "kind": "", "c": ["x"]}]),
    ("<ul><li>a</li><li><p>b</p></li></ul>",
     [{"t": "list", "kind": "", "items": [[{"t": "p", "kind": "", "c": ["a"]}], [{"t": "p", "kind": "", "c": ["b"]}]]}]),
    ('<ol role="list"><li><span class="mark">2</span><div class="said">b</div></li></ol>',
     [{"t": "list", "kind": "plain", "items": [[{"t": "p", "kind": "", "c": [{"b": True, "c": ["2 "]}, "b"]}]]}]),
    ("<table><tr><th>A</th></tr><tr><td>1 <b>x</b></td></tr></table>",
     [{"t": "table", "kind": "", "widths": [], "head": [["A"]], "rows": [[["1 ", {"b": True, "c": ["x"]}]]]}]),
    ('<svg><text>3</text></svg><p>y</p>', [{"t": "p", "kind": "", "c": ["y"]}]),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("html", "blocks"), HTML)
def test_html_of_the_content_becomes_blocks(html: str, blocks: Blocks) -> None:
    assert html_blocks(html) == blocks


def typeset(course: Library, module: Module, blocks: Blocks, size: int = 11, organisation: str = "Elm House") -> bytes:
    at = datetime(2026, 11, 29, tzinfo=UTC)
    printed = PrintedModule(str(module.title), organisation, course.version, module.motif, blocks, at, size)
    return typeset_facts(json.dumps(document_facts(printed)).encode())


def all_blocks(module_id: str, pathway: Setting, nation: Nation) -> Blocks:
    """The edition of a module, and behind it what only other pathways have, each in a nation: so one document has each page,
    story, figure and question of all of them. To typeset each of these documents would take half a minute."""
    first = real_course().for_(pathway, nation)
    blocks = edition(first, first.modules[module_id], with_bank=False)
    seen = {json.dumps(block) for block in blocks}
    for other in (real_course().for_(one, where) for one, where in zip(SETTINGS, cycle(NATIONS), strict=False)):
        for block in edition(other, other.modules[module_id], with_bank=False):
            if (said := json.dumps(block)) not in seen:
                seen.add(said)
                blocks.append(block)
    return blocks


@pytest.mark.parametrize(
    ("module_id", "pathway", "nation"),
    [(m, p, n) for m, p, n in zip(real_course().modules, cycle(SETTINGS), cycle(NATIONS), strict=False)],
)
def test_every_page_story_figure_and_question_of_a_module_is_typeset_and_is_in_the_pdf(
    module_id: str, pathway: Setting, nation: Nation
) -> None:
    course = real_course().for_(pathway, nation)
    module = course.modules[module_id]
    blocks = all_blocks(module_id, pathway, nation)
    read = plain_text(blocks)
    told = {plain_text(block["c"]).strip() for block in blocks if block["t"] == "h"}
    for variant in (real_course().for_(one, "england").modules[module_id] for one in SETTINGS):
        titles = [str(page.title) for page in variant.pages.values()]
        titles += [
            str(block.title) for page in variant.pages.values() for block in page.blocks if block.kind in FIGURES
        ]
        assert [title for title in titles if title not in told] == []
        stems = {plain_text(inline(one.question.stem)).strip() for one in numbered_questions(variant, with_bank=False)}
        assert {stem for stem in stems if stem not in read} == set()
        stories = [variant.scenarios[step.id] for step in variant.steps if step.kind == "scenario"]
        assert [story.id for story in stories if f"Story: {story.title}" not in told] == []
    text = pdf_text(typeset(course, module, blocks))
    headings = [plain_text(block["c"]).strip() for block in blocks if block["t"] == "h"]
    assert [heading for heading in headings if heading not in text] == []
    # At the end of a line an address is broken, and a hyphen is left out.
    said = re.sub(r"(https?://|www\.)\S+", " ", plain_text(blocks))
    assert set(words(said.replace("-", ""))) - set(words(text.replace("-", ""))) == set()
    for fact in (str(SETTINGS[pathway]), str(NATIONS[nation]), "29 November 2026", course.version[:12], "Elm House", "Ann Lee",
                 "Kim Else", "Dining hall"):  # fmt: skip
        assert fact in text


def test_a_name_that_is_in_no_font_is_printed_with_boxes_and_large_print_has_more_pages() -> None:
    course = real_course().for_("clubs", "wales")
    module = course.modules["new-partners"]
    sheet: Block = {"t": "p", "kind": "", "c": ["\U00013080 Okafor, 李小龍"]}
    small, large = (typeset(course, module, [sheet], size, "𓂀 Trust") for size in (11, 18))
    assert "□ Okafor, 李小龍" in pdf_text(small)
    assert pdf_text(large)
    assert large != small


def elements(node: Any) -> Iterator[Any]:
    """The elements of a PDF's structure below a node."""
    below = node.get("/K", [])
    for child in below if isinstance(below, list) else [below]:
        found = child.get_object()
        if isinstance(found, dict):
            yield found
            yield from elements(found)


def figure(kind: Any, html: str, svg: str | None = None) -> ContentBlock:
    return ContentBlock.model_construct(
        kind=kind, html=BlockHtml(html), title="A figure", svg=BlockHtml(svg) if svg else None
    )


def test_figures_are_drawn_with_their_words_in_order_and_a_diagram_has_them_as_its_text() -> None:
    route = '<ol role="list"><li><span class="mark" aria-hidden="true">1</span><div class="said">Ring</div></li>' \
        '<li class="care"><span class="mark" aria-hidden="true">!</span><div class="said">Wait</div></li></ol>'  # fmt: skip
    rings = f'<svg viewBox="0 0 320 320" aria-hidden="true"><circle class="ring" cx="1" cy="1" r="9"/></svg>{route}'
    (drawn,) = figure_blocks(figure("route", route))
    assert [(one["look"], one["mark"], plain_text(one["c"]).strip()) for one in drawn["items"]] == [
        ("", "1", "Ring"),
        ("care", "!", "Wait"),
    ]
    assert drawn["svg"] == ""
    (spread,) = figure_blocks(figure("spread", rings))
    assert spread["svg"].startswith('<svg viewBox="0 0 320 320" aria-hidden="true" xmlns=')
    compared = figure("compare", "<table><tr><th>A</th></tr><tr><td>1</td></tr></table>")
    (laid_out,) = figure_blocks(compared)
    assert (laid_out["t"], laid_out["kind"]) == ("table", "compare")
    line = '<svg viewBox="0 0 10 10" role="img"><path class="d-line" d="M0 0L10 10"/></svg>'
    diagram = figure("diagram", "<p>A line falls.</p>", line)
    drawing, said = figure_blocks(diagram)
    assert (drawing["alt"], plain_text(said).strip()) == ("A line falls.", "A line falls.")
    course = real_course().for_("clubs", "wales")
    made = typeset(course, course.modules["responding"], [drawn, spread, laid_out, drawing, said])
    catalogue: Any = PdfReader(BytesIO(made)).root_object
    alternatives = [str(one["/Alt"]) for one in elements(catalogue["/StructTreeRoot"]) if "/Alt" in one]
    assert alternatives == ["A line falls."]
    text = pdf_text(made)
    assert text.index("Ring") < text.index("Wait") < text.index("A line falls.")
