"""The parts of a lesson page: what is the same for everyone is rendered once and kept."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app
from markupsafe import Markup

from course.content.current import library
from course.content.shapes import Block, ContactKind, Page
from course.organisation.queries import OrganisationView


def practice(block: Block, organisation: OrganisationView | None) -> Markup:
    """A block with the organisation's own names and numbers, kept until one of them changes."""
    return _practice(block.html, block.contacts, organisation)


@lru_cache(maxsize=512)
def _practice(html: str, contacts: tuple[ContactKind, ...], organisation: OrganisationView | None) -> Markup:
    show = current_app.jinja_env.get_template("components/blocks.html").module.show  # type: ignore[attr-defined]
    block = Block(kind="practice", html=html, contacts=contacts)
    return Markup(show(block, {}, library(), organisation))  # noqa: S704 (a template made it)


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
