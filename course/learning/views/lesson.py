"""Rendering a lesson page. Only fragments that are the same for every reader of a page version are cached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from flask import render_template
from markupsafe import Markup

from course.content.page_sources import PageSources, page_sources
from course.content.rendering import shown_languages
from course.content.schema import Block, ContactKind, Nation, Page, Setting
from course.learning.queries.module_facts import ChosenOption
from course.learning.reader_course import reader_library
from course.learning.rules.progress import ModuleProgress, StepProgress
from course.organisation.request_organisation import reader_organisation
from course.translation import current_language
from course.web.current import this_app


@dataclass(frozen=True)
class LessonFragments:
    """A lesson page as far as it is the same for all its readers: the judgement that opens it (None: it has none), finished
    HTML and between it the blocks that differ by organisation (contacts) or person, the list of sources, and who to tell."""

    judge: Markup | None
    parts: tuple[Markup | Block, ...]
    sources: PageSources
    sources_list: Markup
    contacts: tuple[ContactKind, ...]


# By page version, pathway, nation and language of the frame. The version is a hash of every word that is shown of the page,
# and the fragments hold nothing else, so that an entry is right for ever and in every process.
_fragment_cache: dict[tuple[str, Setting | None, Nation | None, str], LessonFragments] = {}
FRAGMENT_CACHE_SIZE = 2048
# The parts that are the same for many of its readers, by everything in them: the question of a page for all who have given the
# same answer, or none; and whom to tell for all in one organisation.
_part_cache: dict[tuple[object, ...], Markup] = {}


@dataclass(frozen=True)
class ReaderState:
    """What one reader has done on a page: their notes, the id of the block whose note was just saved, or empty, their answers
    by the version of the question, and the version that was just answered, or empty."""

    notes: Mapping[str, str]
    kept: str
    answers: Mapping[str, ChosenOption]
    answered: str


def render_lesson(page: Page, progress: ModuleProgress, back: str, following: StepProgress, reader: ReaderState) -> str:
    """Render a lesson page as HTML."""
    fragments, blocks = page_fragments(page), _macros("components/blocks.html")
    return render_template(
        "learning/page.html",
        progress=progress,
        here=page.id,
        page=page,
        judge=fragments.judge,
        parts=_with_shared_parts(page, fragments.parts, reader.answers),
        sources=fragments.sources,
        sources_list=fragments.sources_list,
        told=_told(fragments.contacts),
        reflects=any(part.kind == "reflect" for part in fragments.parts if isinstance(part, Block)),
        # Passed in, because a template that imports a macro builds its own context for each page.
        show=blocks.show,
        token=_macros("components/ui.html").token,
        notes=reader.notes,
        kept=reader.kept,
        just_answered=reader.answers.get(reader.answered),
        library=reader_library(),
        organisation=reader_organisation(),
        back=back,
        following=following,
    )


def page_fragments(page: Page) -> LessonFragments:
    """The fragments of a page, from the cache if they were made before."""
    key = _fragment_key(page)
    fragments = _fragment_cache.get(key)
    if fragments is None:
        if len(_fragment_cache) >= FRAGMENT_CACHE_SIZE:
            _fragment_cache.clear()
        fragments = _fragment_cache[key] = lesson_fragments(page)
    return fragments


def _fragment_key(page: Page) -> tuple[str, Setting | None, Nation | None, str]:
    # The fragments say which texts are not in the language of the page, so it is the page's language that counts.
    return page.shown_version, reader_library().pathway, reader_library().nation, current_language()


def _with_shared_parts(
    page: Page, parts: tuple[Markup | Block, ...], answers: Mapping[str, ChosenOption]
) -> list[Markup | Block]:
    """The parts, and of those that are the same for many readers the HTML."""
    shown: list[Markup | Block] = []
    for number, part in enumerate(parts):
        if isinstance(part, Markup) or part.kind == "reflect":
            shown.append(part)
            continue
        show = partial(_macros("components/blocks.html").show, part, {})
        if part.question is not None:
            given = answers.get(part.question.version)
            key = (*_fragment_key(page), part.question.version, given and (given.chosen, given.correct))
            shown.append(_remembered(key, partial(show, None, None, given=given)))
        else:
            organisation = reader_organisation()
            made = partial(show, reader_library(), organisation, sources=page_fragments(page).sources)
            shown.append(_remembered((*_fragment_key(page), number, organisation, shown_languages()), made))
    return shown


def _told(kinds: tuple[ContactKind, ...]) -> Markup:
    """Whom to tell, as HTML; empty for a page that does not say it."""
    if not kinds:
        return Markup("")
    organisation = reader_organisation()
    made = partial(_macros("components/blocks.html").tell, kinds, reader_library(), organisation)
    return _remembered((kinds, organisation, shown_languages()), made)


def _remembered(key: tuple[object, ...], make: Callable[[], str]) -> Markup:
    html = _part_cache.get(key)
    if html is None:
        if len(_part_cache) >= FRAGMENT_CACHE_SIZE:
            _part_cache.clear()
        html = _part_cache[key] = Markup(make())  # noqa: S704 (a template made it)
    return html


def _macros(template: str) -> Any:
    return this_app().jinja_env.get_template(template).module


def lesson_fragments(page: Page) -> LessonFragments:
    """The fragments of a page, made anew. They depend on the page and the language of the frame alone."""
    blocks, sources = _macros("components/blocks.html"), page_sources(page)
    parts: list[Markup | Block] = []
    judge = None
    for _key, group in groupby(page.blocks, key=_fold_heading):
        together = list(group)
        block = together[0]
        if block.kind == "judge" and judge is None:
            judge = Markup(blocks.judgement(block))  # noqa: S704 (a template made it)
            continue
        if block.kind in ("reflect", "question") or block.contacts:
            parts.append(block)
            continue
        made = (
            blocks.folded(together, block.kind, sources)
            if block.fold
            else blocks.show(block, {}, None, None, sources=sources)
        )
        html = Markup(made)  # noqa: S704 (a template made it)
        if parts and isinstance(parts[-1], Markup):
            parts[-1] += html
        else:
            parts.append(html)
    contacts = tuple(dict.fromkeys(kind for block in page.blocks for kind in block.contacts))
    listed = Markup(blocks.sources_fold(sources))  # noqa: S704 (a template made it)
    return LessonFragments(judge, tuple(parts), sources, listed, contacts)


def _fold_heading(block: Block) -> object:
    """Equal for folded parts of one heading, which are shown as one where they follow each other; different for all others."""
    return (block.kind, block.title, block.audience) if block.fold else id(block)
