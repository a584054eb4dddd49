"""The frame of every page: made once for each person and place in the course, not at each request."""

from __future__ import annotations

from functools import lru_cache

from flask import current_app, g
from flask_login import current_user
from markupsafe import Markup

from course.content.current import library
from course.organisation.current import here_organisation
from course.organisation.rules.colours import sheet_name
from course.people.rules import Viewer
from course.web.site import Site


def site() -> Site:
    """What the frame of this request's page shows."""
    found: Site | None = g.get("site")
    if found is None:
        # The person first: with them comes the mark that tells whether the organisation is still the same.
        person: Viewer | None = current_user.person
        ours, course = here_organisation(), library().course
        name = ours.name if ours else course.title
        here = g.get("here", "")
        logo, sheet = (ours.logo, ours.colour and sheet_name(ours.colour)) if ours else (None, None)
        header = _header(
            name, logo, person.name if person else None, person.permissions if person else frozenset(), here
        )
        g.site = found = Site(name, person, course.title, header, _footer(library().version), ours is not None, sheet)
    return found


@lru_cache(maxsize=2048)
def _header(name: str, logo: str | None, person: str | None, permissions: frozenset[str], here: str) -> Markup:
    template = current_app.jinja_env.get_template("frame/header.html")
    return Markup(template.render(name=name, logo=logo, person=person, permissions=permissions, here=here))  # noqa: S704


@lru_cache(maxsize=8)
def _footer(_version: str) -> Markup:
    template = current_app.jinja_env.get_template("frame/footer.html")
    return Markup(template.render(course=library().course, support=library().help.support))  # noqa: S704
