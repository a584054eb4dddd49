"""A lesson page. Only the HTML of blocks that are the same for every reader of a version is kept in memory."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, render_template
from markupsafe import Markup

from course.content.schema import Block, Nation, Page, Setting
from course.learning.reader_course import reader_library
from course.learning.rules.progress import ModuleProgress, StepProgress
from course.organisation.request_organisation import current_organisation

# By the page's version, which is another one as soon as any of its words is, and by who reads it.
_fragment_cache: dict[tuple[str, Setting | None, Nation | None], tuple[Markup | Block, ...]] = {}
FRAGMENT_CACHE_SIZE = 2048


def render_lesson(
    page: Page, stand: ModuleProgress, back: str, following: StepProgress, notes: Mapping[str, str], kept: str
) -> str:
    """The HTML of a page."""
    parts, get = page_fragments(page), current_app.jinja_env.get_template
    return render_template(
        "learning/page.html",
        stand=stand,
        here=page.id,
        page=page,
        parts=parts,
        reflects=any(part.kind == "reflect" for part in parts if isinstance(part, Block)),
        # A template that imports a macro works out its own surroundings for each page.
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
    key = (page.version, reader_library().pathway, reader_library().nation)
    found = _fragment_cache.get(key)
    if found is None:
        if len(_fragment_cache) >= FRAGMENT_CACHE_SIZE:
            _fragment_cache.clear()
        found = _fragment_cache[key] = tuple(_render_fragments(page))
    return found


def _render_fragments(page: Page) -> list[Markup | Block]:
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    found: list[Markup | Block] = []
    for block in page.blocks:
        if block.kind == "reflect" or block.contacts:
            found.append(block)
            continue
        html = Markup(show(block, {}, None, None))  # noqa: S704 (a template made it)
        if found and isinstance(found[-1], Markup):
            found[-1] += html
        else:
            found.append(html)
    return found
