"""Checks of lesson pages as lessons: each opens with a judgement, asks one question about itself, is short, and ends with its
key. The questions of pages are held to the rules of the question bank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from course.content.quality import item_writing_flaw, strip_markup
from course.content.reading_context import ReadingContext
from course.content.schema import NATIONS, SETTINGS, Block, Module, Page
from course.content.variants import page_variant
from course.content.yaml_source import Problem, YamlLocation

_UNSEEN = re.compile(r'<span class="hidden">[^<]*</span>|<span class="mark" aria-hidden="true">[^<]*</span>')


def lesson_problems(reading: ReadingContext) -> Iterator[Problem]:
    """What is wrong with the questions of all pages; and with the form of pages, if the course asks for it (`lesson_pages`)."""
    taken = {question.id for module in reading.modules for question in module.questions}
    taken |= {timeline for module in reading.modules for timeline in module.timelines}
    for module in reading.modules:
        for page in module.pages.values():
            place = reading.place("page", module.id, page.id)
            yield from _question_problems(module, page, taken, place)
            if reading.course and reading.course.lesson_pages:
                yield from _form_problems(page, place)
                yield from _length_problems(page, reading.course.page_words, place)


def _question_problems(module: Module, page: Page, taken: set[str], place: YamlLocation) -> Iterator[Problem]:
    """Ids that are taken, points that the page does not teach, and flaws that give the answer away."""
    for question in page.questions:
        if question.id in taken:
            yield place.problem(f"the id '{question.id}' is taken already")
        taken.add(question.id)
        for point in question.points:
            if point not in page.teaches:
                yield place.problem(f"the page does not teach '{point}', which its question is about")
            elif point not in module.points:
                yield place.problem(f"the module does not cover '{point}', which the question of this page is about")
        flaw = item_writing_flaw(question)
        if flaw:
            yield place.problem(f"{flaw} ('{question.id}')")


def _form_problems(page: Page, place: YamlLocation) -> Iterator[Problem]:
    kinds = [block.kind for block in page.blocks]
    if kinds.count("judge") != 1 or kinds[0] != "judge":
        yield place.problem("a page opens with one judgement: its first block is 'judge', and there is no other")
    if kinds.count("question") != 1:
        yield place.problem(f"a page asks one question about itself; here are {kinds.count('question')}")
    on_the_road = [block.kind for block in page.blocks if not block.fold]
    if kinds.count("key") != 1 or on_the_road[-1] != "key":
        yield place.problem("a page ends with one block 'key': only what is folded may follow it")


def _length_problems(page: Page, limit: int, place: YamlLocation) -> Iterator[Problem]:
    words = page_words(page)
    if words > limit:
        yield place.problem(f"the page shows {words} words before anything is opened; course.yaml allows {limit}")


def page_words(page: Page) -> int:
    """How many words the page shows before anything is opened or answered, for the reader who sees most: with its title, its
    figures and what it asks; without folds, replies, reasons, contacts and navigation."""
    readers = [(pathway, nation) for pathway in page.pathways or SETTINGS for nation in NATIONS]
    return max(_variant_words(page_variant(page, pathway, nation)) for pathway, nation in readers)


def _variant_words(page: Page) -> int:
    shown = [page.title, *(part for block in page.blocks if not block.fold for part in _shown_parts(block))]
    return sum(map(_part_words, shown))


@lru_cache(maxsize=4096)  # most readers are shown the same parts
def _part_words(part: str) -> int:
    return sum(any(map(str.isalnum, word)) for word in strip_markup(part).split())


def _shown_parts(block: Block) -> Iterator[str]:
    """The texts of a block that are seen before anything is pressed. In a figure some words are for screen readers only. The
    words of a drawing are in the drawing, and its text below it opens when asked."""
    yield block.title or ""
    yield block.svg or _UNSEEN.sub("", block.html)
    if block.judge:
        yield from (block.judge.ask, *(answer.label for answer in block.judge.answers))
    if block.question:
        yield from (option.text for option in block.question.options)


def block_words(block: Block) -> str:
    """Every word of a block that an author wrote, without markup: what is asked and replied, too."""
    parts = [block.title or "", block.html]
    if block.judge:
        parts += [block.judge.ask, *(f"{answer.label} {answer.reply}" for answer in block.judge.answers)]
    if block.question:
        parts += [f"{option.text} {option.reason}" for option in block.question.options]
    return strip_markup(" ".join(parts))
