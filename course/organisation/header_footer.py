"""The frame of every page. Its foot and its head are kept in memory by all that they depend on."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from flask import current_app, g
from flask_login import current_user
from markupsafe import Markup

from course.content.loaded_course import library
from course.content.supplements import SupportService
from course.organisation.queries import OrganisationView
from course.organisation.request_organisation import current_organisation
from course.organisation.rules.colours import style_sheet_name
from course.people.rules import Viewer
from course.web.app_state import PageFrame


def page_frame() -> PageFrame:
    """What the frame of this request's page shows."""
    found: PageFrame | None = g.get("site")
    if found is None:
        # The person first: with them comes the mark that tells whether the organisation is still the same.
        person: Viewer | None = current_user.person
        g.site = found = build_page_frame(person, current_organisation())
    return found


def build_page_frame(person: Viewer | None, ours: OrganisationView | None) -> PageFrame:
    """The frame of a page for this reader in this organisation."""
    course, here = library().course, g.get("here", "")
    name = ours.name if ours else course.title
    logo, sheet = (ours.logo, ours.colour and style_sheet_name(ours.colour)) if ours else (None, None)
    footer = _render_footer(course.title, course.edition, course.reviewed, library().help.support)
    return PageFrame(name, person, course.title, _header_for(name, logo, person, here), footer, ours is not None, sheet)


def _header_for(name: str, logo: str | None, person: Viewer | None, here: str) -> Markup:
    reader = person.name if person else None
    permissions = person.permissions if person else frozenset()
    return _render_header(name, logo, reader, permissions, here)


# By all that stands in it: the organisation's name and logo, the reader's name, what their role shows, and the page.
@lru_cache(maxsize=2048)
def _render_header(name: str, logo: str | None, reader: str | None, permissions: frozenset[str], here: str) -> Markup:
    template = current_app.jinja_env.get_template("frame/header.html")
    return Markup(template.render(name=name, logo=logo, person=reader, permissions=permissions, here=here))  # noqa: S704


@lru_cache(maxsize=8)
def _render_footer(title: str, edition: str, reviewed: date, support: tuple[SupportService, ...]) -> Markup:
    template = current_app.jinja_env.get_template("frame/footer.html")
    return Markup(template.render(title=title, edition=edition, reviewed=reviewed, support=support))  # noqa: S704
