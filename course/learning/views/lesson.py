"""A lesson page: what is the same for everyone who stands at this place is rendered once and kept."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache

from flask import current_app, render_template, session
from markupsafe import Markup

from course.content.shapes import Block, ContactKind, Page
from course.learning.current import library
from course.learning.rules.progress import ModuleStand, StepStand
from course.organisation.current import here_organisation
from course.organisation.frame import site
from course.organisation.queries import OrganisationView
from course.web.csrf import csrf_token

KEPT_PAGES = 2048


_pages: dict[Hashable, tuple[str, ...]] = {}


def lesson_page(
    page: Page, stand: ModuleStand, back: str, following: StepStand, notes: Mapping[str, str], kept: str
) -> str:
    """The HTML of a page. One with the reader's own notes, or with a message to them, is never kept."""
    organisation = here_organisation()
    # All that a page without notes depends on, but for its reader's name and token.
    states = "".join(step.state[0] for step in stand.steps)
    place = (library().version, stand.module.id, page.id, page.version, states, organisation)
    own = bool(notes or kept or "_flashes" in session)
    # Between the parts that are kept stand, in turn, the top of the page (it names the reader) and the token.
    holes = (str(site().header), csrf_token())
    if not own and (found := _pages.get(place)):
        before, between, after = found
        return f"{before}{holes[0]}{between}{holes[1]}{after}"
    html = render_template(
        "learning/page.html",
        stand=stand,
        here=page.id,
        page=page,
        parts=[
            practice(part, organisation) if isinstance(part, Block) and part.kind == "practice" else part
            for part in parts(page)
        ],
        notes=notes,
        kept=kept,
        library=library(),
        organisation=organisation,
        back=back,
        following=following,
    )
    if not own:
        _keep(place, html, holes)
    return html


def _keep(place: Hashable, html: str, holes: tuple[str, str]) -> None:
    """Cut the reader's name and token out of the page, and keep the rest. A page with anything else of
    theirs in it does not fall into these three parts, and is not kept."""
    before, header, rest = html.partition(holes[0])
    between, token, after = rest.partition(holes[1])
    if header and token and holes[1] not in after:
        if len(_pages) >= KEPT_PAGES:
            _pages.clear()
        _pages[place] = (before, between, after)


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
