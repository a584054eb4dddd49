"""The parts of a lesson page: what is the same for everyone is rendered once and kept."""

from __future__ import annotations

from flask import current_app
from markupsafe import Markup

from course.content.shapes import Block, Page

_kept: dict[str, tuple[Markup | Block, ...]] = {}


def parts(page: Page) -> tuple[Markup | Block, ...]:
    """Finished HTML, and between it the blocks that differ: by organisation (practice) or person (reflect).

    Kept by the page's version, which stands for every word in it.
    """
    if page.version not in _kept:
        _kept[page.version] = tuple(_rendered(page))
    return _kept[page.version]


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
