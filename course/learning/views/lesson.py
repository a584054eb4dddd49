"""Rendering a lesson page. Only fragments that are the same for every reader of a page version are cached."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, render_template
from markupsafe import Markup

from course.content.schema import Block, Nation, Page, Setting
from course.learning.reader_course import reader_library
from course.learning.rules.progress import ModuleProgress, StepProgress
from course.organisation.request_organisation import current_organisation
from course.translation import current_language

# By page version, pathway, nation and language of the frame. The version is a hash of every word that is shown of the page,
# and the fragments hold nothing else, so that an entry is right for ever and in every process.
_fragment_cache: dict[tuple[str, Setting | None, Nation | None, str], tuple[Markup | Block, ...]] = {}
FRAGMENT_CACHE_SIZE = 2048


def render_lesson(
    page: Page, progress: ModuleProgress, back: str, following: StepProgress, notes: Mapping[str, str], kept: str
) -> str:
    """Render a lesson page as HTML. `kept` is the id of the block whose note was just saved, or empty."""
    parts, get = page_fragments(page), current_app.jinja_env.get_template
    return render_template(
        "learning/page.html",
        progress=progress,
        here=page.id,
        page=page,
        parts=parts,
        reflects=any(part.kind == "reflect" for part in parts if isinstance(part, Block)),
        # Passed in, because a template that imports a macro builds its own context for each page.
        show=get("components/blocks.html").module.show,  # type: ignore[attr-defined]
        token=get("components/ui.html").module.token,  # type: ignore[attr-defined]
        notes=notes,
        kept=kept,
        library=reader_library(),
        organisation=current_organisation(),
        back=back,
        following=following,
    )


def page_fragments(page: Page) -> tuple[Markup | Block, ...]:
    """Finished HTML, and between it the blocks that differ by organisation (contacts) or person (reflect)."""
    # The fragments say which texts are not in the language of the page, so it is the page's language that counts.
    key = (page.shown_version, reader_library().pathway, reader_library().nation, current_language())
    fragments = _fragment_cache.get(key)
    if fragments is None:
        if len(_fragment_cache) >= FRAGMENT_CACHE_SIZE:
            _fragment_cache.clear()
        fragments = _fragment_cache[key] = tuple(_render_fragments(page))
    return fragments


def _render_fragments(page: Page) -> list[Markup | Block]:
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    fragments: list[Markup | Block] = []
    for block in page.blocks:
        if block.kind == "reflect" or block.contacts:
            fragments.append(block)
            continue
        html = Markup(show(block, {}, None, None))  # noqa: S704 (a template made it)
        if fragments and isinstance(fragments[-1], Markup):
            fragments[-1] += html
        else:
            fragments.append(html)
    return fragments
