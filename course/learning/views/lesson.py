"""A lesson page. Only the HTML of blocks that are the same for every reader of a version is kept in memory."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, render_template
from markupsafe import Markup

from course.content.schema import Block, Nation, Page, Setting
from course.learning.reader_course import library
from course.learning.rules.progress import ModuleStand, StepStand
from course.organisation.request_organisation import here_organisation

# By the page's version, which is another one as soon as any of its words is, and by who reads it.
_fragments: dict[tuple[str, Setting | None, Nation | None], tuple[Markup | Block, ...]] = {}
KEPT_PAGES = 2048


def lesson_page(
    page: Page, stand: ModuleStand, back: str, following: StepStand, notes: Mapping[str, str], kept: str
) -> str:
    """The HTML of a page."""
    parts, get = fragments(page), current_app.jinja_env.get_template
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
        library=library(),
        organisation=here_organisation(),
        back=back,
        following=following,
    )


def fragments(page: Page) -> tuple[Markup | Block, ...]:
    """Finished HTML, and between it the blocks that differ by organisation (contacts) or person (reflect)."""
    key = (page.version, library().pathway, library().nation)
    found = _fragments.get(key)
    if found is None:
        if len(_fragments) >= KEPT_PAGES:
            _fragments.clear()
        found = _fragments[key] = tuple(_rendered(page))
    return found


def _rendered(page: Page) -> list[Markup | Block]:
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
