"""A lesson page on paper: its parts in their order, the numbers of their sources, and the sources at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course.content.page_sources import PageSources, page_sources
from course.content.schema import NATIONS, Block, Page, Source
from course.dates import format_date
from course.printed_modules.rules import nodes
from course.printed_modules.rules.ending_words import listed
from course.printed_modules.rules.figure_part import figure_blocks
from course.printed_modules.rules.nodes import (
    Blocks,
    Run,
    Runs,
    bold,
    box,
    bullets,
    heading,
    inline,
    label_run,
    paragraph,
    prose,
    reference,
    ticks,
)
from course.printed_modules.rules.question_part import NumberedQuestion, question_blocks
from course.translation import gettext as _
from course.translation import ngettext

HELP_KEY = "worried"  # the key of the page with the contacts
WRITING_LINES = 3
FIGURES = frozenset({"chat", "route", "compare", "hours", "spread", "diagram"})


def page_blocks(page: Page, numbered: Mapping[str, NumberedQuestion]) -> Iterator[nodes.Block]:
    """A page with its question. `numbered` are the questions of the document by id."""
    sources = page_sources(page)
    yield heading(2, label_run(page.title), key=f"page-{page.id}", listed=True)
    if page.content_note:
        yield paragraph(*inline(page.content_note), kind="note")
    for block in page.blocks:
        yield from _part(block, sources, numbered, page)
    yield from _source_list(sources)


def judgement_key(page: Page) -> str:
    """The key of what there is to say to the judgement that opens a page."""
    return f"judge-{page.id}"


def _part(
    block: Block, sources: PageSources, numbered: Mapping[str, NumberedQuestion], page: Page
) -> Iterator[nodes.Block]:
    said = _with_marks(prose(block.html), sources.numbers(block))
    if block.kind == "text":
        yield from said
    elif block.judge is not None:
        yield from said
        yield paragraph(bold(label_run(block.judge.ask)), kind="lead")
        yield ticks([label_run(answer.label)] for answer in block.judge.answers)
        yield paragraph(reference(judgement_key(page), _("What there is to say to each is at the back.")), kind="small")
    elif block.question is not None:
        yield from question_blocks(numbered[block.question.id], level=3)
    elif block.kind in FIGURES:
        yield heading(3, *_part_heading(block))
        yield from _with_marks(list(figure_blocks(block)), sources.numbers(block))
    elif block.kind == "key":
        yield {"t": "panel", "c": [heading(3, *_part_heading(block)), *said]}
    else:
        yield heading(3, *_part_heading(block))
        yield from said
        if block.kind == "history":
            yield paragraph(_("History, not an instruction."), kind="small")
        if block.kind == "reflect":
            yield {"t": "lines", "count": WRITING_LINES}
        if block.contacts:
            yield paragraph(reference(HELP_KEY, _("Who to tell here is on the page “Worried about a child?”.")))


def _part_heading(block: Block) -> Runs:
    words = {
        "reviews": _("What the reviews show"),
        "since": _("Since 2014"),
        "history": _("What the 2014 briefing said"),
        "practice": _("In your organisation"),
        "setting": _("In your work"),
        "key": _("Take this with you"),
        "reflect": _("Pause and reflect"),
    }
    if block.kind == "nation":
        names = [str(name) for nation, name in NATIONS.items() if nation in block.audience]
        return [_("In %(nations)s", nations=listed(names))]
    return [words[block.kind]] if block.kind in words else [label_run(block.title or "")]


def _with_marks(blocks: Blocks, numbers: tuple[int, ...]) -> Blocks:
    """The blocks with the numbers of their sources at the end of the last paragraph or item, or after them."""
    if not numbers:
        return blocks
    if blocks and blocks[-1]["t"] == "list" and blocks[-1]["items"]:
        *items, last = blocks[-1]["items"]
        return [*blocks[:-1], blocks[-1] | {"items": [*items, _with_marks(last, numbers)]}]
    if blocks and blocks[-1]["t"] == "lang":
        return [*blocks[:-1], blocks[-1] | {"c": _with_marks(blocks[-1]["c"], numbers)}]
    mark: Run = {"sup": True, "c": [", ".join(map(str, numbers))]}
    if blocks and blocks[-1]["t"] == "p":
        return [*blocks[:-1], blocks[-1] | {"c": [*blocks[-1]["c"], mark]}]
    return [*blocks, paragraph(mark)]


def judgement_blocks(page: Page) -> Iterator[nodes.Block]:
    """What there is to say to each answer to the judgement that opens a page."""
    for block in page.blocks:
        if block.judge is not None:
            yield heading(3, label_run(block.judge.ask), key=judgement_key(page))
            yield bullets(
                [paragraph(bold(label_run(answer.label), ":"), " ", *inline(answer.reply))]
                for answer in block.judge.answers
            )


def _source_list(sources: PageSources) -> Iterator[nodes.Block]:
    if sources.entries:
        items = []
        for entry in sources.entries:
            runs = source_runs(entry.source) if entry.source else [_briefing(entry.lines or "")]
            items.append([paragraph(*runs, kind="small")])
        yield box(_("Sources of this page"), [bullets(items, kind="numbered")], "sources")


def _briefing(lines: str) -> str:
    shown = lines.replace(",", ", ")
    count = 2 if "-" in lines or "," in lines else 1
    return ngettext("Case-review briefing, March 2014, line %(lines)s", "Case-review briefing, March 2014, lines %(lines)s",
                    count, lines=shown)  # fmt: skip


def source_runs(source: Source) -> Runs:
    """A newer source: title, publisher, date and address, and the day on which it was last seen."""
    date = "" if source.date == "undated" else f", {source.date}"
    seen = _("not yet checked") if source.status == "known" else _("checked %(day)s", day=format_date(source.checked))
    named: Run = {"lang": "en", "c": [f"{source.title}, {source.publisher}{date}"]}
    address: Runs = [". ", {"href": source.address, "c": [source.address]}] if source.address else []
    return [named, f" ({seen})", *address]
